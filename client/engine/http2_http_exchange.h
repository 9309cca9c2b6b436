#pragma once

#include <cstddef>
#include <string_view>

#include "client/engine/http2_exchange.h"

namespace slipway::client {

/// An HTTP request and its answer over HTTP/2 (RFC 9113, 8.1). One slot of an Http2Engine.
class HttpExchange final : public Http2Exchange {
 public:
  using Http2Exchange::Http2Exchange;

  void OnHeader(std::string_view name, std::string_view value) override;
  void OnHeadersEnd(bool end_stream) override;
  void OnData(std::string_view bytes) override;
  void OnDataEnd() override { Complete(); }

 protected:
  void StartAnswer() override;
  void OnBroken(const rpc::Status& why) override;
  void OnExpired() override;
  void OnUnreachable(std::string_view why) override;
  size_t prefix_size() const override { return 0; }

 private:
  void Keep(std::string_view bytes);
  void Complete();

  int status_ = 0;
};

}  // namespace slipway::client
