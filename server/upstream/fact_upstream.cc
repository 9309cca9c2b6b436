#include "server/upstream/fact_upstream.h"

#include <chrono>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "outbound/rate_limit.h"
#include "outbound/url.h"

namespace slipway::server {
namespace {

rpc::Duration ToDuration(absl::Duration duration) {
  return std::chrono::duration_cast<rpc::Duration>(absl::ToChronoNanoseconds(duration));
}

absl::Status CheckUpstream(std::string_view value) {
  if (value == "embedded") return absl::OkStatus();
  if (outbound::Url::Parse(value).ok()) return absl::OkStatus();
  return absl::InvalidArgumentError("embedded, or an http or https URL that answers one fact");
}

std::unique_ptr<outbound::RateLimit> MakeLimit(const FactConfig& config) {
  const rpc::Duration window = ToDuration(config.window);
  if (config.limit_kind == LimitKind::kTokenBucket) {
    return std::make_unique<outbound::TokenBucket>(outbound::TokenBucket::Options{
        .limit = config.limit, .window = window, .burst = config.limit});
  }
  return std::make_unique<outbound::FixedWindow>(
      outbound::FixedWindow::Options(config.limit, window));
}

outbound::HttpClient::Options ClientOptions() {
  outbound::HttpClient::Options options;
  // There is but one host.
  options.max_connections_per_host = options.max_connections;
  return options;
}

}  // namespace

void FactConfig::Declare(base::ConfigParser& parser) {
  parser
      .AddString("fact-upstream", &upstream, "where facts come from: embedded, or a URL",
                 CheckUpstream)
      .Placeholder("embedded|URL");
  parser.AddInt("fact-limit", &limit, 1, 1'000'000, "requests that the fact upstream allows");
  parser.AddDuration("fact-window", &window, "in this time");
  parser.AddChoice(
      "fact-limit-kind", &limit_kind,
      {{"fixed-window", LimitKind::kFixedWindow}, {"token-bucket", LimitKind::kTokenBucket}},
      "how the fact upstream counts");
  parser.AddDuration("fact-latency", &latency, "how long the embedded fact upstream takes");
  parser.AddInt("fact-max", &max, 0, 1'000'000, "most facts that one request may ask for");
}

absl::Status FactConfig::Check() const {
  if (window < absl::Milliseconds(1) || window > absl::Hours(24)) {
    return absl::InvalidArgumentError(absl::StrCat("--fact-window ", absl::FormatDuration(window),
                                                   " is not allowed: 1ms to 24h"));
  }
  if (latency < absl::ZeroDuration() || latency > absl::Hours(1)) {
    return absl::InvalidArgumentError(absl::StrCat("--fact-latency ", absl::FormatDuration(latency),
                                                   " is not allowed: 0s to 1h"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FactUpstream>> FactUpstream::Start(const FactConfig& config,
                                                                  base::Metrics& metrics) {
  SLIPWAY_RETURN_IF_ERROR(config.Check());
  std::unique_ptr<EmbeddedUpstream> embedded;
  FactConfig resolved = config;
  if (config.upstream == "embedded") {
    SLIPWAY_ASSIGN_OR_RETURN(embedded,
                             EmbeddedUpstream::Start({.limit = config.limit,
                                                      .window = ToDuration(config.window),
                                                      .latency = ToDuration(config.latency)}));
    resolved.upstream = embedded->url();
  }
  std::unique_ptr<FactUpstream> started(new FactUpstream(resolved, std::move(embedded), metrics));
  base::LogInfo("facts: from {}, {} in {}", started->source().shown_url(), config.limit,
                absl::FormatDuration(config.window));
  return started;
}

FactUpstream::FactUpstream(const FactConfig& config, std::unique_ptr<EmbeddedUpstream> embedded,
                           base::Metrics& metrics)
    : config_(config),
      embedded_(std::move(embedded)),
      client_(ClientOptions()),
      source_(client_, {.url = config.upstream, .timeout = config.call_timeout},
              base::WallClock::System(), metrics),
      limiter_("the fact upstream", MakeLimit(config), metrics) {}

}  // namespace slipway::server
