#pragma once

#include <cstdint>
#include <optional>

#include "rpc/executor.h"

namespace slipway::client {

/// From when to when a run is measured, the end excluded.
struct Window {
  rpc::Time begin;
  /// Time::max() while it is not known.
  rpc::Time end;
};

/// A request that is to be started.
struct Due {
  /// What it is measured from.
  rpc::Time intended;
  /// Not earlier than this. Later than `intended` only where late requests are held back.
  rpc::Time start;
};

/// Says when the requests of one thread are meant to start. The driver asks whenever a slot is free
/// and measures from the answer, so that waiting which is not the user's choice counts. Used on
/// that thread only.
class Pacer {
 public:
  virtual ~Pacer() = default;
  /// True: requests are due at times of their own, whether or not a slot is free. False: a slot
  /// that is free is what makes a request due.
  virtual bool open_loop() const = 0;
  /// The next request, intended not before the last one of an open loop. A start in the future: the
  /// driver waits for it; in the past: it starts at once and is late. Nothing: there are no more.
  /// `free_since`: since when the slot is free that it is for, not after `now`.
  virtual std::optional<Due> Next(rpc::Time free_since, rpc::Time now) = 0;
  /// How long a slot rests from the end of its request on.
  virtual rpc::Duration Think() { return rpc::Duration::zero(); }
  /// The number of requests that Next has not told, intended from `from` to `until` (excluded). The
  /// last question to a pacer: Next is not asked any more.
  virtual int64_t Skip(rpc::Time from, rpc::Time until) { return 0; }
};

}  // namespace slipway::client
