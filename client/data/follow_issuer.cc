#include "client/data/follow_issuer.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/data/location.h"

namespace slipway::client {
namespace {

/// In a row, as browsers count.
constexpr int kMaxRedirects = 20;
/// Whoever says "at once" is asked a thousand times a second.
constexpr rpc::Duration kLeastWait = std::chrono::milliseconds(1);

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// What says something about the body that a question has not, or that this is to be another job.
bool BelongsToTheFirst(const std::string& name) {
  return absl::StartsWithIgnoreCase(name, "content-") || absl::EqualsIgnoreCase(name, "prefer") ||
         absl::EqualsIgnoreCase(name, "expect") || absl::EqualsIgnoreCase(name, "idempotency-key");
}

}  // namespace

FollowIssuer::FollowIssuer(const IssuerContext& context, std::unique_ptr<RequestFeed> feed,
                           const Expectations& expectations, Options options)
    : executor_(context.executor),
      feed_(std::move(feed)),
      expectations_(expectations),
      options_(std::move(options)),
      refusals_(context.executor) {
  for (uint32_t i = 0; i < context.slots; ++i) slots_.emplace_back(executor_);
}

void FollowIssuer::Listen(Issuer::Listener* listener) {
  listener_ = listener;
  feed_->engine().Listen(this);
}

void FollowIssuer::Issue(uint32_t index, rpc::Time now) {
  const absl::StatusOr<const Engine::Encoded*> request = feed_->Next(index);
  if (!request.ok()) {
    return refusals_.Report(*listener_, index,
                            absl::StrCat("not sent: ", request.status().message()));
  }
  Slot& slot = slots_[index];
  slot.start = now;
  slot.acknowledged = rpc::Duration(-1);
  slot.bytes_received = 0;
  slot.stream_wait = rpc::Duration::zero();
  slot.questions = 0;
  slot.redirects = 0;
  const Request& first = feed_->request();
  slot.method = first.method;
  slot.path = first.path;
  slot.headers.clear();
  for (const auto& header : first.headers) {
    if (!BelongsToTheFirst(header.first)) slot.headers.push_back(header);
  }
  feed_->engine().Issue(index, **request, now);
}

void FollowIssuer::Stop() {
  feed_->engine().Listen(NobodyListens());
  for (Slot& slot : slots_) slot.timer.Cancel();
}

void FollowIssuer::Done(uint32_t index, const Outcome& outcome, rpc::Time now) {
  slots_[index].bytes_received += outcome.bytes_received;
  slots_[index].stream_wait += outcome.stream_wait;
  if (outcome.kind == OutcomeKind::kHttpStatus) {
    if (outcome.code == 202) return OnAccepted(index, outcome, now);
    if (IsRedirect(outcome.code)) return OnRedirect(index, outcome, now);
  }
  End(index, outcome, now);
}

void FollowIssuer::OnAccepted(uint32_t index, const Outcome& outcome, rpc::Time now) {
  Slot& slot = slots_[index];
  if (slot.acknowledged.count() < 0) slot.acknowledged = now - slot.start;
  slot.redirects = 0;
  // Where there is a Location already, a 202 without one means: here.
  const bool here = slot.questions > 0 && (outcome.response == nullptr ||
                                           outcome.response->FindHeader("location") == nullptr);
  if (!here) {
    const absl::Status moved = GoTo(slot, outcome);
    if (!moved.ok())
      return Fail(index, OutcomeKind::kUnexpected, std::string(moved.message()), now);
  }
  const rpc::Time end = slot.start + options_.patience;
  if (now >= end) {
    return Fail(
        index, OutcomeKind::kTimeout,
        absl::StrFormat("no result within %s, after %d questions",
                        absl::FormatDuration(absl::FromChrono(options_.patience)), slot.questions),
        now);
  }
  const std::string* retry_after =
      outcome.response == nullptr ? nullptr : outcome.response->FindHeader("retry-after");
  const auto wait =
      std::max(kLeastWait, absl::ToChronoNanoseconds(RetryAfter(retry_after, absl::Now())));
  slot.timer.Start(std::min(now + wait, end), [this, index] { Ask(index, executor_.Now()); });
}

void FollowIssuer::OnRedirect(uint32_t index, const Outcome& outcome, rpc::Time now) {
  Slot& slot = slots_[index];
  const bool repeats = outcome.code == 307 || outcome.code == 308;
  if (repeats && slot.questions == 0 && slot.method != "GET" && slot.method != "HEAD") {
    return Fail(index, OutcomeKind::kUnexpected,
                absl::StrFormat("a %d asks to send the %s elsewhere; give that address as target",
                                outcome.code, slot.method),
                now);
  }
  if (++slot.redirects > kMaxRedirects) {
    return Fail(index, OutcomeKind::kUnexpected,
                absl::StrFormat("more than %d redirects in a row", kMaxRedirects), now);
  }
  const absl::Status moved = GoTo(slot, outcome);
  if (!moved.ok()) {
    return Fail(index, OutcomeKind::kUnexpected, std::string(moved.message()), now);
  }
  Ask(index, now);
}

absl::Status FollowIssuer::GoTo(Slot& slot, const Outcome& outcome) {
  const std::string* location =
      outcome.response == nullptr ? nullptr : outcome.response->FindHeader("location");
  if (location == nullptr) {
    return absl::InvalidArgumentError(absl::StrFormat("the %d has no Location", outcome.code));
  }
  absl::StatusOr<std::string> path = ResolveLocation(*location, slot.path, options_.origin);
  if (path.ok()) slot.path = *std::move(path);
  return path.status();
}

void FollowIssuer::Ask(uint32_t index, rpc::Time now) {
  Slot& slot = slots_[index];
  ++slot.questions;
  Request request;
  request.method = "GET";
  request.path = slot.path;
  request.headers = slot.headers;
  absl::StatusOr<std::unique_ptr<const Engine::Encoded>> encoded = feed_->engine().Encode(request);
  if (!encoded.ok()) {
    return Fail(index, OutcomeKind::kUnexpected, std::string(encoded.status().message()), now);
  }
  slot.question = *std::move(encoded);
  feed_->engine().Issue(index, *slot.question, now);
}

void FollowIssuer::End(uint32_t index, const Outcome& outcome, rpc::Time now) {
  const Slot& slot = slots_[index];
  Outcome judged = outcome;
  Answer answer(outcome, nullptr);
  std::string unexpected;
  expectations_.Judge(answer, &judged, &unexpected);
  Complete(slot, &judged);
  if (!judged.ok && slot.questions > 0) {
    message_ = absl::StrCat("GET ", slot.path, judged.message.empty() ? "" : ": ",
                            std::string(judged.message));
    judged.message = message_;
  }
  listener_->Done(index, judged, now);
}

/// What belongs to all steps and not to the last one only.
void FollowIssuer::Complete(const Slot& slot, Outcome* outcome) const {
  outcome->acknowledged = slot.acknowledged;
  outcome->bytes_received = slot.bytes_received;
  outcome->stream_wait = slot.stream_wait;
}

void FollowIssuer::Fail(uint32_t index, OutcomeKind kind, std::string_view why, rpc::Time now) {
  const Slot& slot = slots_[index];
  message_ = absl::StrCat(slot.questions > 0 ? "GET" : slot.method, " ", slot.path, ": ",
                          std::string(why));
  Outcome outcome;
  outcome.kind = kind;
  outcome.message = message_;
  Complete(slot, &outcome);
  listener_->Done(index, outcome, now);
}

}  // namespace slipway::client
