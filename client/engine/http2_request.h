#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "client/engine/engine.h"
#include "client/engine/engine_spec.h"
#include "client/engine/request.h"

namespace slipway::client {

/// A request as HTTP/2 sends it: a header list that nghttp2 need not copy, and the bytes of the
/// body. Made by EncodeHttp2 and EncodeGrpc, owned by whoever issues it. Immutable.
class Http2Request final : public Engine::Encoded {
 public:
  /// Part of the body. Of a gRPC request: one message with its prefix.
  struct Piece {
    size_t begin = 0;
    size_t size = 0;
  };

  absl::Span<const nghttp2_nv> headers() const { return list_; }
  CallShape shape() const { return shape_; }
  /// False: the headers are all there is.
  bool has_body() const { return has_body_; }
  /// How many pieces are sent, `pieces` over and over.
  int64_t piece_count() const { return piece_count_; }
  std::string_view piece(int64_t number) const {
    const Piece& piece = pieces_[pieces_.size() == 1 ? 0 : number % pieces_.size()];
    return {body_.data() + piece.begin, piece.size};
  }

 private:
  friend class Http2RequestBuilder;
  HeaderList fields_;  // list_ points into it
  std::vector<nghttp2_nv> list_;
  std::string body_;
  std::vector<Piece> pieces_;
  int64_t piece_count_ = 0;
  bool has_body_ = true;
  CallShape shape_ = CallShape::kUnary;
};

/// HTTP: User-Agent, Accept and, with a body, Content-Type (application/json) are added unless the
/// request has them, Content-Length where one belongs. INVALID_ARGUMENT names a method, path or
/// header that HTTP/2 cannot send (RFC 9113, 8.2 and 8.3).
absl::StatusOr<std::unique_ptr<const Http2Request>> EncodeHttp2(const EngineSpec& spec,
                                                                const Request& request);

/// gRPC over HTTP/2: `te`, `content-type`, `user-agent`, `grpc-timeout` and the like are added.
/// INVALID_ARGUMENT names metadata that cannot be sent, a bad path, or a number of messages that
/// does not fit the shape of the call.
absl::StatusOr<std::unique_ptr<const Http2Request>> EncodeGrpc(const EngineSpec& spec,
                                                               const Request& request);

/// INVALID_ARGUMENT when `request` cannot be a gRPC call, whoever sends it.
absl::Status CheckGrpcRequest(const Request& request);

/// A key of metadata or the name of a header as HTTP/2 sends it.
std::string LowerCase(std::string_view name);

}  // namespace slipway::client
