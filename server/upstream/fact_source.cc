#include "server/upstream/fact_source.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/json_depth.h"
#include "base/log.h"
#include "base/reason.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "outbound/retry.h"
#include "outbound/url.h"

namespace slipway::server {
namespace {

base::Counter& Results(base::Metrics& metrics, const char* result) {
  return metrics.GetCounter("slipway_upstream_requests_total",
                            "Requests to the fact upstream, by what became of them.",
                            {{"result", result}});
}

absl::Status Unavailable(base::Reason reason, std::string message) {
  return base::MakeError(absl::StatusCode::kUnavailable, reason, std::move(message));
}

/// The parser's time grows with the square of the depth: a body within the limit of bytes could
/// hold up the caller's thread for seconds. A fact's depth is 1.
constexpr int kMaxDepth = 32;

std::string Shown(const std::string& url) {
  const auto parsed = outbound::Url::Parse(url);
  return parsed.ok() ? parsed->shown() : "(whose URL is invalid)";
}

/// Whether an error of the HTTP client means that nothing at all was heard from the upstream.
bool HeardNothing(const absl::Status& status) {
  const base::Reason reason = base::ReasonOf(status);
  return reason == base::Reason::kBackendUnavailable || reason == base::Reason::kQueueFull ||
         reason == base::Reason::kShuttingDown;
}

}  // namespace

/// The log line and the count of one call, also of one whose caller has left.
class FactSource::Record {
 public:
  Record(const FactSource& source, const rpc::CallContext& context, int index)
      : source_(source),
        executor_(context.executor()),
        id_(context.correlation_id()),
        index_(index),
        begin_(executor_.Now()) {}
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;
  ~Record() {
    if (!ended_) Write("cancelled", source_.cancelled_);
  }

  void End(const FactAnswer& answer, const absl::StatusOr<outbound::HttpResponse>& response) {
    ended_ = true;
    base::Counter& result = answer.kind == FactAnswer::Kind::kFact      ? source_.facts_
                            : answer.kind == FactAnswer::Kind::kRefused ? source_.refused_
                                                                        : source_.failed_;
    std::string outcome =
        response.ok() ? absl::StrCat(response->status) : std::string(response.status().message());
    if (response.ok() && response->status == 200 && !answer.status.ok()) outcome += ", no fact";
    Write(outcome, result);
  }

 private:
  void Write(std::string_view outcome, base::Counter& result) {
    result.Increment();
    const std::chrono::duration<double, std::milli> elapsed = executor_.Now() - begin_;
    base::LogInfo("facts: {} call {}: {} in {:.1f} ms", id_, index_, outcome, elapsed.count());
  }

  const FactSource& source_;
  const rpc::Executor& executor_;
  const std::string& id_;
  const int index_;
  const rpc::Time begin_;
  bool ended_ = false;
};

FactSource::FactSource(outbound::HttpClient& client, Options options, const base::WallClock& clock,
                       base::Metrics& metrics)
    : client_(client),
      options_(std::move(options)),
      shown_url_(Shown(options_.url)),
      clock_(clock),
      facts_(Results(metrics, "ok")),
      refused_(Results(metrics, "refused")),
      failed_(Results(metrics, "failed")),
      cancelled_(Results(metrics, "cancelled")) {}

rpc::Task<FactAnswer> FactSource::Ask(rpc::CallContext& context, int index) const {
  Record record(*this, context, index);
  outbound::HttpRequest request;
  request.url = options_.url;
  request.headers = {{"accept", "application/json"}};
  request.timeout = options_.timeout;
  request.max_response_bytes = options_.max_bytes;
  rpc::Task<absl::StatusOr<outbound::HttpResponse>> sending =
      client_.Send(context.executor(), std::move(request));
  const absl::StatusOr<outbound::HttpResponse> response = co_await std::move(sending);
  FactAnswer answer = Read(response);
  record.End(answer, response);
  co_return answer;
}

FactAnswer FactSource::Read(const absl::StatusOr<outbound::HttpResponse>& response) const {
  using Kind = FactAnswer::Kind;
  if (!response.ok()) {
    const absl::Status& error = response.status();
    const base::Reason reason = base::ReasonOf(error);
    if (reason == base::Reason::kBackendProtocol || reason == base::Reason::kResponseTooLarge) {
      const std::string why(error.message());
      return {.kind = Kind::kFailed, .answered = true, .status = NoFact(why)};
    }
    return {.kind = Kind::kFailed,
            .answered = !HeardNothing(error),
            .status = Unavailable(reason, absl::StrCat("the fact upstream: ", error.message()))};
  }
  if (response->status == 200) return ReadBody(response->body);
  if (response->status == 429) return Refusal(*response);
  const bool for_a_while = response->status >= 500 || response->status == 408;
  return {.kind = for_a_while ? Kind::kFailed : Kind::kHopeless,
          .answered = true,
          .status = Unavailable(
              base::Reason::kBackendUnavailable,
              absl::StrCat("the fact upstream ", shown_url_, " answered ", response->status))};
}

FactAnswer FactSource::ReadBody(const std::string& body) const {
  if (base::JsonDepth(body) > kMaxDepth) {
    return {.kind = FactAnswer::Kind::kFailed,
            .answered = true,
            .status = NoFact(absl::StrCat("its body is nested deeper than ", kMaxDepth))};
  }
  google::protobuf::Struct object;
  const auto parsed = google::protobuf::util::JsonStringToMessage(body, &object);
  const auto found = object.fields().find("fact");
  if (!parsed.ok() || found == object.fields().end() || found->second.string_value().empty()) {
    return {.kind = FactAnswer::Kind::kFailed,
            .answered = true,
            .status = NoFact(R"(its body is no JSON object with a text "fact" that is not empty)")};
  }
  return {.kind = FactAnswer::Kind::kFact, .fact = found->second.string_value(), .answered = true};
}

FactAnswer FactSource::Refusal(const outbound::HttpResponse& response) const {
  FactAnswer answer{.kind = FactAnswer::Kind::kRefused, .answered = true};
  if (const auto value = response.Find("retry-after")) {
    answer.retry_after = outbound::ParseRetryAfter(*value, clock_.Now());
  }
  answer.status = Refused(answer.retry_after);
  return answer;
}

absl::Status FactSource::Refused(std::optional<rpc::Duration> retry_after) const {
  std::string when = "it did not say until when";
  if (retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*retry_after).count();
    when = absl::StrCat("it may be asked again in ", seconds, " s");
  }
  return base::MakeError(
      absl::StatusCode::kResourceExhausted, base::Reason::kRateLimited,
      absl::StrCat("the fact upstream ", shown_url_, " refused (429 too many requests): ", when));
}

absl::Status FactSource::NoFact(std::string_view why) const {
  return Unavailable(base::Reason::kBackendProtocol,
                     absl::StrCat("the fact upstream ", shown_url_,
                                  " answered something that is no fact: ", std::string(why)));
}

}  // namespace slipway::server
