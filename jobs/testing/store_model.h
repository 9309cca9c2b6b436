#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "jobs/store/store.h"

namespace slipway::jobs {

/// One operation on a store, as a model test makes it up. Jobs and leases go by number: the n-th
/// job that was ever submitted, its n-th lease.
struct StoreOperation {
  enum class Type {
    kSubmit,
    kLease,
    kExtend,
    kComplete,
    kFail,
    kRetry,
    kRelease,
    kCancel,
    kDelete,
    kPurge,
  };
  /// No lease of the job: a token that was never given.
  static constexpr size_t kNoLease = static_cast<size_t>(-1);

  Type type;
  NewJob submit;     // kSubmit
  std::string kind;  // kLease
  size_t job = 0;    // all others but kPurge
  size_t lease = 0;  // kExtend to kRelease
  JobTime now;
  absl::Time until;  // kExtend, kRetry; steady
  int number = 0;    // makes results, errors and progress differ
};

/// What an operation answers, in a form that two stores can be compared by.
struct StoreAnswer {
  absl::StatusCode code = absl::StatusCode::kOk;
  std::optional<JobRow> row;  // its id: the number of the job
  std::string payload;
  std::optional<absl::Time> ask_again;
  size_t purged = 0;
};

std::string Describe(const JobRow& row);
std::string Describe(const JobOutcome& outcome);
std::string Describe(const StoreAnswer& answer);
std::string Describe(const JobEvent& event);

/// What Store promises, in the plainest words: a list of
/// jobs that every operation looks through.
/// One thread.
class StoreModel {
 public:
  static constexpr absl::Duration kLease = absl::Seconds(5);
  static constexpr char kMessage[] = "not needed";

  explicit StoreModel(Store::Limits limits) : limits_(limits) {}

  StoreAnswer Apply(const StoreOperation& operation);
  /// The process ended and another one has opened the store.
  void Restart();

  /// How many jobs were ever submitted.
  size_t submitted() const { return submitted_; }
  /// The jobs that are not forgotten, by number.
  std::map<size_t, JobOutcome> Outcomes() const;
  bool Knows(size_t job) const { return jobs_.count(job) > 0; }
  /// Leases that were given for it; 0 for one that is forgotten.
  size_t leases(size_t job) const { return Knows(job) ? jobs_.at(job).leases : 0; }
  std::vector<std::string> List(const JobQuery& query) const;
  std::map<std::pair<std::string, JobState>, int64_t> Counts() const;
  /// Since the last call.
  std::vector<JobEvent> TakeEvents() { return std::exchange(events_, {}); }

  static JobResult ResultOf(int number);
  static rpc::Status ErrorOf(int number);

 private:
  struct Job {
    NewJob submit;
    JobOutcome outcome;
    size_t leases = 0;
    bool lease_is_good = false;
    absl::Time lease_until;
    std::optional<absl::Time> retry_time;
    bool emptied = false;
  };

  StoreAnswer Submit(const NewJob& submit);
  StoreAnswer Lease(const std::string& kind, JobTime now);
  StoreAnswer WithLease(const StoreOperation& operation, Job& job);
  StoreAnswer Cancel(Job& job, absl::Time now);
  StoreAnswer Purge(absl::Time now);
  void Wait(Job& job, JobEvent::Type type);
  void End(Job& job, JobState state, absl::Time now, rpc::Status error);
  void Forget(size_t number);

  const Store::Limits limits_;
  std::map<size_t, Job> jobs_;  // by number
  size_t submitted_ = 0;
  std::vector<JobEvent> events_;
};

}  // namespace slipway::jobs
