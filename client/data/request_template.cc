#include "client/data/request_template.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "client/data/excerpt.h"
#include "client/data/metadata.h"

namespace slipway::client {
namespace {

absl::Status Within(const std::string& label, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(label, ": ", status.message()));
}

/// Values that are put into a path as they are may make two requests of one.
absl::Status CheckPath(const std::string& label, const std::string& path) {
  const bool clean = std::none_of(path.begin(), path.end(), [](char c) {
    return c == ' ' || absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  if (clean && !path.empty() && path[0] == '/') return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: \"%s\" must begin with / and have neither spaces nor control "
                      "characters; {{url NAME}} encodes a value",
                      label, Excerpt(path)));
}

}  // namespace

absl::StatusOr<RequestTemplate> RequestTemplate::Compile(const Request& texts,
                                                         std::optional<GrpcMethod> grpc,
                                                         const TemplateNames& names,
                                                         Labels labels) {
  RequestTemplate compiled;
  compiled.labels_ = std::move(labels);
  compiled.method_ = texts.method;
  compiled.shape_ = texts.shape;
  compiled.message_count_ = texts.message_count;
  absl::StatusOr<Template> path = Template::Compile(texts.path, names);
  if (!path.ok()) return Within(compiled.labels_.path, path.status());
  compiled.path_ = *std::move(path);
  compiled.literal_ = compiled.path_.is_literal();
  for (const auto& [name, text] : texts.headers) {
    absl::StatusOr<Template> value = Template::Compile(text, names);
    if (!value.ok()) {
      return Within(absl::StrCat(compiled.labels_.headers, " ", name), value.status());
    }
    compiled.literal_ = compiled.literal_ && value->is_literal();
    compiled.headers_.emplace_back(name, *std::move(value));
  }
  for (const std::string& text : texts.messages) {
    absl::StatusOr<Template> message = Template::Compile(text, names);
    if (!message.ok()) return Within(compiled.labels_.data, message.status());
    compiled.literal_ = compiled.literal_ && message->is_literal();
    std::string bytes(message->is_literal() ? message->literal() : std::string_view());
    compiled.messages_.push_back({*std::move(message), std::move(bytes)});
  }
  if (grpc) SLIPWAY_RETURN_IF_ERROR(compiled.Bind(*std::move(grpc)));
  return compiled;
}

absl::Status RequestTemplate::Bind(GrpcMethod method) {
  grpc_ = std::move(method);
  shape_ = grpc_->shape;
  // A call that sends one message sends one, even if nothing is in it.
  if (messages_.empty()) messages_.emplace_back();
  for (Message& message : messages_) {
    if (!message.text.is_literal()) continue;
    SLIPWAY_ASSIGN_OR_RETURN(message.bytes, Encode(message.bytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> RequestTemplate::Encode(const std::string& text) const {
  if (!grpc_ || text.empty()) return text;
  absl::StatusOr<std::string> wire = grpc_->encode(text);
  if (!wire.ok()) {
    return Within(labels_.data, absl::InvalidArgumentError(absl::StrCat(
                                    wire.status().message(), " (in ", Excerpt(text), ")")));
  }
  return wire;
}

absl::Status RequestTemplate::Render(const TemplateValues& values, Request* request) const {
  request->method = method_;
  request->shape = shape_;
  request->message_count = message_count_;
  request->path.clear();
  path_.Render(values, &request->path);
  if (!grpc_) SLIPWAY_RETURN_IF_ERROR(CheckPath(labels_.path, request->path));
  request->headers.resize(headers_.size());
  for (size_t i = 0; i < headers_.size(); ++i) {
    auto& [name, value] = request->headers[i];
    name = headers_[i].first;
    value.clear();
    headers_[i].second.Render(values, &value);
    if (grpc_ && IsBinaryMetadata(name)) SLIPWAY_RETURN_IF_ERROR(DecodeMetadata(name, &value));
  }
  request->messages.resize(messages_.size());
  for (size_t i = 0; i < messages_.size(); ++i) {
    std::string& bytes = request->messages[i];
    if (messages_[i].text.is_literal()) {
      bytes = messages_[i].bytes;
      continue;
    }
    bytes.clear();
    messages_[i].text.Render(values, &bytes);
    if (grpc_) {
      SLIPWAY_ASSIGN_OR_RETURN(bytes, Encode(bytes));
    }
  }
  return absl::OkStatus();
}

}  // namespace slipway::client
