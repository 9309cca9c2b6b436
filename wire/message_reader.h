#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "rpc/status.h"

namespace slipway::wire {

/// Cuts the bytes of one direction of a call into messages (gRPC over HTTP/2,
/// "Length-Prefixed-Message") and inflates the compressed ones. Holds one message; what comes
/// behind it waits as bytes, which the peer's window bounds. A value type in effect; one thread.
class MessageReader {
 public:
  /// `max_size`: bytes of one message, inflated.
  explicit MessageReader(size_t max_size) : max_size_(max_size) {}

  /// From the header `grpc-encoding`. `identity`, `gzip` and `deflate` are understood.
  void set_encoding(std::string_view name) { encoding_ = name; }

  void Add(std::string_view bytes);
  /// A message can be taken.
  bool complete() const { return complete_; }
  /// There are bytes, but not of a whole message.
  bool partial() const { return !complete_ && prefix_size_ > 0; }
  /// Only when complete().
  std::string Take();
  /// Forgets all bytes and every error.
  void Clear();

  /// Not OK once a message is too large or broken; then there are no more. Messages before it can
  /// still be taken.
  const rpc::Status& error() const { return error_; }
  /// How many bytes have been done with since the last time: the peer may send as many again.
  size_t TakeReleased() { return std::exchange(released_, 0); }

 private:
  size_t Fill(std::string_view bytes);
  bool FillPrefix(std::string_view bytes, size_t* used);
  void BeginBody();
  void Complete();
  void SetError(absl::StatusCode code, std::string message);

  const size_t max_size_;
  std::string encoding_;
  std::array<unsigned char, 5> prefix_;
  size_t prefix_size_ = 0;
  size_t length_ = 0;
  std::string head_;
  bool complete_ = false;
  std::string backlog_;
  size_t backlog_begin_ = 0;
  size_t released_ = 0;
  rpc::Status error_;
};

/// Inflates gzip or zlib data of at most `max_size` bytes. INTERNAL when it is broken,
/// RESOURCE_EXHAUSTED when it is too large.
rpc::Status Inflate(std::string_view data, size_t max_size, std::string* out);

}  // namespace slipway::wire
