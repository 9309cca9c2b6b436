#pragma once

#include <string_view>

namespace slipway::base {

/// How deep the arrays and objects of a JSON text are nested. protobuf's parser takes time with the
/// square of the depth or worse: what comes from outside is looked at before. Strings as that
/// parser knows them: in quotation marks or in apostrophes. Text that is no JSON has some depth,
/// too.
int JsonDepth(std::string_view json);

}  // namespace slipway::base
