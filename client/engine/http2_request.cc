#include "client/engine/http2_request.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/version.h"
#include "wire/encoding.h"

namespace slipway::client {

/// Puts a request together, in the order of its headers.
class Http2RequestBuilder {
 public:
  /// `headers`: how many the request has of its own.
  Http2RequestBuilder(CallShape shape, size_t headers) {
    constexpr size_t kMostAdded = 10;
    request_->shape_ = shape;
    request_->fields_.reserve(headers + kMostAdded);
    request_->list_.reserve(headers + kMostAdded);
  }

  void Add(std::string name, std::string value) {
    request_->fields_.emplace_back(std::move(name), std::move(value));
  }
  void AddPiece(std::string_view bytes) {
    request_->pieces_.push_back({request_->body_.size(), bytes.size()});
    request_->body_.append(bytes);
  }
  void AddMessage(std::string_view message) {
    const auto size = static_cast<uint32_t>(message.size());
    const std::array<char, 5> prefix = {0, static_cast<char>(size >> 24),
                                        static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                                        static_cast<char>(size)};
    request_->pieces_.push_back({request_->body_.size(), prefix.size() + message.size()});
    request_->body_.append(prefix.data(), prefix.size()).append(message);
  }
  void set_piece_count(int64_t count) { request_->piece_count_ = count; }
  void set_no_body() { request_->has_body_ = false; }

  std::unique_ptr<const Http2Request> Build() && {
    // Both names and values stay where they are from here on.
    constexpr uint8_t kFlags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
    for (const auto& [name, value] : request_->fields_) {
      request_->list_.push_back({Bytes(name), Bytes(value), name.size(), value.size(), kFlags});
    }
    return std::move(request_);
  }

 private:
  // nghttp2 does not write to them.
  static uint8_t* Bytes(const std::string& text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  }

  std::unique_ptr<Http2Request> request_ = std::make_unique<Http2Request>();
};

namespace {

const uint8_t* Bytes(const std::string& text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

bool ValidPath(const std::string& path) {
  return path.starts_with('/') && nghttp2_check_path(Bytes(path), path.size()) != 0;
}

/// Why HTTP/2 cannot carry this header, in lower case; empty when it can (RFC 9113, 8.2.2).
std::string_view Objection(std::string_view name, std::string_view value) {
  static constexpr std::array<std::string_view, 5> kOfTheConnection = {
      "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};
  if (name == "content-length") return "follows from the body and cannot be given";
  if (name == "te" && value != "trailers") return "can only be \"trailers\" in HTTP/2";
  if (std::find(kOfTheConnection.begin(), kOfTheConnection.end(), name) != kOfTheConnection.end()) {
    return "belongs to HTTP/1.1 connections and has no place in HTTP/2";
  }
  return {};
}

/// `name` is in lower case.
absl::Status CheckHeader(const std::string& name, const std::string& value) {
  if (name.starts_with(':') || nghttp2_check_header_name(Bytes(name), name.size()) == 0) {
    return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is no name of a header", name));
  }
  if (const std::string_view objection = Objection(name, value); !objection.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the header %s %s", name, std::string(objection)));
  }
  if (nghttp2_check_header_value(Bytes(value), value.size()) == 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the value of the header %s has control characters", name));
  }
  return absl::OkStatus();
}

const std::string* Find(const HeaderList& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

HeaderList InLowerCase(const HeaderList& headers) {
  HeaderList lower;
  lower.reserve(headers.size());
  for (const auto& [name, value] : headers) lower.emplace_back(LowerCase(name), value);
  return lower;
}

/// In lower case.
absl::StatusOr<HeaderList> CheckedHeaders(const HeaderList& headers) {
  HeaderList lower = InLowerCase(headers);
  for (const auto& [name, value] : lower) SLIPWAY_RETURN_IF_ERROR(CheckHeader(name, value));
  return lower;
}

absl::Status CheckHttpRequest(const Request& request) {
  const std::string& method = request.method;
  if (method == "CONNECT" || method.empty() ||
      nghttp2_check_method(Bytes(method), method.size()) == 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("\"%s\" is no HTTP method that can be sent", method));
  }
  if (!ValidPath(request.path)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("\"%s\" is no path: it begins with / and has no spaces", request.path));
  }
  if (request.messages.size() > 1) {
    return absl::InvalidArgumentError("an HTTP request has one body at most");
  }
  return absl::OkStatus();
}

absl::Status CheckMetadata(const std::string& key, const std::string& value) {
  if (key == "user-agent") return absl::OkStatus();
  if (!wire::ValidKey(key)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("metadata key \"%s\" is not of a-z, 0-9, '_', '-' and '.'", key));
  }
  if (wire::ReservedKey(key)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("metadata key \"%s\" belongs to the protocol and cannot be given", key));
  }
  if (!wire::IsBinaryKey(key) && !wire::ValidValue(value)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the value of metadata key \"%s\" is not printable ASCII", key));
  }
  return absl::OkStatus();
}

