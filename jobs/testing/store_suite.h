#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "jobs/store/store.h"
#include "jobs/testing/task_runner.h"

namespace slipway::jobs {

/// A store with what it needs to live.
class StoreFixture {
 public:
  virtual ~StoreFixture() = default;
  virtual Store& store() = 0;
};

/// A kind of store that is to pass the suite.
struct StoreMaker {
  std::string name;
  std::function<std::unique_ptr<StoreFixture>(Store::Limits)> make;
};
inline void PrintTo(const StoreMaker& maker, std::ostream* out) { *out << maker.name; }

/// What every store must do, sentence by sentence of store.h: the tests are in the sources beside
/// this header; a store's own test instantiates them with its StoreMaker.
class StoreConformance : public testing::TestWithParam<StoreMaker> {
 protected:
  using Text = std::string;

  // So far apart that one clock in place of the other is noticed.
  static inline const absl::Time kWall = absl::FromUnixSeconds(1'763'736'600);
  static inline const absl::Time kSteady = absl::FromUnixSeconds(5'000);
  static constexpr absl::Duration kLease = absl::Seconds(30);

  /// Both clocks, `since` the start of the test.
  static JobTime At(absl::Duration since = absl::ZeroDuration()) {
    return {kWall + since, kSteady + since};
  }
  static NewJob Job(Text kind = "a", Text payload = "work");
  static NewJob Delayed(absl::Duration since, Text kind = "a");
  static NewJob WithKey(Text owner, Text key, Text fingerprint);
  static JobResult Result(Text body = Text("a\0b", 3));
  static rpc::Status Gone();

  Store& store() { return fixture_->store(); }
  /// Begins anew, with other limits.
  void Limit(Store::Limits limits) { fixture_ = GetParam().make(limits); }

  absl::StatusOr<JobRow> TrySubmit(NewJob job);
  absl::StatusOr<std::optional<JobRow>> FindByKey(Text owner, Text key, Text fingerprint);
  JobRow Submit(NewJob job = Job());
  JobRow Get(const Text& id);
  absl::Status GetError(const Text& id);
  JobOutcome Outcome(const Text& id);
  LeaseAnswer TryLease(JobTime now = At(), Text kind = "a");
  /// Fails the test when there is none.
  LeasedJob Lease(JobTime now = At(), Text kind = "a");
  absl::Status Extend(const Text& id, int64_t token, absl::Time until, int progress);
  absl::Status Complete(const Text& id, int64_t token, JobResult result = Result());
  absl::Status Fail(const Text& id, int64_t token, rpc::Status error = Gone());
  absl::Status Retry(const Text& id, int64_t token, absl::Duration wake);
  absl::Status Release(const Text& id, int64_t token);
  absl::StatusOr<JobRow> Cancel(const Text& id, Text message = "not needed");
  absl::Status Delete(const Text& id);
  size_t Purge(absl::Duration since, size_t limit = 1000);
  /// A job that has ended as succeeded, two seconds after the start.
  JobRow Ended(NewJob job = Job());

  absl::StatusOr<JobPage> ListPage(JobQuery query);
  /// The ids of all pages.
  std::vector<Text> List(JobQuery query);
  std::map<std::pair<Text, JobState>, int64_t> Counts();

  /// Every operation that needs a lease, with this one, which must not be good; all answer `code`
  /// and leave the job as it is.
  void ExpectRefused(const Text& id, int64_t token, absl::StatusCode code);

  TaskRunner runner_;
  std::unique_ptr<StoreFixture> fixture_ = GetParam().make({});
};

/// The events of a store, as text such as "leased accepted->running 01jd…".
class EventLog {
 public:
  explicit EventLog(Store& store)
      : events_(store.OnEvent([this](absl::Span<const JobEvent> events) {
          const std::lock_guard lock(mutex_);
          all_.insert(all_.end(), events.begin(), events.end());
        })),
        later_events_(store.OnEventLater([this](absl::Span<const JobEvent> events) {
          const std::lock_guard lock(mutex_);
          later_.insert(later_.end(), events.begin(), events.end());
          told_later_.notify_all();
        })),
        runnable_(store.OnRunnable([this](const std::string& kind) {
          const std::lock_guard lock(mutex_);
          wakes_.push_back(kind);
        })) {}

  /// Since the last call.
  std::vector<JobEvent> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(all_, {});
  }
  /// The kinds of which something became leasable, since the last call.
  std::vector<std::string> TakeWakes() {
    const std::lock_guard lock(mutex_);
    return std::exchange(wakes_, {});
  }
  /// The first `count` events that nobody waited for, of a log that nothing was taken of; fewer if
  /// it takes too long.
  std::vector<JobEvent> WaitForLater(size_t count) {
    std::unique_lock lock(mutex_);
    told_later_.wait_for(lock, std::chrono::seconds(60), [&] { return later_.size() >= count; });
    return later_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable told_later_;
  std::vector<JobEvent> all_;       // guarded by mutex_
  std::vector<JobEvent> later_;     // guarded by mutex_
  std::vector<std::string> wakes_;  // guarded by mutex_
  std::unique_ptr<EventSignal::Subscription> events_;
  std::unique_ptr<EventSignal::Subscription> later_events_;
  std::unique_ptr<KindSignal::Subscription> runnable_;
};

}  // namespace slipway::jobs
