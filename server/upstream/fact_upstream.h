#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/config.h"
#include "base/metrics.h"
#include "outbound/http_client.h"
#include "outbound/rate_limiter.h"
#include "outbound/retry.h"
#include "server/upstream/embedded_upstream.h"
#include "server/upstream/fact_source.h"

namespace slipway::server {

/// How the upstream's limit is reckoned with.
enum class LimitKind {
  kFixedWindow,  ///< it counts in windows, as the embedded one does
  kTokenBucket,  ///< it lets through a steady rate after a first burst
};

/// Where facts come from.
struct FactConfig {
  /// `embedded`, or the URL that answers one fact to a GET.
  std::string upstream = "embedded";
  /// What the upstream allows: so many requests in a window.
  int limit = 100;
  absl::Duration window = absl::Seconds(60);
  LimitKind limit_kind = LimitKind::kFixedWindow;
  /// Of the embedded one's answers.
  absl::Duration latency = absl::ZeroDuration();
  /// Of the embedded one's requests: `KIND=SHARE`.
  std::vector<std::string> faults;
  /// The largest count that a request may ask for.
  int max = 10'000;
  /// Of one call of the upstream.
  absl::Duration call_timeout = absl::Seconds(10);
  /// After calls that failed.
  outbound::RetryPolicy retry;
  /// Refused calls in a row, one after each wait that the upstream asked for, before a request
  /// gives up: more than after failures, because the upstream says when to come back.
  int most_refusals = 10;

  /// Declares the switches `--fact-…` on `parser`; this object must outlive its Parse.
  void Declare(base::ConfigParser& parser);
  /// What no single switch can tell: INVALID_ARGUMENT for a window or a latency out of range, and
  /// for faults that are more than all requests, or of an upstream that is not ours.
  absl::Status Check() const;
};

/// The upstream for facts with all that belongs to it: the embedded server if it is that, the HTTP
/// client, and the limiter that all requests share. Owned by the service's methods; any thread.
/// Outlives the calls that use it.
class FactUpstream {
 public:
  /// `metrics` outlives this. UNAVAILABLE when the embedded one cannot listen, and what
  /// FactConfig::Check says.
  static absl::StatusOr<std::unique_ptr<FactUpstream>> Start(const FactConfig& config,
                                                             base::Metrics& metrics);
  FactUpstream(const FactUpstream&) = delete;
  FactUpstream& operator=(const FactUpstream&) = delete;

  const FactConfig& config() const { return config_; }
  const FactSource& source() const { return source_; }
  outbound::RateLimiter& limiter() { return limiter_; }
  /// nullptr unless it is the embedded one.
  EmbeddedUpstream* embedded() { return embedded_.get(); }
  /// Calls of the upstream that are under way, or wait for a connection.
  size_t calls_under_way() const { return client_.under_way() + client_.waiting(); }

 private:
  FactUpstream(const FactConfig& config, std::unique_ptr<EmbeddedUpstream> embedded,
               base::Metrics& metrics);

  const FactConfig config_;
  const std::unique_ptr<EmbeddedUpstream> embedded_;
  outbound::HttpClient client_;
  const FactSource source_;
  outbound::RateLimiter limiter_;
};

}  // namespace slipway::server
