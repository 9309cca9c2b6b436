#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/message.h"

namespace google::protobuf {
class DescriptorPool;
class MethodDescriptor;
class ServiceDescriptor;
}  // namespace google::protobuf

namespace slipway::schema {

namespace internal {
class SchemaBuilder;
struct SchemaState;
}  // namespace internal

/// One way to reach a method over HTTP (google.api.HttpRule without its nesting). Checked against
/// the method's messages when the schema was loaded: body, response_body and the template's
/// variables name fields that exist and have a fitting type. Whether the template itself parses is
/// the router's matter.
struct HttpRule {
  /// `GET`, `PUT`, `POST`, `DELETE`, `PATCH`, the word of a `custom` rule as it was written, or `*`
  /// for any method.
  std::string method;
  /// `/v1/users/{id}`; never empty.
  std::string path_template;
  /// Empty: no body. `*`: the whole message. Else a field, dotted when nested.
  std::string body;
  /// Empty: the whole message. Else a field, dotted when nested.
  std::string response_body;
};

/// The method option slipway.v1.http_response; all defaults when the method does not have it.
struct HttpResponseOption {
  bool status_from_metadata = false;
  std::vector<std::string> plain_headers;
};

/// One method of a service.
struct MethodInfo {
  /// As on the wire: `/pkg.Service/Method`.
  std::string path;
  bool client_streaming = false;
  bool server_streaming = false;
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  /// In binding order: rules of the YAML file first, then the annotation; each followed by its
  /// additional bindings. Empty for a method without rules.
  std::vector<HttpRule> rules;
  HttpResponseOption http_response;
};

/// One service with its methods in the order of its file.
struct Service {
  /// `pkg.Service`.
  std::string name;
  std::vector<MethodInfo> methods;
  const google::protobuf::ServiceDescriptor* descriptor = nullptr;
  /// Reflection, health and channelz of gRPC: callable, but never a route, not even by a rule.
  bool infrastructure = false;
};

/// What the gateway and the load generator know of a backend: services, their HTTP rules, and the
/// messages' plans. An immutable snapshot made by a loader (loader.h, reflection_client.h,
/// proto_source.h), owned by whoever holds a `std::shared_ptr<const Schema>`; everything that it
/// hands out lives as long as it does. Any thread may use it. It always knows the well-known types,
/// google.api.HttpBody and the messages of google/rpc/error_details.proto.
class Schema {
 public:
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;
  ~Schema();

  /// In registration order: the order that LoadOptions::services or the caller gave, else the order
  /// of files in the set and of services in their file.
  const std::vector<Service>& services() const;
  /// By `/pkg.Service/Method`; nullptr when there is none.
  const MethodInfo* FindMethod(std::string_view path) const;
  /// By full name without a leading dot, such as `google.protobuf.Timestamp`; nullptr when there is
  /// none.
  const MessageType* FindMessage(std::string_view full_name) const;
  /// The request message of a method of this schema.
  const MessageType& input(const MethodInfo& method) const;
  /// The response message of a method of this schema.
  const MessageType& output(const MethodInfo& method) const;
  /// What was left out while loading and why: one sentence each (a rule that cannot be served, a
  /// selector that names no method, a file that is missing).
  const std::vector<std::string>& warnings() const;
  /// For reports and for building other schemas (OpenAPI); request paths do not need it.
  const google::protobuf::DescriptorPool& pool() const;

 private:
  friend class internal::SchemaBuilder;
  explicit Schema(std::unique_ptr<internal::SchemaState> state);

  std::unique_ptr<internal::SchemaState> state_;
};

}  // namespace slipway::schema
