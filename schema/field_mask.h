#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "schema/plan.h"

namespace slipway::schema::internal {

/// `fooBar.baz` → `foo_bar.baz`. False for a path that no field path can have been, such as one
/// with an underscore.
bool MaskPathFromJson(std::string_view json, std::string* path);
/// `foo_bar.baz` → `fooBar.baz`, appended. False when it would not read back as the same.
bool AppendMaskPathAsJson(std::string_view path, std::string* out);

/// The paths of fields that the first value of `json`, an object for a `plan` message, mentions, by
/// proto names and in byte order: down to scalars, repeated fields, maps and Any; blindly through
/// google.protobuf.Struct. `json` has been read into such a message already. INVALID_ARGUMENT for a
/// key that the message does not have.
absl::Status CollectMaskPaths(const MessagePlan& plan, std::string_view json,
                              std::vector<std::string>* paths);

}  // namespace slipway::schema::internal
