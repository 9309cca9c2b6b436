#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "schema/schema.h"

namespace google::protobuf {
class FileDescriptorProto;
}

namespace slipway::schema {

/// How to load a schema.
struct LoadOptions {
  // Not an aggregate: g++ 12 destroys aggregate temporaries of a `co_await` expression twice.
  LoadOptions() = default;

  /// A `google.api.Service` document (YAML) whose `http.rules` stand beside the annotations and
  /// come before them. At most one of text and path is given.
  std::string http_rules_yaml;
  std::string http_rules_path;
  /// Full names of services: only these, in this order. Empty: all. A name that is not in the set
  /// is an error.
  std::vector<std::string> services;
  /// Whether a rule for DELETE may have a body; without it such a rule is left out with a warning,
  /// as grpc-gateway does.
  bool allow_delete_body = false;
};

/// From the bytes of a google.protobuf.FileDescriptorSet (`protoc --descriptor_set_out`, best with
/// `--include_imports`). Imports that are missing are taken from the messages linked into this
/// program, else tolerated with a warning. Fails with INVALID_ARGUMENT when the bytes are no
/// descriptor set, when a file contradicts itself, or when the YAML does not parse.
absl::StatusOr<std::shared_ptr<const Schema>> FromDescriptorSet(std::string_view bytes,
                                                                const LoadOptions& options = {});

/// The same from a file; NOT_FOUND names the path when it cannot be read.
absl::StatusOr<std::shared_ptr<const Schema>> FromDescriptorFile(const std::string& path,
                                                                 const LoadOptions& options = {});

/// The same from parsed files, in any order.
absl::StatusOr<std::shared_ptr<const Schema>> FromFiles(
    const std::vector<google::protobuf::FileDescriptorProto>& files,
    const LoadOptions& options = {});

/// From the messages linked into this program: `services` (full names) in this order, with all
/// files that they need. NOT_FOUND when one is not linked in.
absl::StatusOr<std::shared_ptr<const Schema>> FromLinkedPool(
    const std::vector<std::string>& services, const LoadOptions& options = {});

}  // namespace slipway::schema
