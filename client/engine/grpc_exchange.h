#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "client/engine/grpc_message_counter.h"
#include "client/engine/http2_exchange.h"
#include "rpc/status.h"
#include "wire/message_reader.h"

namespace slipway::client {

/// A gRPC call over HTTP/2: the status from trailers or from a trailers-only answer, messages
/// counted. Their bytes are looked at only where answers are kept. One slot of an Http2Engine.
class GrpcExchange final : public Http2Exchange {
 public:
  GrpcExchange(Http2Shared& shared, uint32_t slot)
      : Http2Exchange(shared, slot), reader_(shared.spec.max_response) {}

  void OnHeader(std::string_view name, std::string_view value) override;
  void OnHeadersEnd(bool end_stream) override;
  void OnData(std::string_view bytes) override;
  void OnDataEnd() override;

 protected:
  void StartAnswer() override;
  void OnBroken(const rpc::Status& why) override;
  void OnExpired() override;
  void OnUnreachable(std::string_view why) override;
  size_t prefix_size() const override { return 5; }

 private:
  static constexpr int kNoStatus = -1;

  void KeepHeader(std::string_view name, std::string_view value);
  void KeepMessages(std::string_view bytes);
  void OnHead(bool end_stream);
  void OnTrailers();
  void FailWith(absl::StatusCode code, std::string_view message);
  void FailWith(const rpc::Status& status) { FailWith(status.code(), status.message()); }

  int http_status_ = 0;
  int grpc_status_ = kNoStatus;
  bool head_seen_ = false;
  bool grpc_content_ = false;
  std::string grpc_message_;  // as it was sent
  GrpcMessageCounter counter_;
  wire::MessageReader reader_;  // used only when answers are kept
};

}  // namespace slipway::client
