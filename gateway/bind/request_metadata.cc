#include "gateway/bind/request_metadata.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "gateway/bind/grpc_timeout.h"
#include "rpc/call_context.h"

namespace slipway::gateway {
namespace {

constexpr std::string_view kPrefix = "grpc-metadata-";
constexpr std::string_view kPermanentPrefix = "grpcgateway-";

/// IANA's permanent message headers as grpc-gateway has them, by length. `Host` is missing: Go
/// takes it out of the headers, so it has never been passed on.
constexpr std::array<std::string_view, 23> kPermanent = {"via",
                                                         "date",
                                                         "from",
                                                         "accept",
                                                         "cookie",
                                                         "expect",
                                                         "origin",
                                                         "pragma",
                                                         "referer",
                                                         "warning",
                                                         "if-match",
                                                         "if-none-match",
                                                         "user-agent",
                                                         "content-type",
                                                         "max-forwards",
                                                         "cache-control",
                                                         "accept-ranges",
                                                         "authorization",
                                                         "accept-charset",
                                                         "accept-language",
                                                         "if-modified-since",
                                                         "if-unmodified-since",
                                                         "if-schedule-tag-match"};

/// Keys that gRPC sets itself or that mean something to HTTP/2.
constexpr std::array<std::string_view, 18> kReserved = {"te",
                                                        "host",
                                                        "upgrade",
                                                        "trailer",
                                                        "connection",
                                                        "keep-alive",
                                                        "user-agent",
                                                        "content-type",
                                                        "grpc-timeout",
                                                        "grpc-status",
                                                        "grpc-message",
                                                        "grpc-encoding",
                                                        "content-length",
                                                        "grpc-message-type",
                                                        "grpc-accept-encoding",
                                                        "transfer-encoding",
                                                        "proxy-connection",
                                                        "http2-settings"};

template <size_t kCount>
bool Contains(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

bool IsKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

bool IsPrintable(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

/// The peer's address without its port; empty when `peer` is not address:port.
std::string_view PeerAddress(std::string_view peer) {
  const size_t colon = peer.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view address = peer.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  return address;
}

/// One pass over the headers of one request.
class MetadataReader {
 public:
  MetadataReader(const RequestHead& head, RequestMetadata* out) : head_(head), out_(out) {}

  absl::Status Read(std::string_view correlation_id) {
    out_->metadata.Reserve(head_.headers.size() + 4);
    Add(std::string(rpc::kCorrelationIdKey), std::string(correlation_id));
    for (const Header& header : head_.headers) {
      SLIPWAY_RETURN_IF_ERROR(ReadHeader(header));
    }
    AddForwarded();
    return absl::OkStatus();
  }

 private:
  void Add(std::string key, std::string value) {
    out_->metadata.Add(std::move(key), std::move(value));
  }

  absl::Status ReadHeader(const Header& header) {
    // Names longer than any that is passed on under a fixed name are only of use with the prefix.
    char buffer[64];
    const size_t length = std::min(header.name.size(), sizeof buffer);
    std::transform(header.name.data(), header.name.data() + length, buffer, absl::ascii_tolower);
    const std::string_view name(buffer, length);
    if (name.starts_with(kPrefix)) return ReadPrefixed(header);
    if (name == "grpc-timeout") return ReadTimeout(header.value);
    if (name == "x-forwarded-host") {
      if (host_.empty() || !host_forwarded_) host_ = header.value;
      host_forwarded_ = true;
    } else if (name == "host") {
      if (host_.empty()) host_ = header.value;
    } else if (name == "x-forwarded-for") {
      AppendForwardedFor(header.value);
    } else if (IsPrintable(header.value)) {
      AddFixed(name, header);
    }
    return absl::OkStatus();
  }

  void AddFixed(std::string_view name, const Header& header) {
    if (name == "authorization" || name == "traceparent") Add(std::string(name), header.value);
    if (header.name.size() == name.size() && Contains(kPermanent, name)) {
      Add(absl::StrCat(ToAbsl(kPermanentPrefix), ToAbsl(name)), header.value);
    }
  }

  absl::Status ReadPrefixed(const Header& header) {
    const absl::string_view name = header.name;
    std::string key = absl::AsciiStrToLower(name.substr(kPrefix.size()));
    if (!IsKey(key) || Contains(kReserved, key) || key == rpc::kCorrelationIdKey) {
      return absl::OkStatus();
    }
    std::string value = header.value;
    if (absl::EndsWith(key, "-bin")) {
      if (!absl::Base64Unescape(header.value, &value)) return BadBase64(key);
    } else if (!IsPrintable(value)) {
      return absl::OkStatus();
    }
    Add(std::move(key), std::move(value));
    return absl::OkStatus();
  }

  static absl::Status BadBase64(std::string_view key) {
    return base::MakeError(
        absl::StatusCode::kInvalidArgument, base::Reason::kBadHeaderValue,
        absl::StrCat("header Grpc-Metadata-", ToAbsl(key), ": the value is not base64"));
  }

  absl::Status ReadTimeout(std::string_view value) {
    if (value.empty() || out_->timeout) return absl::OkStatus();
    SLIPWAY_ASSIGN_OR_RETURN(const rpc::Duration timeout, ParseGrpcTimeout(value));
    // As in grpc-gateway, none at all.
    if (timeout != rpc::Duration::zero()) out_->timeout = timeout;
    return absl::OkStatus();
  }

  void AppendForwardedFor(std::string_view value) {
    if (!IsPrintable(value)) return;
    if (!forwarded_for_.empty()) forwarded_for_ += ", ";
    forwarded_for_ += value;
  }

  void AddForwarded() {
    if (!host_.empty() && IsPrintable(host_)) Add("x-forwarded-host", std::string(host_));
    const std::string_view address = PeerAddress(head_.peer);
    if (!address.empty()) AppendForwardedFor(address);
    if (!forwarded_for_.empty()) Add("x-forwarded-for", std::move(forwarded_for_));
  }

  const RequestHead& head_;
  RequestMetadata* const out_;
  std::string_view host_;
  bool host_forwarded_ = false;
  std::string forwarded_for_;
};

}  // namespace

std::string CorrelationId(const RequestHead& head) {
  for (const std::string_view name : {"X-Correlation-Id", "Grpc-Metadata-X-Correlation-Id"}) {
    const std::optional<std::string_view> id = head.Find(name);
    if (id && rpc::ValidCorrelationId(*id)) return std::string(*id);
  }
  return rpc::NewCorrelationId();
}

absl::Status ReadRequestMetadata(const RequestHead& head, std::string_view correlation_id,
                                 RequestMetadata* out) {
  return MetadataReader(head, out).Read(correlation_id);
}

}  // namespace slipway::gateway
