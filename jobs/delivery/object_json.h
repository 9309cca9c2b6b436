#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/struct.pb.h"

namespace slipway::jobs {

/// `object` as JSON, compact, members by name, numbers in the shortest form that reads back the
/// same (they are doubles). `members`, names and JSON texts, come last, instead of members of
/// `object` with these names. Everything in `object` must be finite.
std::string ObjectJson(const google::protobuf::Struct& object,
                       const std::vector<std::pair<std::string_view, std::string>>& members);

/// False when a number in it, however deep, is infinite or not a number: JSON has none.
bool IsFinite(const google::protobuf::Struct& object);

}  // namespace slipway::jobs
