#include "schema/loader.h"

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/descriptor.pb.h"
#include "schema/pool_builder.h"
#include "schema/schema_builder.h"

namespace slipway::schema {

namespace pb = google::protobuf;

absl::StatusOr<std::shared_ptr<const Schema>> FromFiles(
    const std::vector<pb::FileDescriptorProto>& files, const LoadOptions& options) {
  return internal::SchemaBuilder().Build(files, options);
}

absl::StatusOr<std::shared_ptr<const Schema>> FromDescriptorSet(std::string_view bytes,
                                                                const LoadOptions& options) {
  pb::FileDescriptorSet set;
  if (!set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || set.file_size() == 0) {
    return absl::InvalidArgumentError(
        "not a descriptor set: expected what protoc --descriptor_set_out writes");
  }
  return FromFiles({set.file().begin(), set.file().end()}, options);
}

absl::StatusOr<std::shared_ptr<const Schema>> FromDescriptorFile(const std::string& path,
                                                                 const LoadOptions& options) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !(bytes << file.rdbuf())) {
    return absl::NotFoundError("cannot read descriptor set " + path);
  }
  auto schema = FromDescriptorSet(std::move(bytes).str(), options);
  if (schema.ok()) return schema;
  return absl::Status(schema.status().code(), path + ": " + std::string(schema.status().message()));
}

absl::StatusOr<std::shared_ptr<const Schema>> FromLinkedPool(
    const std::vector<std::string>& services, const LoadOptions& options) {
  std::vector<pb::FileDescriptorProto> files;
  for (const std::string& name : services) {
    const pb::ServiceDescriptor* service =
        pb::DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service == nullptr) {
      return absl::NotFoundError("service " + name + " is not linked into this program");
    }
    files.push_back(internal::CopyFile(service->file()));
  }
  LoadOptions selected = options;
  if (selected.services.empty()) selected.services = services;
  return FromFiles(files, selected);
}

}  // namespace slipway::schema
