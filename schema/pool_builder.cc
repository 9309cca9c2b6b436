#include "schema/pool_builder.h"

#include <string>
#include <utility>
#include <vector>

#include "google/api/httpbody.pb.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace slipway::schema::internal {

namespace {

/// Keeps the first problem of a file.
class FirstError : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element, const pb::Message*,
                ErrorLocation, const std::string& message) override {
    if (text.empty()) text = file + ": " + element + ": " + message;
  }
  std::string text;
};

}  // namespace

pb::FileDescriptorProto CopyFile(const pb::FileDescriptor* file) {
  pb::FileDescriptorProto proto;
  file->CopyTo(&proto);
  file->CopyJsonNameTo(&proto);
  return proto;
}

absl::Status PoolBuilder::Build(const std::vector<pb::FileDescriptorProto>& files) {
  for (const pb::FileDescriptorProto& file : files) waiting_.emplace(file.name(), file);
  for (const pb::FileDescriptorProto& file : files) {
    if (absl::Status status = Add(file.name()); !status.ok()) return status;
  }
  return AddStandard();
}

absl::Status PoolBuilder::Add(const std::string& name) {
  if (!entered_.insert(name).second) return absl::OkStatus();  // built, or an import cycle
  const pb::FileDescriptorProto& file = waiting_[name];
  const std::vector<std::string> imports(file.dependency().begin(), file.dependency().end());
  for (const std::string& import : imports) {
    if (absl::Status status = AddImport(import, name); !status.ok()) return status;
  }
  FirstError error;
  const pb::FileDescriptor* built = pool_->BuildFileCollectingErrors(waiting_[name], &error);
  if (built == nullptr) {
    return absl::InvalidArgumentError("the descriptors contradict themselves: " + error.text);
  }
  built_.push_back(built);
  return absl::OkStatus();
}

absl::Status PoolBuilder::AddImport(const std::string& name, const std::string& importer) {
  if (waiting_.contains(name)) return Add(name);
  const pb::FileDescriptor* linked = pb::DescriptorPool::generated_pool()->FindFileByName(name);
  if (linked == nullptr) {
    warnings_->push_back("file " + name + ", which " + importer + " imports, is missing");
    return absl::OkStatus();
  }
  waiting_.emplace(name, CopyFile(linked));
  absl::Status status = Add(name);
  if (status.ok()) return status;
  // The files may have the same messages under another file name.
  warnings_->push_back("file " + name + ", which " + importer +
                       " imports, is missing: " + std::string(status.message()));
  return absl::OkStatus();
}

absl::Status PoolBuilder::AddStandard() {
  // By one message each: this also keeps the linker from leaving the files out.
  const pb::Descriptor* const standard[] = {
      pb::Any::descriptor(),
      pb::Duration::descriptor(),
      pb::Empty::descriptor(),
      pb::FieldMask::descriptor(),
      pb::Struct::descriptor(),
      pb::Timestamp::descriptor(),
      pb::StringValue::descriptor(),
      google::api::HttpBody::descriptor(),
      google::rpc::Status::descriptor(),
      google::rpc::ErrorInfo::descriptor(),
  };
  for (const pb::Descriptor* message : standard) {
    const std::string& name = message->file()->name();
    if (pool_->FindMessageTypeByName(message->full_name()) != nullptr || waiting_.contains(name)) {
      continue;
    }
    if (absl::Status status = AddImport(name, "this program"); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace slipway::schema::internal
