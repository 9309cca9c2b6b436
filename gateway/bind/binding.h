#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/reply/reply.h"
#include "schema/message.h"
#include "schema/schema.h"

namespace slipway::gateway {

/// One HTTP rule of one method, compiled: how its requests become messages and its responses
/// answers. Immutable, any thread; lives no longer than its schema.
struct Binding {
  const schema::MethodInfo* method = nullptr;
  const schema::MessageType* input = nullptr;
  /// The template's text, in storage that is never freed (InternRoute).
  std::string_view route;

  /// Refuse what grpc-gateway lets pass: other media types, encodings, very many parameters.
  bool strict = false;

  bool has_body = false;
  /// The field that the body fills; empty: the whole message.
  schema::FieldPath body;
  /// The body is a google.api.HttpBody: bytes that are not JSON are taken as they are.
  bool takes_raw_body = false;
  schema::BodyOptions body_options;

  /// In the order of the template's variables.
  std::vector<schema::FieldPath> captures;
  /// False when no query parameter could reach the message: the query is not even parsed.
  bool reads_query = false;
  schema::QueryFilter query;

  ReplyPlan reply;
};

/// Keeps one copy of `route` until the end of the process and answers it: routes label metrics and
/// log lines that are written when the table they came from may be gone. Their number is bounded by
/// the rules that were ever loaded. Any thread.
std::string_view InternRoute(std::string_view route);

}  // namespace slipway::gateway
