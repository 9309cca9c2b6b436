#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

/// Named places where tests make things go wrong. SLIPWAY_FAULT("store.commit") is an absl::Status:
/// OK, or the error that the fault says. Without SLIPWAY_FAULTS (a CMake option) it is
/// absl::OkStatus() and costs nothing.
///
///     SLIPWAY_RETURN_IF_ERROR(SLIPWAY_FAULT("store.commit"));
#ifdef SLIPWAY_FAULTS
#define SLIPWAY_FAULT(name) ::slipway::base::HitFault(name)
#else
#define SLIPWAY_FAULT(name) ::absl::OkStatus()
#endif

namespace slipway::base {

/// What happens at a place.
struct Fault {
  enum class Kind {
    /// The place answers UNAVAILABLE "fault NAME".
    kError,
    /// The thread sleeps for `delay`: a slow disk, a stalled peer.
    kDelay,
    /// The process ends as if killed (exit code 137): no destructor, no flush.
    kCrash,
  };
  Kind kind = Kind::kError;
  /// For kDelay.
  absl::Duration delay;
  /// So many hits pass before the first that counts.
  std::int64_t skip = 0;
  /// So many hits count; the place heals afterwards. Negative: all.
  std::int64_t times = -1;
};

/// True if places are compiled in.
constexpr bool FaultsCompiledIn() {
#ifdef SLIPWAY_FAULTS
  return true;
#else
  return false;
#endif
}

/// Sets what happens at `name`, counting from now. Any thread.
void SetFault(std::string_view name, const Fault& fault);
/// No faults any more, and hits counted from 0. Any thread.
void ClearFaults();

/// Sets faults from text, as the variable SLIPWAY_FAULTS has it, which is read at the first hit:
/// `NAME=error|crash|delay:DURATION[@SKIP][xTIMES]`, several with commas, such as
/// `store.commit=crash@3,outbound.send=errorx2`. INVALID_ARGUMENT names the entry.
absl::Status SetFaults(std::string_view text);

/// What SLIPWAY_FAULT calls. Takes a lock: compiled in for tests only.
absl::Status HitFault(std::string_view name);
/// How often `name` was hit since ClearFaults. For tests that wait for a place to be reached.
std::int64_t FaultHits(std::string_view name);

}  // namespace slipway::base
