#include "server/upstream/fact_upstream.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
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

constexpr std::pair<std::string_view, UpstreamFault> kFaults[] = {
    {"500", UpstreamFault::kError},       {"429", UpstreamFault::kRefuse},
    {"close", UpstreamFault::kClose},     {"garbage", UpstreamFault::kGarbage},
    {"endless", UpstreamFault::kEndless}, {"stall", UpstreamFault::kStall},
};

absl::StatusOr<FaultShare> ParseFault(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string_view number = text.substr(std::min(equals + 1, text.size()));
  FaultShare parsed;
  for (const auto& [name, fault] : kFaults) {
    if (name == text.substr(0, equals)) parsed.fault = fault;
  }
  if (parsed.fault != UpstreamFault::kNone &&
      absl::SimpleAtod({number.data(), number.size()}, &parsed.share) && parsed.share > 0 &&
      parsed.share <= 1) {
    return parsed;
  }
  return absl::InvalidArgumentError(
      "KIND=SHARE: 500, 429, close, garbage, endless or stall, and above 0, up to 1");
}

absl::Status CheckFault(std::string_view value) { return ParseFault(value).status(); }

absl::StatusOr<std::vector<FaultShare>> ParseFaults(const std::vector<std::string>& texts) {
  std::vector<FaultShare> faults;
  for (const std::string& text : texts) {
    const absl::StatusOr<FaultShare> fault = ParseFault(text);
    if (!fault.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--fact-fault: \"", text, "\" is not allowed: ", fault.status().message()));
    }
    faults.push_back(*fault);
  }
  return faults;
}

absl::Status CheckFaults(const FactConfig& config) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<FaultShare> faults, ParseFaults(config.faults));
  if (!faults.empty() && config.upstream != "embedded") {
    return absl::InvalidArgumentError(
        "--fact-fault is not allowed with a --fact-upstream that is not embedded");
  }
  double all = 0;
  for (const FaultShare& fault : faults) all += fault.share;
  if (all <= 1 + 1e-9) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--fact-fault: shares of ", all, " together are not allowed: 1 at most"));
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
  parser
      .AddStringList("fact-fault", &faults,
                     "what the embedded fact upstream does wrong, and with which share of its "
                     "requests: 500=0.1",
                     CheckFault)
      .Placeholder("KIND=SHARE");
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
  return CheckFaults(*this);
}

absl::StatusOr<std::unique_ptr<FactUpstream>> FactUpstream::Start(const FactConfig& config,
                                                                  base::Metrics& metrics) {
  SLIPWAY_RETURN_IF_ERROR(config.Check());
  std::unique_ptr<EmbeddedUpstream> embedded;
  FactConfig resolved = config;
  if (config.upstream == "embedded") {
    EmbeddedUpstream::Options options;
    options.limit = config.limit;
    options.window = ToDuration(config.window);
    options.latency = ToDuration(config.latency);
    SLIPWAY_ASSIGN_OR_RETURN(options.faults, ParseFaults(config.faults));
    SLIPWAY_ASSIGN_OR_RETURN(embedded, EmbeddedUpstream::Start(std::move(options)));
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
