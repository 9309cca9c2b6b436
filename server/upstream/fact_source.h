#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "outbound/http_client.h"
#include "rpc/call_context.h"
#include "rpc/task.h"

namespace slipway::server {

/// What one call of the upstream came to. A value type.
struct FactAnswer {
  enum class Kind {
    kFact,
    kRefused,   ///< 429: too many requests
    kFailed,    ///< another attempt may help
    kHopeless,  ///< it will not: the URL is wrong
  };
  Kind kind = Kind::kFailed;
  std::string fact;
  /// Of a refusal, as far as the upstream said.
  std::optional<rpc::Duration> retry_after;
  /// Whether any answer came: if not, the upstream has hardly counted the call.
  bool answered = false;
  /// What a caller is told unless it is kFact.
  absl::Status status;
};

/// Asks the upstream for one fact: `GET URL` → `{"fact": "…"}`. Logs each call's number, status and
/// duration and counts it: `slipway_upstream_requests_total{result}`. Any thread.
class FactSource {
 public:
  struct Options {
    std::string url;
    /// Of one call.
    absl::Duration timeout = absl::Seconds(10);
    /// A fact is a sentence or two.
    std::size_t max_bytes = 16 * 1024;
  };

  /// `client`, `clock` and `metrics` outlive this.
  FactSource(outbound::HttpClient& client, Options options, const base::WallClock& clock,
             base::Metrics& metrics);

  /// Call number `index` of the request `context`, which outlives the task. Destroying the task
  /// ends the call.
  rpc::Task<FactAnswer> Ask(rpc::CallContext& context, int index) const;

  /// For messages: without what may be secret.
  const std::string& shown_url() const { return shown_url_; }
  /// What a caller is told of a refusal for so long, if the upstream said how long.
  absl::Status Refused(std::optional<rpc::Duration> retry_after) const;

 private:
  class Record;

  FactAnswer Read(const absl::StatusOr<outbound::HttpResponse>& response) const;
  FactAnswer ReadBody(const std::string& body) const;
  FactAnswer Refusal(const outbound::HttpResponse& response) const;
  absl::Status NoFact(std::string_view why) const;

  outbound::HttpClient& client_;
  const Options options_;
  const std::string shown_url_;
  const base::WallClock& clock_;
  base::Counter& facts_;
  base::Counter& refused_;
  base::Counter& failed_;
  base::Counter& cancelled_;
};

}  // namespace slipway::server
