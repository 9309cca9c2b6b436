#include "wire/request_headers.h"

#include <algorithm>
#include <array>

#include "wire/encoding.h"

namespace slipway::wire {
namespace {

// Different in each call: in HPACK's table they would only push out what repeats.
bool Changing(std::string_view key) {
  static constexpr std::array<std::string_view, 4> kChanging = {"x-correlation-id", "x-request-id",
                                                                "traceparent", "grpc-trace-bin"};
  return std::find(kChanging.begin(), kChanging.end(), key) != kChanging.end();
}

}  // namespace

rpc::Status CheckMetadata(const rpc::Metadata& metadata) {
  for (const auto& [key, value] : metadata) {
    if (ReservedKey(key)) continue;
    if (!ValidKey(key)) {
      return rpc::Status(absl::StatusCode::kInternal,
                         "metadata key \"" + key + "\" is not of a-z, 0-9, '_', '-' and '.'");
    }
    if (!IsBinaryKey(key) && !ValidValue(value)) {
      return rpc::Status(absl::StatusCode::kInternal,
                         "the value of metadata key \"" + key + "\" is not printable ASCII");
    }
  }
  return rpc::Status();
}

RequestHeaders::RequestHeaders(const rpc::CallSpec& spec, bool tls, std::string_view authority,
                               std::string_view user_agent, rpc::Time now) {
  // nghttp2 need not copy what is constant.
  constexpr uint8_t kConstant = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
  constexpr uint8_t kName = NGHTTP2_NV_FLAG_NO_COPY_NAME;
  Add(":method", "POST", kConstant);
  Add(":scheme", tls ? "https" : "http", kConstant);
  Add(":path", spec.method, kName);
  Add(":authority", authority, kName);
  Add("te", "trailers", kConstant);
  Add("content-type", "application/grpc", kConstant);
  Add("user-agent", user_agent, kName);
  Add("grpc-accept-encoding", "identity,deflate,gzip", kConstant);
  if (spec.deadline != rpc::kNoDeadline) {
    timeout_ = FormatTimeout(spec.deadline - now);
    Add("grpc-timeout", timeout_, kName | NGHTTP2_NV_FLAG_NO_INDEX);
  }
  AddMetadata(spec.metadata);
}

void RequestHeaders::AddMetadata(const rpc::Metadata& metadata) {
  const auto binary = std::count_if(metadata.begin(), metadata.end(),
                                    [](const auto& entry) { return IsBinaryKey(entry.first); });
  encoded_.reserve(static_cast<size_t>(binary));  // list_ points into it
  for (const auto& [key, value] : metadata) {
    if (ReservedKey(key)) continue;
    const uint8_t flags = Changing(key) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
    if (IsBinaryKey(key)) {
      Add(key, encoded_.emplace_back(EncodeBinary(value)), flags);
    } else {
      Add(key, value, flags);
    }
  }
}

void RequestHeaders::Add(std::string_view name, std::string_view value, uint8_t flags) {
  // nghttp2 does not write to them.
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  list_.push_back({bytes(name), bytes(value), name.size(), value.size(), flags});
}

}  // namespace slipway::wire
