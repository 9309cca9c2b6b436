#include "server/service/channelz.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <grpc/grpc.h>
#include <grpc/support/alloc.h>
#include <grpcpp/ext/channelz_service_plugin.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "rpc/handlers.h"

namespace slipway::server {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

// The messages come with libgrpcpp_channelz. Without a reference of ours the linker would leave it
// out, and its descriptors with it.
[[gnu::used]] void (*const kKeepLinked)() = &grpc::channelz::experimental::InitChannelzService;

int64_t Integer(const Message& request, const char* name) {
  const auto* field = request.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? 0 : request.GetReflection()->GetInt64(request, field);
}

/// The library's JSON for a request; null when there is no such thing.
using Query = std::function<char*(const Message& request)>;

struct Entry {
  const char* method;
  Query query;
};

const std::vector<Entry>& Entries() {
  static const std::vector<Entry> entries = {
      {"GetTopChannels",
       [](const Message& r) {
         return grpc_channelz_get_top_channels(Integer(r, "start_channel_id"));
       }},
      {"GetServers",
       [](const Message& r) { return grpc_channelz_get_servers(Integer(r, "start_server_id")); }},
      {"GetServer",
       [](const Message& r) { return grpc_channelz_get_server(Integer(r, "server_id")); }},
      {"GetServerSockets",
       [](const Message& r) {
         return grpc_channelz_get_server_sockets(
             Integer(r, "server_id"), Integer(r, "start_socket_id"), Integer(r, "max_results"));
       }},
      {"GetChannel",
       [](const Message& r) { return grpc_channelz_get_channel(Integer(r, "channel_id")); }},
      {"GetSubchannel",
       [](const Message& r) { return grpc_channelz_get_subchannel(Integer(r, "subchannel_id")); }},
      {"GetSocket",
       [](const Message& r) { return grpc_channelz_get_socket(Integer(r, "socket_id")); }},
  };
  return entries;
}

absl::StatusOr<std::string> Answer(const MethodDescriptor& method, const Query& query,
                                   const std::string& bytes) {
  MessageFactory& factory = *MessageFactory::generated_factory();
  std::unique_ptr<Message> request(factory.GetPrototype(method.input_type())->New());
  if (!request->ParseFromString(bytes)) {
    return absl::InternalError("the request does not decode as " +
                               method.input_type()->full_name());
  }
  const std::unique_ptr<char, decltype(&gpr_free)> json(query(*request), &gpr_free);
  if (json == nullptr) return absl::NotFoundError("no such object");
  std::unique_ptr<Message> response(factory.GetPrototype(method.output_type())->New());
  const auto parsed = google::protobuf::util::JsonStringToMessage(json.get(), response.get());
  if (!parsed.ok()) return absl::InternalError(parsed.ToString());
  return response->SerializeAsString();
}

rpc::Task<rpc::Status> Serve(const MethodDescriptor* method, const Query* query,
                             rpc::ServerStream& stream) {
  const std::optional<std::string> request = co_await stream.Read();
  if (!request) co_return absl::InternalError("the request message is missing");
  absl::StatusOr<std::string> response = Answer(*method, *query, *request);
  if (!response.ok()) co_return response.status();
  co_await stream.Write(*std::move(response));
  co_return rpc::Status();
}

}  // namespace

std::vector<rpc::Method> ChannelzMethods() {
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      "grpc.channelz.v1.Channelz");
  std::vector<rpc::Method> methods;
  if (service == nullptr) return methods;
  for (const Entry& entry : Entries()) {
    const MethodDescriptor* method = service->FindMethodByName(entry.method);
    if (method == nullptr) continue;
    methods.push_back(
        {std::string("/grpc.channelz.v1.Channelz/") + entry.method, rpc::MethodKind::kUnary,
         [method, query = &entry.query](rpc::CallContext&, rpc::ServerStream& stream) {
           return Serve(method, query, stream);
         }});
  }
  return methods;
}

}  // namespace slipway::server
