#include "jobs/delivery/deliverer.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/log.h"
#include "base/reason.h"
#include "outbound/url.h"
#include "rpc/status.h"

namespace slipway::jobs {
namespace {

constexpr int kTakenStatus = 200;

base::Counter* ResultCounter(base::Metrics* metrics, const char* result) {
  if (metrics == nullptr) return nullptr;
  return &metrics->GetCounter("slipway_job_deliveries_total",
                              "Results of token jobs sent to their receivers.",
                              {{"result", result}});
}

// Of a URL, logs name only the server: the rest may hold secrets.

std::string Host(const absl::StatusOr<outbound::Url>& url) {
  return url.ok() ? url->HostPort() : "-";
}

/// Code, reason and text of a failed delivery. The text names the URL as it is shown, path
/// included.
std::string Why(const absl::Status& error, const absl::StatusOr<outbound::Url>& url) {
  const std::string_view code = rpc::CodeName(error.code());
  const std::string_view reason = base::ReasonName(base::ReasonOf(error));
  std::string why = absl::StrCat(absl::string_view(code.data(), code.size()), " (",
                                 absl::string_view(reason.data(), reason.size()), ")");
  if (!url.ok()) return why;
  const std::string before = absl::StrCat(url->shown(), ": ");
  absl::StrAppend(
      &why, ": ",
      absl::StrReplaceAll(error.message(), {{before, ""}, {url->shown(), url->HostPort()}}));
  return why;
}

}  // namespace

Deliverer::Deliverer(Store& store, outbound::HttpClient& http, Options options)
    : store_(store), http_(http), options_(std::move(options)) {
  counters_.taken = ResultCounter(options_.metrics, "taken");
  counters_.refused = ResultCounter(options_.metrics, "refused");
  counters_.timed_out = ResultCounter(options_.metrics, "timed_out");
  counters_.failed = ResultCounter(options_.metrics, "failed");
}

void Deliverer::Begin(Delivery delivery, Done done) {
  bool stopped = false;
  {
    const std::lock_guard lock(mutex_);
    stopped = stopped_;
    if (!stopped) ++under_way_;
  }
  if (stopped) return done(Delivered::kStays);
  http_.executor().Post([this, delivery = std::move(delivery), done = std::move(done)]() mutable {
    Start(std::move(delivery), std::move(done));
  });
}

void Deliverer::Start(Delivery delivery, Done done) {
  runs_.emplace_front();
  const auto run = runs_.begin();
  run->done = std::move(done);
  run->root = Drive(this, run, std::move(delivery));
  run->root.Start();
}

Root Deliverer::Drive(Deliverer* self, Runs::iterator run, Delivery delivery) {
  auto deliver = self->Deliver(std::move(delivery));
  const Delivered outcome = co_await std::move(deliver);
  std::exchange(run->done, nullptr)(outcome);
  // A coroutine cannot destroy its own frame from inside.
  self->http_.executor().Post([self, run] {
    self->runs_.erase(run);
    self->Ended();
  });
}

rpc::Task<Delivered> Deliverer::Deliver(Delivery delivery) {
  outbound::HttpRequest request;
  request.method = delivery.method;
  request.url = delivery.url;
  request.headers = {{"content-type", "application/json"}};
  if (!delivery.correlation_id.empty()) {
    request.headers.emplace_back("x-correlation-id", delivery.correlation_id);
  }
  request.body = std::move(delivery.body);
  request.timeout = options_.timeout;
  request.allow = options_.allow;
  // A receiver that takes a result and hangs up shall not see it twice for one poll.
  request.reuse_connection = false;
  const rpc::Time began = http_.executor().Now();
  auto send = http_.Send(http_.executor(), std::move(request));
  const absl::StatusOr<outbound::HttpResponse> answer = co_await std::move(send);
  Report(delivery, answer, absl::FromChrono(http_.executor().Now() - began));
  if (!answer.ok() || answer->status != kTakenStatus) co_return Delivered::kStays;
  auto forget = Forget(delivery.job_id);
  co_return co_await std::move(forget);
}

rpc::Task<Delivered> Deliverer::Forget(std::string job_id) {
  auto remove = store_.Delete(http_.executor(), job_id);
  const absl::Status removed = co_await std::move(remove);
  // Not found: somebody else deleted it meanwhile.
  if (removed.ok() || absl::IsNotFound(removed)) co_return Delivered::kTaken;
  base::LogError("job {}: its result was taken, but it could not be deleted: {}", job_id,
                 removed.ToString());
  co_return Delivered::kStays;
}

void Deliverer::Report(const Delivery& delivery,
                       const absl::StatusOr<outbound::HttpResponse>& answer, absl::Duration took) {
  base::Counter* counter = counters_.failed;
  const absl::StatusOr<outbound::Url> url = outbound::Url::Parse(delivery.url);
  if (answer.ok()) {
    counter = answer->status == kTakenStatus ? counters_.taken : counters_.refused;
    base::LogInfo("job {}: delivery to {}: answered {} after {} ms", delivery.job_id, Host(url),
                  answer->status, absl::ToInt64Milliseconds(took));
  } else {
    if (absl::IsDeadlineExceeded(answer.status())) counter = counters_.timed_out;
    base::LogWarn("job {}: delivery to {}: {} after {} ms", delivery.job_id, Host(url),
                  Why(answer.status(), url), absl::ToInt64Milliseconds(took));
  }
  if (counter != nullptr) counter->Increment();
}

void Deliverer::Stop(absl::Duration grace) {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  const auto idle = [this] { return under_way_ == 0; };
  // A wait that is for ever overflows the clock.
  const auto longest = absl::ToChronoMilliseconds(std::min(grace, absl::Hours(24)));
  if (changed_.wait_for(lock, longest, idle)) return;
  lock.unlock();
  // Waited for even where all ends by itself meanwhile: it refers to this object.
  bool gave_up = false;
  http_.executor().Post([this, &gave_up] { GiveUp(&gave_up); });
  lock.lock();
  changed_.wait(lock, [&] { return gave_up && idle(); });
}

void Deliverer::GiveUp(bool* gave_up) {
  // What has begun has been started by now: the executor keeps the order. A run that has ended is
  // taken out by work that is posted already.
  size_t given_up = 0;
  for (auto run = runs_.begin(); run != runs_.end();) {
    if (!run->done) {
      ++run;
      continue;
    }
    const Done done = std::move(run->done);
    run = runs_.erase(run);
    done(Delivered::kStays);
    ++given_up;
  }
  const std::lock_guard lock(mutex_);
  under_way_ -= given_up;
  *gave_up = true;
  changed_.notify_all();
}

void Deliverer::Ended() {
  // Notified under the lock: whoever waits may destroy this object as soon as it is free.
  const std::lock_guard lock(mutex_);
  --under_way_;
  changed_.notify_all();
}

}  // namespace slipway::jobs
