#include "client/command/grpc_schema.h"

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/signal_set.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "rpc/io_executor.h"
#include "schema/json.h"
#include "schema/loader.h"
#include "schema/proto_source.h"
#include "schema/reflection_client.h"
#include "wire/channel.h"

namespace slipway::client {
namespace {

using SchemaPtr = std::shared_ptr<const schema::Schema>;

wire::ChannelOptions ChannelTo(const EngineSpec& engine) {
  wire::ChannelOptions channel;
  channel.target =
      absl::StrCat(engine.tls != nullptr ? "grpcs://" : "grpc://", ToString(engine.endpoint));
  channel.authority = engine.authority;
  channel.user_agent = "slipway-load";
  channel.max_receive_message = size_t{1} << 30;  // the size of answers is the server's matter
  if (engine.tls == nullptr) return channel;
  channel.tls.ca_file = engine.tls->files().ca;
  channel.tls.certificate_file = engine.tls->files().certificate;
  channel.tls.key_file = engine.tls->files().key;
  channel.tls.server_name = engine.tls->server_name();
  return channel;
}

rpc::Task<void> Fetch(rpc::Upstream& upstream, rpc::Deadline deadline,
                      absl::StatusOr<SchemaPtr>* result, bool* done) {
  // Named, because g++ 12 copies an aggregate made inside of a co_await bit by bit.
  schema::LoadOptions load_options;
  schema::ReflectionLimits limits;
  *result = co_await schema::FetchSchema(upstream, deadline, std::move(load_options), limits);
  *done = true;
}

absl::StatusOr<SchemaPtr> FromReflection(const EngineSpec& engine, rpc::Duration timeout) {
  rpc::IoExecutor executor;
  wire::Channel channel(executor, ChannelTo(engine));
  absl::StatusOr<SchemaPtr> schema = absl::UnknownError("");
  bool done = false;
  // Beside the session's own: what waits here is not between two steps.
  boost::asio::signal_set signals(executor.context(), SIGINT, SIGTERM);
  bool interrupted = false;
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    interrupted = true;
    channel.Shutdown();
  });
  rpc::Spawn(Fetch(channel, executor.Now() + timeout, &schema, &done));
  executor.RunUntil(done);
  if (schema.ok()) return schema;
  if (interrupted) return absl::CancelledError("interrupted");
  return absl::Status(schema.status().code(),
                      absl::StrCat("the target does not tell its schema by reflection (",
                                   schema.status().message(), "); give --protoset or --proto"));
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

CallShape ShapeOf(const schema::MethodInfo& method) {
  if (method.client_streaming) {
    return method.server_streaming ? CallShape::kBidiStream : CallShape::kClientStream;
  }
  return method.server_streaming ? CallShape::kServerStream : CallShape::kUnary;
}

}  // namespace

absl::StatusOr<SchemaPtr> LoadSchema(const EngineSpec& engine, const LoadOptions& options) {
  if (!options.protoset.empty()) return schema::FromDescriptorFile(options.protoset);
  if (!options.proto_files.empty()) {
    return schema::FromProtoFiles(options.proto_files, options.import_paths);
  }
  if (engine.tls != nullptr && engine.tls->files().insecure) {
    return absl::InvalidArgumentError(
        "--tls-insecure: the schema cannot come from a server that is not verified; give "
        "--protoset or --proto");
  }
  return FromReflection(engine, options.timeout);
}

absl::StatusOr<GrpcMethod> FindGrpcMethod(SchemaPtr schema, const std::string& path) {
  const schema::MethodInfo* info = schema->FindMethod(path);
  if (info == nullptr) return NoSuchMethod(*schema, path);
  GrpcMethod method;
  method.path = path;
  method.shape = ShapeOf(*info);
  method.encode = [schema, info](std::string_view json) {
    return schema::WireFromJson(schema->input(*info), json);
  };
  method.decode = [schema, info](std::string_view wire) {
    return schema::JsonFromWire(schema->output(*info), wire);
  };
  return method;
}

}  // namespace slipway::client
