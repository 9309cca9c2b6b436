#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "schema/loader.h"
#include "schema/schema.h"

namespace slipway::schema {

/// A schema from `.proto` source, by way of `protoc`, which must be on the path. `paths` name the
/// files, absolute, relative to the working directory or to one of `import_dirs`; imports are
/// looked for in `import_dirs` (in this order; the folder of a file that is in none of them comes
/// last) and then among the messages linked into this program, so that `google/protobuf/*`,
/// `google/api/*` and `google/rpc/*` need no copy. INVALID_ARGUMENT lists every mistake as
/// `file:line:column: text`; FAILED_PRECONDITION when protoc cannot be run. Blocks until protoc has
/// ended.
absl::StatusOr<std::shared_ptr<const Schema>> FromProtoFiles(
    const std::vector<std::string>& paths, const std::vector<std::string>& import_dirs,
    const LoadOptions& options = {});

}  // namespace slipway::schema
