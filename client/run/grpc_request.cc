#include "client/run/grpc_request.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "rpc/io_executor.h"
#include "schema/json.h"
#include "schema/loader.h"
#include "schema/proto_source.h"
#include "schema/reflection_client.h"
#include "schema/schema.h"

namespace slipway::client {
namespace {

using SchemaPtr = std::shared_ptr<const schema::Schema>;

rpc::Task<void> Fetch(rpc::Upstream& upstream, rpc::Deadline deadline,
                      absl::StatusOr<SchemaPtr>* result, bool* done) {
  // Named, because g++ 12 copies an aggregate made inside of a co_await bit by bit.
  schema::LoadOptions load_options;
  schema::ReflectionLimits limits;
  *result = co_await schema::FetchSchema(upstream, deadline, std::move(load_options), limits);
  *done = true;
}

absl::StatusOr<SchemaPtr> FromReflection(const wire::ChannelOptions& channel_options,
                                         rpc::Duration timeout) {
  rpc::IoExecutor executor;
  wire::Channel channel(executor, channel_options);
  absl::StatusOr<SchemaPtr> schema = absl::UnknownError("");
  bool done = false;
  rpc::Spawn(Fetch(channel, executor.Now() + timeout, &schema, &done));
  executor.RunUntil(done);
  if (schema.ok()) return schema;
  return absl::Status(schema.status().code(),
                      absl::StrCat("the target does not tell its schema by reflection (",
                                   schema.status().message(), "); give --protoset or --proto"));
}

absl::StatusOr<SchemaPtr> LoadSchema(const wire::ChannelOptions& channel,
                                     const LoadOptions& options) {
  if (!options.protoset.empty()) return schema::FromDescriptorFile(options.protoset);
  if (!options.proto_files.empty()) {
    return schema::FromProtoFiles(options.proto_files, options.import_paths);
  }
  return FromReflection(channel, options.timeout);
}

absl::Status NoSuchMethod(const schema::Schema& schema, const std::string& path) {
  std::vector<std::string> own, infrastructure;
  for (const schema::Service& service : schema.services()) {
    for (const schema::MethodInfo& method : service.methods) {
      (service.infrastructure ? infrastructure : own).push_back(method.path);
    }
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("the target has no method %s; it has: %s", path,
                      absl::StrJoin(own.empty() ? infrastructure : own, ", ")));
}

}  // namespace

wire::ChannelOptions ChannelTo(const Target& target, const Endpoint& endpoint,
                               const LoadOptions& options) {
  wire::ChannelOptions channel;
  channel.target = absl::StrCat(target.tls ? "grpcs://" : "grpc://", ToString(endpoint));
  channel.authority = target.authority;
  channel.user_agent = "slipway-load";
  channel.queue_limit = options.concurrency;
  channel.max_receive_message = size_t{1} << 30;  // the size of answers is the server's matter
  channel.tls.ca_file = options.tls_ca;
  channel.tls.certificate_file = options.tls_certificate;
  channel.tls.key_file = options.tls_key;
  channel.tls.server_name = target.host;
  return channel;
}

absl::StatusOr<GrpcRequest> BuildGrpcRequest(const Target& target, const Endpoint& endpoint,
                                             const std::string& data, const HeaderList& headers,
                                             const LoadOptions& options) {
  GrpcRequest request;
  request.method = target.path;
  SLIPWAY_ASSIGN_OR_RETURN(request.metadata, ToMetadata(headers));
  if (data.empty()) return request;
  SLIPWAY_ASSIGN_OR_RETURN(const SchemaPtr schema,
                           LoadSchema(ChannelTo(target, endpoint, options), options));
  const schema::MethodInfo* method = schema->FindMethod(target.path);
  if (method == nullptr) return NoSuchMethod(*schema, target.path);
  if (method->client_streaming || method->server_streaming) {
    return absl::InvalidArgumentError(
        absl::StrCat(target.path, " is a streaming method; only unary ones can be called"));
  }
  absl::StatusOr<std::string> message = schema::WireFromJson(schema->input(*method), data);
  if (!message.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--data: ", message.status().message()));
  }
  request.message = *std::move(message);
  return request;
}

absl::StatusOr<rpc::Metadata> ToMetadata(const HeaderList& headers) {
  rpc::Metadata metadata;
  for (const auto& [name, value] : headers) {
    std::string key = absl::AsciiStrToLower(name);
    const bool valid = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
      return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
    });
    if (!valid || absl::StartsWith(key, "grpc-") || key == "content-type" || key == "te") {
      return absl::InvalidArgumentError(
          absl::StrFormat("\"%s\" cannot be the name of gRPC metadata", name));
    }
    std::string bytes = value;
    if (absl::EndsWith(key, "-bin") && !absl::Base64Unescape(value, &bytes)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("the value of %s is not base64, which names in -bin need", name));
    }
    metadata.Add(std::move(key), std::move(bytes));
  }
  return metadata;
}

}  // namespace slipway::client
