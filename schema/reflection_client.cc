#include "schema/reflection_client.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "schema/schema_builder.h"

namespace slipway::schema {

namespace {

namespace pb = google::protobuf;
namespace v1 = grpc::reflection::v1;

using SchemaResult = absl::StatusOr<std::shared_ptr<const Schema>>;

// Results of `co_await` get a name before they are used, and arguments before they are passed: g++
// 12 mishandles some temporaries of an expression that suspends.

/// One conversation with a backend's reflection service: the files that it has sent so far, and
/// those that they still need.
class Conversation {
 public:
  Conversation(rpc::Upstream& upstream, ReflectionLimits limits)
      : call_(upstream.NewCall()), limits_(limits) {}

  /// `method`: of v1 or v1alpha, whose messages are the same on the wire.
  rpc::Task<absl::Status> Run(std::string method, rpc::Deadline deadline) {
    rpc::CallSpec spec;
    spec.method = std::move(method);
    spec.deadline = deadline;
    call_->Start(std::move(spec));
    absl::Status status = co_await FetchServices();
    if (status.ok()) status = co_await FetchImports();
    call_->WritesDone();
    if (!status.ok() && !call_over_) call_->Cancel();
    rpc::CallResult result = co_await call_->Finish();
    // The call's own end says more than "no answer".
    if (call_over_ && !result.status.ok()) status = result.status.ToAbsl();
    co_return status;
  }

  /// The services are those that the backend listed and described, in its order.
  SchemaResult Build(LoadOptions options) && {
    internal::SchemaBuilder builder;
    if (options.services.empty()) options.services = std::move(described_);
    for (std::string& warning : warnings_) builder.AddWarning(std::move(warning));
    return std::move(builder).Build(files_, options);
  }

 private:
  rpc::Task<absl::Status> FetchServices() {
    v1::ServerReflectionRequest request;
    request.set_list_services("");
    absl::StatusOr<v1::ServerReflectionResponse> answer = co_await Ask(std::move(request));
    if (!answer.ok()) co_return answer.status();
    if (!answer->has_list_services_response()) co_return Unexpected(*answer, "list of services");
    const v1::ListServiceResponse services = answer->list_services_response();
    for (const v1::ServiceResponse& service : services.service()) {
      absl::Status status = co_await FetchService(service.name());
      if (!status.ok()) co_return status;
    }
    co_return absl::OkStatus();
  }

  rpc::Task<absl::Status> FetchService(std::string name) {
    v1::ServerReflectionRequest request;
    request.set_file_containing_symbol(name);
    absl::Status status =
        co_await Fetch(std::move(request), "service " + name, /*is_service=*/true);
    if (HasService(name)) described_.push_back(std::move(name));
    co_return status;
  }

  bool HasService(const std::string& full_name) const {
    for (const pb::FileDescriptorProto& file : files_) {
      const std::string prefix = file.package().empty() ? "" : file.package() + ".";
      for (const pb::ServiceDescriptorProto& service : file.service()) {
        if (prefix + service.name() == full_name) return true;
      }
    }
    return false;
  }

  rpc::Task<absl::Status> FetchImports() {
    while (!wanted_.empty()) {
      const std::string name = std::move(wanted_.front());
      wanted_.pop_front();
      if (received_.contains(name)) continue;
      // Asked for once, whatever the answer.
      received_.insert(name);
      v1::ServerReflectionRequest request;
      request.set_file_by_filename(name);
      absl::Status status =
          co_await Fetch(std::move(request), "file " + name, /*is_service=*/false);
      if (!status.ok()) co_return status;
    }
    co_return absl::OkStatus();
  }

