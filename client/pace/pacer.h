#pragma once

#include <optional>

#include "rpc/executor.h"

namespace slipway::client {

/// Says when the requests of one thread are meant to start. The driver asks whenever a slot is free
/// and measures from the answer, so that waiting which is not the user's choice counts. Used on
/// that thread only.
class Pacer {
 public:
  virtual ~Pacer() = default;
  /// The intended start of the next request: not before the last one's. In the future: the driver
  /// waits for it; in the past: it starts at once and is late. Nothing: there are no more.
  virtual std::optional<rpc::Time> Next(rpc::Time now) = 0;
};

}  // namespace slipway::client
