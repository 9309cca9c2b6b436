#include "jobs/work/worker.h"

#include <chrono>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace slipway::jobs {
namespace {

// How much longer than an attempt its lease lasts: time to cancel the handler and to store the end.
constexpr absl::Duration kLeaseMargin = absl::Seconds(30);
constexpr rpc::Duration kCancelGrace = std::chrono::seconds(1);
constexpr rpc::Duration kStoreRetry = std::chrono::seconds(1);

std::vector<std::string> KindsOf(const JobHandlers& handlers) {
  std::vector<std::string> kinds;
  for (const auto& [kind, handler] : handlers) kinds.push_back(kind);
  return kinds;
}

rpc::Duration ToSteady(absl::Duration duration) {
  return std::chrono::duration_cast<rpc::Duration>(absl::ToChronoNanoseconds(duration));
}

rpc::Task<void> Sleep(rpc::Executor& executor, rpc::Duration duration) {
  rpc::WaitSlot slot;
  rpc::Timer timer(executor);
  timer.Start(executor.Now() + duration, [&slot] { slot.Wake(); });
  co_await slot.Wait();
}

rpc::CallSpec SpecOf(const LeasedJob& job, rpc::Deadline deadline) {
  rpc::CallSpec spec;
  spec.method = "/slipway.v1.Jobs/" + job.row.kind;
  spec.metadata.Add(std::string(rpc::kCorrelationIdKey), job.row.correlation_id);
  spec.deadline = deadline;
  spec.peer = "job " + job.row.id;
  return spec;
}

}  // namespace

Worker::Worker(Store& store, JobObserver& observer, JobHandlers handlers, Options options)
    : store_(store),
      observer_(observer),
      handlers_(std::move(handlers)),
      kinds_(KindsOf(handlers_)),
      options_(options) {}

Worker::~Worker() { Stop(absl::ZeroDuration()); }

void Worker::Start() {
  runnable_ = store_.OnRunnable([this] {
    // One wake-up on its way is enough for any number of submissions.
    if (!wake_posted_.exchange(true)) executor_.Post([this] { Wake(); });
  });
  executor_.Post([this] { Sweep(); });
  thread_ = std::thread([this] { executor_.Run(); });
}

void Worker::Stop(absl::Duration grace) {
  if (!thread_.joinable()) return;
  runnable_.reset();
  executor_.Post([this, grace] { rpc::Spawn(Drain(ToSteady(grace))); });
  thread_.join();
  slots_.clear();  // what did not heed its cancellation
}

void Worker::Wake() {
  wake_posted_ = false;
  TryLease();
}

void Worker::Sweep() {
  if (stopping_) return;
  TryLease();
  sweep_.Start(executor_.Now() + ToSteady(options_.sweep), [this] { Sweep(); });
}

void Worker::TryLease() {
  if (stopping_) return;
  if (slots_.size() >= options_.concurrency) {
    missed_wake_ = true;
    return;
  }
  Slot& slot = slots_.emplace_back();
  slot.self = std::prev(slots_.end());
  slot.root = Occupy(slot);
  slot.root.Start();
}

Root Worker::Occupy(Slot& slot) {
  auto lease = store_.LeaseNext(executor_, kinds_, options_.clock->Now(),
                                options_.run_timeout + kLeaseMargin);
  absl::StatusOr<std::optional<LeasedJob>> leased = co_await std::move(lease);
  if (!leased.ok()) {
    base::LogWarn("no job could be leased: {}", std::string(leased.status().message()));
  } else if (leased->has_value()) {
    slot.job = std::move(**leased);
    observer_.Started(*slot.job);
    // There may be more. Two for one fills the slots in few steps, and their leases share commits.
    TryLease();
    TryLease();
    auto run = stopping_ ? GiveBack(*slot.job) : RunJob(slot);
    co_await std::move(run);
  }
  // Not from inside this frame, which goes with the slot.
  executor_.Post([this, &slot] { Free(slot); });
}

