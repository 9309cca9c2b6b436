#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/executor.h"

namespace slipway::server {

/// How the embedded upstream misbehaves.
enum class UpstreamFault {
  kNone,
  kClose,    ///< a head that promises a body, then the end of the connection
  kGarbage,  ///< 200 and a body that is no JSON
  kEndless,  ///< 200 and a body without an end
  kStall,    ///< nothing, until the fault is another, the upstream ends, or a minute is over
  kRefuse,   ///< 429 whatever the limit says
  kError,    ///< 500
};

/// A fault of some requests only.
struct FaultShare {
  UpstreamFault fault = UpstreamFault::kNone;
  /// Of all requests, above 0, up to 1.
  double share = 0;
};

/// A public service for facts as one finds it, for trials without one: a real HTTP server on a
/// loopback port with a limit. `GET /fact` answers `{"fact": …, "length": …}`, a list of facts in
/// turn, at most so many in a window (which opens with its first request), then 429 with
/// Retry-After in whole seconds, rounded up. Every answer takes the latency, refusals too; a
/// request counts when it arrives.
///
/// Owned by who asked for it; its threads are its own, as many as there are requests, up to 600,
/// and it closes each connection after one answer, as the library ties a thread to each connection.
/// The destructor ends what is in progress. Any thread.
class EmbeddedUpstream {
 public:
  struct Options {
    /// Requests in a window, at least 1.
    int limit = 100;
    /// Above zero.
    rpc::Duration window = std::chrono::seconds(60);
    /// Of each answer.
    rpc::Duration latency{};
    /// What it does wrong from the beginning, evenly spread over the requests and not at random, so
    /// that a trial can be repeated. Shares of 1 at most together.
    std::vector<FaultShare> faults;
    /// 0: any free one.
    int port = 0;
  };
  /// Requests so far, by what became of them.
  struct Counts {
    std::uint64_t facts = 0;
    std::uint64_t refused = 0;
    std::uint64_t faulty = 0;
    /// Those in progress now, and the most there ever were.
    int in_progress = 0;
    int most_in_progress = 0;
  };

  /// UNAVAILABLE when it cannot listen.
  static absl::StatusOr<std::unique_ptr<EmbeddedUpstream>> Start(Options options);
  ~EmbeddedUpstream();
  EmbeddedUpstream(const EmbeddedUpstream&) = delete;
  EmbeddedUpstream& operator=(const EmbeddedUpstream&) = delete;

  int port() const;
  /// `http://127.0.0.1:PORT/fact`.
  std::string url() const;
  /// From now on, for the next `times` requests, before those of the options; they count against
  /// the limit, kRefuse excepted.
  void SetFault(UpstreamFault fault, std::uint64_t times = UINT64_MAX);
  Counts counts() const;

 private:
  class Impl;
  explicit EmbeddedUpstream(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::server
