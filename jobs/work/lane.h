#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "jobs/store/job.h"
#include "jobs/work/context.h"
#include "jobs/work/handler.h"
#include "jobs/work/questions.h"
#include "jobs/work/root.h"
#include "jobs/work/run.h"
#include "rpc/executor.h"

namespace slipway::jobs {

/// The jobs of one kind in one worker: leases them in order of submission and runs them, up to a
/// number at the same time. While the lease of one of them has run out, because the store could not
/// write or the thread stood still, it asks for no other: it would be given its own job. Lanes know
/// nothing of each other, so a slow kind holds up no other. Owned by the worker, used on its
/// thread.
class Lane final : private Run::Listener {
 public:
  /// `limit` ≥ 1 handlers in flight. `on_idle` is called whenever nothing is in flight any more.
  Lane(const WorkContext& work, std::string kind, JobHandler handler, size_t limit,
       std::function<void()> on_idle);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// There may be something to lease.
  void News();
  /// The job was cancelled while it ran.
  void OnCancelled(const std::string& id);
  /// Prolongs leases that need it.
  void Beat(rpc::Time now);

  /// Leases nothing more.
  void Close();
  /// After Close: running handlers shall stop; their jobs are given back.
  void GiveBack();
  /// Nothing is in flight but handlers that were left behind.
  bool idle() const { return asks_.empty() && runs_.size() == left_; }
  size_t in_flight() const { return runs_.size() - left_; }

 private:
  /// One question for a lease.
  struct Ask {
    std::list<Ask>::iterator self;
    uint64_t number;
    Root root;
  };

  void AskForLease();
  /// There is more room than before.
  void AskWhatIsDue();
  bool LeaseRanOut();
  Root Lease(Ask& ask, rpc::Time asked, JobTime now);
  void Begin(LeasedJob job, rpc::Time asked);
  void FoundNothing(absl::Time ask_again, uint64_t news);
  void CouldNotLease(const absl::Status& why);
  void AskAgain(absl::Duration wait);
  void InterruptRunsOf(const std::string& id);

  void OnHandled(Run& run) override;
  void OnEnded(Run& run) override;
  void OnGone(Run& run) override;
  void Settle(Run& run);
  void CheckIdle();

  const WorkContext& work_;
  const std::string kind_;
  const JobHandler handler_;
  const size_t limit_;
  const std::function<void()> on_idle_;

  bool closed_ = false;
  bool failing_ = false;  // the last question was answered with an error
  size_t busy_ = 0;       // questions without an answer, and handlers in flight
  Questions questions_;
  uint64_t news_ = 0;  // how often there was news
  size_t due_ = 0;     // questions that there was no room for, `limit_` at most
  size_t left_ = 0;    // of runs_: those with a handler that was left behind
  rpc::Time first_lease_end_ = rpc::Time::max();  // of runs_, or earlier
  rpc::Timer timer_;                              // when to ask again although there was no news
  std::list<Ask> asks_;
  std::list<Run> runs_;
};

}  // namespace slipway::jobs
