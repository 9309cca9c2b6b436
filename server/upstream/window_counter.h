#pragma once

#include <optional>

#include "rpc/executor.h"

namespace slipway::server {

/// How the embedded upstream counts: `limit` requests in a window, which opens with the first
/// request after the last one's end. One thread at a time.
class WindowCounter {
 public:
  /// `limit` at least 1, `window` above zero.
  WindowCounter(int limit, rpc::Duration window) : limit_(limit), window_(window) {}

  /// Counts a request at `now`. Nothing: it is within the limit; else how long the window still
  /// lasts, which is above zero.
  std::optional<rpc::Duration> Admit(rpc::Time now) {
    if (!opened_ || now >= *opened_ + window_) {
      opened_ = now;
      count_ = 0;
    }
    if (count_ >= limit_) return *opened_ + window_ - now;
    ++count_;
    return std::nullopt;
  }

 private:
  const int limit_;
  const rpc::Duration window_;
  std::optional<rpc::Time> opened_;
  int count_ = 0;
};

}  // namespace slipway::server
