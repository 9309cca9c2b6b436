#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace slipway::client {

/// Finds where the messages of a gRPC answer end (gRPC over HTTP/2, "Length-Prefixed-Message")
/// without keeping any of their bytes. A value type.
class GrpcMessageCounter {
 public:
  void Start() { *this = {}; }

  /// Takes bytes in pieces of any size; `on_message` is called at the end of each message. False
  /// when a prefix is malformed; then nothing more may be fed.
  template <typename OnMessage>
  bool Feed(std::string_view bytes, OnMessage on_message) {
    while (!bytes.empty()) {
      if (prefix_size_ < prefix_.size()) {
        prefix_[prefix_size_++] = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        if (prefix_size_ < prefix_.size()) continue;
        if (prefix_[0] > 1) return false;  // flags other than "compressed"
        left_ = uint32_t{prefix_[1]} << 24 | uint32_t{prefix_[2]} << 16 |
                uint32_t{prefix_[3]} << 8 | uint32_t{prefix_[4]};
      }
      const size_t taken = std::min<size_t>(left_, bytes.size());
      bytes.remove_prefix(taken);
      left_ -= static_cast<uint32_t>(taken);
      bytes_ += taken;
      if (left_ > 0) return true;
      prefix_size_ = 0;
      ++messages_;
      on_message();
    }
    return true;
  }

  /// Messages that have come as a whole.
  int64_t messages() const { return messages_; }
  /// There are bytes, but not of a whole message.
  bool partial() const { return prefix_size_ > 0; }
  /// Of the messages so far, without their prefixes.
  uint64_t bytes() const { return bytes_; }

 private:
  std::array<unsigned char, 5> prefix_{};
  uint8_t prefix_size_ = 0;
  uint32_t left_ = 0;
  int64_t messages_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace slipway::client
