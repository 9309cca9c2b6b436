#include "schema/schema_builder.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/pool_builder.h"
#include "slipway/v1/options.pb.h"

namespace slipway::schema::internal {

namespace {

/// Never routes: they are for tools and for the operator, and every backend has them.
bool IsInfrastructure(const std::string& service) {
  for (const std::string_view prefix : {"grpc.reflection.", "grpc.health.", "grpc.channelz."}) {
    if (service.compare(0, prefix.size(), prefix) == 0) return true;
  }
  return false;
}

/// The options as this program's own types see them: extensions that came as unknown fields,
/// because another pool read them, become readable.
pb::MethodOptions Reparse(const pb::MethodDescriptor* method) {
  pb::MethodOptions options;
  options.ParsePartialFromString(method->options().SerializePartialAsString());
  return options;
}

HttpResponseOption ReadHttpResponse(const pb::MethodOptions& options) {
  HttpResponseOption result;
  if (!options.HasExtension(v1::http_response)) return result;
  const v1::HttpResponse& option = options.GetExtension(v1::http_response);
  result.status_from_metadata = option.status_from_metadata();
  result.plain_headers.assign(option.plain_headers().begin(), option.plain_headers().end());
  return result;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Schema>> SchemaBuilder::Build(
    const std::vector<pb::FileDescriptorProto>& files, const LoadOptions& options) && {
  PoolBuilder pool(&state_->pool, &state_->warnings);
  if (absl::Status status = pool.Build(files); !status.ok()) return status;
  auto services = SelectServices(files, options.services);
  if (!services.ok()) return services.status();
  auto external = ExternalRules::Load(options);
  if (!external.ok()) return external.status();
  CompileMessages(pool.files(), *services);
  for (const pb::ServiceDescriptor* service : *services) {
    AddService(service, &*external, options);
  }
  for (std::string& warning : external->UnusedSelectors()) AddWarning(std::move(warning));
  for (const Service& service : state_->services) {
    for (const MethodInfo& method : service.methods) {
      state_->methods.emplace(method.path, &method);
    }
  }
  return std::shared_ptr<const Schema>(new Schema(std::move(state_)));
}

absl::StatusOr<std::vector<const pb::ServiceDescriptor*>> SchemaBuilder::SelectServices(
    const std::vector<pb::FileDescriptorProto>& files, const std::vector<std::string>& names) {
  std::vector<const pb::ServiceDescriptor*> services;
  for (const std::string& name : names) {
    const pb::ServiceDescriptor* service = state_->pool.FindServiceByName(name);
    if (service == nullptr) return absl::NotFoundError("there is no service " + name);
    services.push_back(service);
  }
  if (!names.empty()) return services;
  std::set<std::string> seen;
  for (const pb::FileDescriptorProto& proto : files) {
    const pb::FileDescriptor* file = state_->pool.FindFileByName(proto.name());
    if (file == nullptr || !seen.insert(proto.name()).second) continue;
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

void SchemaBuilder::CompileMessages(const std::vector<const pb::FileDescriptor*>& files,
                                    const std::vector<const pb::ServiceDescriptor*>& services) {
  state_->plans = std::make_unique<PlanSet>(&state_->pool);
  for (const pb::FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      state_->plans->Compile(file->message_type(i));
    }
  }
  for (const pb::ServiceDescriptor* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      state_->plans->Compile(service->method(i)->input_type());
      state_->plans->Compile(service->method(i)->output_type());
    }
  }
  state_->plans->Finish();
}

void SchemaBuilder::AddService(const pb::ServiceDescriptor* descriptor, ExternalRules* external,
                               const LoadOptions& options) {
  Service service;
  service.name = descriptor->full_name();
  service.descriptor = descriptor;
  service.infrastructure = IsInfrastructure(service.name);
  RuleChecker checker(*state_->plans, options.allow_delete_body, &state_->warnings);
  for (int i = 0; i < descriptor->method_count(); ++i) {
    const pb::MethodDescriptor* method = descriptor->method(i);
    const pb::MethodOptions method_options = Reparse(method);
    MethodInfo info;
    info.path = "/" + service.name + "/" + method->name();
    info.client_streaming = method->client_streaming();
    info.server_streaming = method->server_streaming();
    info.descriptor = method;
    info.http_response = ReadHttpResponse(method_options);
    if (!service.infrastructure) {
      info.rules = checker.Flatten(method, external->Take(method->full_name()), method_options);
    }
    service.methods.push_back(std::move(info));
  }
  state_->services.push_back(std::move(service));
}

}  // namespace slipway::schema::internal
