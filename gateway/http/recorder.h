#pragma once

#include <cstdint>
#include <string_view>

#include "rpc/executor.h"

namespace slipway::gateway {

/// What there is to say about one request when its answer has left.
struct ExchangeRecord {
  std::string_view peer;
  std::string_view method;
  std::string_view target;
  std::string_view route;  ///< template of the binding; empty when none matched
  std::string_view correlation_id;
  int status = 0;      ///< 0: the connection ended before an answer
  uint64_t bytes = 0;  ///< of the answer's body
  rpc::Duration elapsed{};
  std::string_view reason;  ///< why the engine refused it, from base/reason.h's list; else empty
};

/// Hears of every request, answered or refused, once: writes the access line, counts by route and
/// status. Called by engine threads; any thread.
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void Record(const ExchangeRecord& record) = 0;
  virtual void ConnectionOpened() = 0;
  virtual void ConnectionClosed() = 0;
};

}  // namespace slipway::gateway
