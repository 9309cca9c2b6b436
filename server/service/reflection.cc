#include "server/service/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <memory>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "rpc/handlers.h"

namespace slipway::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

struct V1 {
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
  static constexpr const char* kPath = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
};
struct V1Alpha {
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
  static constexpr const char* kPath =
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
};

/// Answers single requests; the two versions of the protocol differ in their package only.
template <typename Version>
class Reflection {
 public:
  using Request = typename Version::Request;
  using Response = typename Version::Response;

  explicit Reflection(std::vector<std::string> services) : services_(std::move(services)) {}

  Response Answer(const Request& request) const {
    Response response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    const DescriptorPool& pool = *DescriptorPool::generated_pool();
    switch (request.message_request_case()) {
      case Request::kFileByFilename:
        AddFile(pool.FindFileByName(request.file_by_filename()), request.file_by_filename(),
                response);
        break;
      case Request::kFileContainingSymbol:
        AddFile(pool.FindFileContainingSymbol(request.file_containing_symbol()),
                request.file_containing_symbol(), response);
        break;
      case Request::kFileContainingExtension:
        AddExtension(pool, request.file_containing_extension().containing_type(),
                     request.file_containing_extension().extension_number(), response);
        break;
      case Request::kAllExtensionNumbersOfType:
        AddExtensionNumbers(pool, request.all_extension_numbers_of_type(), response);
        break;
      case Request::kListServices:
        for (const std::string& name : services_) {
          response.mutable_list_services_response()->add_service()->set_name(name);
        }
        break;
      default:
        Fail(absl::StatusCode::kInvalidArgument, "the request asks for nothing", response);
    }
    return response;
  }

 private:
  static void Fail(absl::StatusCode code, std::string message, Response& response) {
    auto* error = response.mutable_error_response();
    error->set_error_code(static_cast<int>(code));
    error->set_error_message(std::move(message));
  }

  static void AddFile(const FileDescriptor* file, const std::string& asked, Response& response) {
    if (file == nullptr) return Fail(absl::StatusCode::kNotFound, asked + " not found", response);
    std::set<const FileDescriptor*> seen;
    AddWithDependencies(file, seen, *response.mutable_file_descriptor_response());
  }

  template <typename Files>
  static void AddWithDependencies(const FileDescriptor* file, std::set<const FileDescriptor*>& seen,
                                  Files& out) {
    if (!seen.insert(file).second) return;
    google::protobuf::FileDescriptorProto proto;
    file->CopyTo(&proto);
    file->CopyJsonNameTo(&proto);  // CopyTo leaves custom JSON names out
    proto.SerializeToString(out.add_file_descriptor_proto());
    for (int i = 0; i < file->dependency_count(); ++i) {
      AddWithDependencies(file->dependency(i), seen, out);
    }
  }

  static void AddExtension(const DescriptorPool& pool, const std::string& type, int number,
                           Response& response) {
    const Descriptor* extendee = pool.FindMessageTypeByName(type);
    const FieldDescriptor* extension =
        extendee == nullptr ? nullptr : pool.FindExtensionByNumber(extendee, number);
    AddFile(extension == nullptr ? nullptr : extension->file(),
            "extension " + std::to_string(number) + " of " + type, response);
  }

  static void AddExtensionNumbers(const DescriptorPool& pool, const std::string& type,
                                  Response& response) {
    const Descriptor* extendee = pool.FindMessageTypeByName(type);
    if (extendee == nullptr) {
      return Fail(absl::StatusCode::kNotFound, type + " not found", response);
    }
    auto* answer = response.mutable_all_extension_numbers_response();
    answer->set_base_type_name(type);
    std::vector<const FieldDescriptor*> extensions;
    pool.FindAllExtensions(extendee, &extensions);
    for (const FieldDescriptor* extension : extensions) {
      answer->add_extension_number(extension->number());
    }
  }

  const std::vector<std::string> services_;
};

template <typename Version>
rpc::Task<rpc::Status> ServeReflection(std::shared_ptr<const Reflection<Version>> reflection,
                                       rpc::ServerStream& stream) {
  rpc::Reader<typename Version::Request> reader(stream);
  rpc::Writer<typename Version::Response> writer(stream);
  // Each awaited object has a name: g++ 12 mishandles temporaries of a condition that awaits.
  for (;;) {
    auto read = reader.Read();
    const auto request = co_await std::move(read);
    if (!request) break;
    const auto answer = reflection->Answer(*request);
    const bool sent = co_await writer.Write(answer);
    if (!sent) break;
  }
  co_return reader.error();
}

template <typename Version>
rpc::Method MakeMethod(const std::vector<std::string>& services) {
  auto reflection = std::make_shared<const Reflection<Version>>(services);
  return {Version::kPath, rpc::MethodKind::kBidiStreaming,
          [reflection](rpc::CallContext&, rpc::ServerStream& stream) {
            return ServeReflection<Version>(reflection, stream);
          }};
}

}  // namespace

std::vector<rpc::Method> ReflectionMethods(std::vector<std::string> services) {
  return {MakeMethod<V1>(services), MakeMethod<V1Alpha>(services)};
}

}  // namespace slipway::server
