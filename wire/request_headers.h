#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "rpc/client_call.h"

namespace slipway::wire {

/// OK when all metadata of a call may be sent; else INTERNAL, naming the key.
rpc::Status CheckMetadata(const rpc::Metadata& metadata);

/// The request headers of one gRPC call, ready for nghttp2. Points into its arguments, which must
/// stay until the request was submitted.
class RequestHeaders {
 public:
  RequestHeaders(const rpc::CallSpec& spec, bool tls, std::string_view authority,
                 std::string_view user_agent, rpc::Time now);
  RequestHeaders(const RequestHeaders&) = delete;
  RequestHeaders& operator=(const RequestHeaders&) = delete;

  absl::Span<const nghttp2_nv> list() const { return list_; }

 private:
  void Add(std::string_view name, std::string_view value, uint8_t flags);
  void AddMetadata(const rpc::Metadata& metadata);

  absl::InlinedVector<nghttp2_nv, 24> list_;
  std::string timeout_;
  std::vector<std::string> encoded_;
};

}  // namespace slipway::wire