void Worker::Free(Slot& slot) {
  const bool look_again = slot.job.has_value() || std::exchange(missed_wake_, false);
  slots_.erase(slot.self);
  if (look_again) TryLease();
  if (slots_.empty()) idle_.Wake();
}

rpc::Task<void> Worker::RunJob(Slot& slot) {
  const rpc::Deadline deadline = executor_.Now() + ToSteady(options_.run_timeout);
  slot.context.emplace(executor_, SpecOf(*slot.job, deadline));
  // Whatever the handler waits for, it hears of the end of its time; the lease outlives it.
  rpc::Timer limit(executor_);
  limit.Start(deadline, [&slot] { slot.context->Cancel(); });
  auto handling = handlers_.at(slot.job->row.kind)(*slot.context, std::move(slot.job->payload));
  absl::StatusOr<JobResult> result = co_await std::move(handling);
  limit.Cancel();
  if (slot.cancelled && absl::IsCancelled(result.status())) {
    auto give_back = GiveBack(*slot.job);
    co_await std::move(give_back);
    co_return;
  }
  const absl::Status error = result.status();
  const absl::Time now = options_.clock->Now();
  auto store_end = StoreEnd(slot, std::move(result), now);
  const absl::Status stored = co_await std::move(store_end);
  if (stored.ok()) {
    observer_.Ended(*slot.job, error, now);
  } else {
    observer_.EndNotStored(*slot.job, stored);
  }
}

rpc::Task<absl::Status> Worker::StoreEnd(Slot& slot, absl::StatusOr<JobResult> result,
                                         absl::Time now) {
  const LeasedJob& job = *slot.job;
  const rpc::Time give_up = executor_.Now() + ToSteady(options_.run_timeout + kLeaseMargin / 2 -
                                                       (now - job.row.start_time.value_or(now)));
  while (true) {
    // Copies: the disk may be full now and have room in a second.
    auto end = result.ok() ? store_.Complete(executor_, job.row.id, job.token, now, *result)
                           : store_.Fail(executor_, job.row.id, job.token, now,
                                         rpc::Status(result.status()));
    const absl::Status stored = co_await std::move(end);
    const bool may_pass = absl::IsResourceExhausted(stored) || absl::IsUnavailable(stored);
    if (!may_pass || stopping_ || !store_.Health().ok() || executor_.Now() >= give_up) {
      co_return stored;
    }
    auto sleep = Sleep(executor_, kStoreRetry);
    co_await std::move(sleep);
  }
}

rpc::Task<void> Worker::GiveBack(LeasedJob job) {
  auto release = store_.Release(executor_, job.row.id, job.token);
  const absl::Status released = co_await std::move(release);
  if (released.ok()) {
    observer_.GivenBack(job);
  } else {
    observer_.EndNotStored(job, released);
  }
}

rpc::Task<void> Worker::WaitIdle(rpc::Duration duration) {
  bool late = duration <= rpc::Duration::zero();
  rpc::Timer timer(executor_);
  if (!late) {
    timer.Start(executor_.Now() + duration, [this, &late] {
      late = true;
      idle_.Wake();
    });
  }
  while (!slots_.empty() && !late) co_await idle_.Wait();
}

rpc::Task<void> Worker::Drain(rpc::Duration grace) {
  stopping_ = true;
  sweep_.Cancel();
  auto end = WaitIdle(grace);
  co_await std::move(end);
  for (Slot& slot : slots_) {
    slot.cancelled = true;
    if (slot.context) slot.context->Cancel();
  }
  auto give_back = WaitIdle(kCancelGrace);
  co_await std::move(give_back);
  // Copies: a slot may go while another's job is given back.
  std::vector<LeasedJob> stubborn;
  for (const Slot& slot : slots_) {
    if (slot.job) stubborn.push_back(*slot.job);
  }
  for (LeasedJob& job : stubborn) {
    base::LogWarn("job {} does not heed its cancellation", job.row.id);
    auto give_up = GiveBack(std::move(job));
    co_await std::move(give_up);
  }
  executor_.Stop();
}

}  // namespace slipway::jobs