absl::Status CheckMessages(const Request& request) {
  const bool one = request.shape == CallShape::kUnary || request.shape == CallShape::kServerStream;
  if (one && request.messages.size() != 1) {
    return absl::InvalidArgumentError(absl::StrFormat("%d messages for %s, which takes exactly one",
                                                      request.messages.size(), request.path));
  }
  if (!one && request.message_count < 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d messages; 0 and more are allowed", request.message_count));
  }
  if (!one && request.message_count > 0 && request.messages.empty()) {
    return absl::InvalidArgumentError(absl::StrFormat("no message for %s, which is sent %d",
                                                      request.path, request.message_count));
  }
  for (const std::string& message : request.messages) {
    if (message.size() > std::numeric_limits<uint32_t>::max()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("a message of %d bytes; gRPC allows 4,294,967,295", message.size()));
    }
  }
  return absl::OkStatus();
}

int64_t CountOfMessages(const Request& request) {
  const bool one = request.shape == CallShape::kUnary || request.shape == CallShape::kServerStream;
  return one ? 1 : request.message_count;
}

void AddRequestLine(Http2RequestBuilder& builder, const EngineSpec& spec, std::string method,
                    std::string path, std::string authority) {
  builder.Add(":method", std::move(method));
  builder.Add(":scheme", spec.tls == nullptr ? "http" : "https");
  builder.Add(":path", std::move(path));
  builder.Add(":authority", std::move(authority));
}

std::string UserAgent() { return "slipway-load/" + std::string(base::kVersion); }

}  // namespace

std::string LowerCase(std::string_view name) {
  return absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
}

absl::StatusOr<std::unique_ptr<const Http2Request>> EncodeHttp2(const EngineSpec& spec,
                                                                const Request& request) {
  SLIPWAY_RETURN_IF_ERROR(CheckHttpRequest(request));
  SLIPWAY_ASSIGN_OR_RETURN(HeaderList headers, CheckedHeaders(request.headers));
  const std::string body = request.messages.empty() ? "" : request.messages[0];
  const std::string* const host = Find(headers, "host");
  Http2RequestBuilder builder(CallShape::kUnary, headers.size());
  AddRequestLine(builder, spec, request.method, request.path,
                 host == nullptr ? spec.authority : *host);
  if (Find(headers, "user-agent") == nullptr) builder.Add("user-agent", UserAgent());
  if (Find(headers, "accept") == nullptr) builder.Add("accept", "*/*");
  const bool has_type = Find(headers, "content-type") != nullptr;
  for (auto& [name, value] : headers) {
    if (name != "host") builder.Add(std::move(name), std::move(value));
  }
  if (!body.empty() && !has_type) builder.Add("content-type", "application/json");
  const bool expects_body =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (!body.empty() || expects_body) builder.Add("content-length", absl::StrCat(body.size()));
  if (body.empty()) {
    builder.set_no_body();
  } else {
    builder.AddPiece(body);
    builder.set_piece_count(1);
  }
  return std::move(builder).Build();
}

absl::Status CheckGrpcRequest(const Request& request) {
  if (!ValidPath(request.path)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "\"%s\" is no gRPC method: /package.Service/Method is expected", request.path));
  }
  for (const auto& [name, value] : request.headers) {
    SLIPWAY_RETURN_IF_ERROR(CheckMetadata(LowerCase(name), value));
  }
  return CheckMessages(request);
}

absl::StatusOr<std::unique_ptr<const Http2Request>> EncodeGrpc(const EngineSpec& spec,
                                                               const Request& request) {
  SLIPWAY_RETURN_IF_ERROR(CheckGrpcRequest(request));
  HeaderList metadata = InLowerCase(request.headers);
  Http2RequestBuilder builder(request.shape, metadata.size());
  AddRequestLine(builder, spec, "POST", request.path, spec.authority);
  builder.Add("te", "trailers");
  builder.Add("content-type", "application/grpc");
  if (Find(metadata, "user-agent") == nullptr) builder.Add("user-agent", UserAgent());
  builder.Add("grpc-accept-encoding", "identity,deflate,gzip");
  // The same for each request, unlike what is left until a deadline, so HPACK makes a byte of it.
  builder.Add("grpc-timeout",
              wire::FormatTimeout(std::chrono::duration_cast<rpc::Duration>(spec.timeout)));
  for (auto& [key, value] : metadata) {
    if (wire::IsBinaryKey(key)) value = wire::EncodeBinary(value);
    builder.Add(std::move(key), std::move(value));
  }
  for (const std::string& message : request.messages) builder.AddMessage(message);
  builder.set_piece_count(CountOfMessages(request));
  return std::move(builder).Build();
}

}  // namespace slipway::client
