#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "schema/plan.h"

namespace slipway::schema::internal {

/// A copy of one of this program's own files, with the JSON names that CopyTo leaves out.
pb::FileDescriptorProto CopyFile(const pb::FileDescriptor* file);

/// Puts files into a pool, each after its imports. Imports that are missing are taken from this
/// program's own messages, or tolerated with a warning: often they only define options that nobody
/// here reads. Then adds the well-known types, google.api.HttpBody and
/// google/rpc/error_details.proto where the files lack them. Used once.
class PoolBuilder {
 public:
  PoolBuilder(pb::DescriptorPool* pool, std::vector<std::string>* warnings)
      : pool_(pool), warnings_(warnings) {
    pool_->AllowUnknownDependencies();
  }

  /// INVALID_ARGUMENT names the file and what is wrong in it.
  absl::Status Build(const std::vector<pb::FileDescriptorProto>& files);
  /// All files in the pool, imports first.
  const std::vector<const pb::FileDescriptor*>& files() const { return built_; }

 private:
  absl::Status Add(const std::string& name);
  absl::Status AddImport(const std::string& name, const std::string& importer);
  absl::Status AddStandard();

  pb::DescriptorPool* pool_;
  std::vector<std::string>* warnings_;
  absl::flat_hash_map<std::string, pb::FileDescriptorProto> waiting_;
  absl::flat_hash_set<std::string> entered_;
  std::vector<const pb::FileDescriptor*> built_;
};

}  // namespace slipway::schema::internal
