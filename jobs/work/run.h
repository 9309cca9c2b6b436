#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "jobs/store/job.h"
#include "jobs/work/context.h"
#include "jobs/work/handler.h"
#include "jobs/work/root.h"
#include "jobs/work/verdict.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::jobs {

/// One leased job from its lease until its end is stored: runs the handler, limits its time, keeps
/// the lease, tells the store. Owned by its lane; used on the worker's thread.
class Run {
 public:
  /// Hears how far the run is. Must not destroy it from inside a call.
  class Listener {
   public:
    /// The handler has ended or was abandoned: there is room for another.
    virtual void OnHandled(Run& run) = 0;
    /// The end is stored, or dropped; comes after OnHandled.
    virtual void OnEnded(Run& run) = 0;
    /// A handler that was left behind has ended after all.
    virtual void OnGone(Run& run) = 0;

   protected:
    ~Listener() = default;
  };

  /// `leased` is when the lease was asked for. All that is referred to outlives the run.
  Run(const WorkContext& work, Listener& listener, const JobHandler& handler, LeasedJob job,
      rpc::Time leased);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Once: runs the job.
  void Start();
  /// Once, instead of Start: gives the job back.
  void Decline();

  /// Tells the handler to stop. One that has not ended after Options::patience is abandoned.
  void Interrupt(Interruption why);
  /// Prolongs the lease if a third of it is over.
  void Beat(rpc::Time now);
  /// When the lease ends unless an answer that is still to come has prolonged it, no later than the
  /// store sees that; nothing once the lease does not matter any more.
  std::optional<rpc::Time> lease_end() const;
  /// After OnEnded: false if the handler still waits for something; OnGone will follow then, should
  /// it end. Until then the run must stay, as long as the worker's thread runs.
  bool Leave();

  const JobRow& row() const { return job_.row; }
  /// Where the owner keeps it.
  std::list<Run>::iterator self;

 private:
  enum class Phase { kRunning, kEnding, kEnded, kLeft };

  Root Live();
  Root Handle();
  Root Extend();
  /// The lease still matters.
  bool Ours() const;
  void Abandon();
  /// Tries until the store takes it, or the job is not ours any more.
  rpc::Task<void> StoreEnd(Verdict verdict);
  rpc::Task<absl::Status> Put(const Verdict& verdict, absl::Time end, absl::Time wake);
  /// Until the store may have recovered; less if the run is interrupted.
  rpc::Task<void> Pause();

  const WorkContext& work_;
  Listener& listener_;
  const JobHandler& handler_;
  LeasedJob job_;
  const rpc::Time deadline_;
  rpc::Time extended_;      // when the lease was last asked for or prolonged
  bool extending_ = false;  // an answer is still to come
  Phase phase_ = Phase::kRunning;
  Interruption interruption_ = Interruption::kNone;
  bool abandoned_ = false;
  bool handler_waits_ = false;
  std::optional<absl::StatusOr<JobResult>> answer_;
  std::optional<Attempt> attempt_;
  rpc::WaitSlot changed_;  // where life_ waits for the handler, and in Pause
  rpc::Timer timer_;       // end of the attempt, then of patience; later that of Pause
  // These go first: they use the others.
  Root handling_;
  Root extend_;
  Root life_;
};

}  // namespace slipway::jobs