  rpc::Task<absl::Status> Fetch(v1::ServerReflectionRequest request, std::string what,
                                bool is_service) {
    absl::StatusOr<v1::ServerReflectionResponse> answer = co_await Ask(std::move(request));
    if (!answer.ok()) co_return answer.status();
    if (answer->has_error_response()) {
      // A file that is missing is reported when the pool is built, unless this program has it.
      if (!is_service) co_return absl::OkStatus();
      warnings_.push_back("the backend does not describe " + what + ": " +
                          answer->error_response().error_message());
      co_return absl::OkStatus();
    }
    if (!answer->has_file_descriptor_response()) co_return Unexpected(*answer, what);
    for (const std::string& bytes : answer->file_descriptor_response().file_descriptor_proto()) {
      absl::Status status = AddFile(bytes);
      if (!status.ok()) co_return status;
    }
    co_return absl::OkStatus();
  }

  rpc::Task<absl::StatusOr<v1::ServerReflectionResponse>> Ask(v1::ServerReflectionRequest request) {
    const bool written = co_await call_->Write(request.SerializeAsString());
    std::optional<std::string> bytes;
    if (written) bytes = co_await call_->Read();
    if (!bytes) {
      call_over_ = true;
      co_return absl::InternalError("the backend ended the reflection stream without an answer");
    }
    total_bytes_ += bytes->size();
    if (bytes->size() > limits_.max_message_bytes || total_bytes_ > limits_.max_total_bytes) {
      co_return absl::ResourceExhaustedError(
          "the backend's reflection answers are too large: at most " +
          std::to_string(limits_.max_message_bytes) + " bytes each and " +
          std::to_string(limits_.max_total_bytes) + " bytes together are allowed");
    }
    v1::ServerReflectionResponse response;
    if (!response.ParseFromString(*bytes)) {
      co_return absl::InternalError("a reflection answer of the backend does not decode");
    }
    co_return response;
  }

  absl::Status AddFile(const std::string& bytes) {
    pb::FileDescriptorProto file;
    if (!file.ParsePartialFromString(bytes) || file.name().empty()) {
      return absl::InternalError("the backend sent a file descriptor that does not decode");
    }
    if (!known_.insert(file.name()).second) return absl::OkStatus();
    received_.insert(file.name());
    if (known_.size() > limits_.max_files) {
      return absl::ResourceExhaustedError("the backend's schema has more than " +
                                          std::to_string(limits_.max_files) + " files");
    }
    for (const std::string& import : file.dependency()) {
      if (!received_.contains(import)) wanted_.push_back(import);
    }
    files_.push_back(std::move(file));
    return absl::OkStatus();
  }

  static absl::Status Unexpected(const v1::ServerReflectionResponse& answer, std::string what) {
    if (answer.has_error_response()) {
      return absl::InternalError("the backend's reflection refuses the " + what + ": " +
                                 answer.error_response().error_message());
    }
    return absl::InternalError("the backend's reflection answered something else than the " + what);
  }

  std::unique_ptr<rpc::ClientCall> call_;
  ReflectionLimits limits_;
  std::vector<pb::FileDescriptorProto> files_;
  absl::flat_hash_set<std::string> known_;
  absl::flat_hash_set<std::string> received_;
  std::deque<std::string> wanted_;
  std::vector<std::string> described_;
  std::vector<std::string> warnings_;
  size_t total_bytes_ = 0;
  /// The backend ended the stream.
  bool call_over_ = false;
};

}  // namespace

rpc::Task<SchemaResult> FetchSchema(rpc::Upstream& upstream, rpc::Deadline deadline,
                                    LoadOptions options, ReflectionLimits limits) {
  absl::Status status;
  for (const char* version : {"v1", "v1alpha"}) {
    Conversation conversation(upstream, limits);
    status = co_await conversation.Run(
        std::string("/grpc.reflection.") + version + ".ServerReflection/ServerReflectionInfo",
        deadline);
    if (status.ok()) co_return std::move(conversation).Build(options);
    if (!absl::IsUnimplemented(status)) break;
  }
  if (absl::IsUnimplemented(status)) {
    co_return absl::UnimplementedError(
        "the backend has no gRPC server reflection: give its descriptor set instead");
  }
  co_return absl::Status(status.code(),
                         "reflection of the backend: " + std::string(status.message()));
}

}  // namespace slipway::schema
