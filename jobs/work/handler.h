#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "jobs/store/job.h"
#include "rpc/call_context.h"
#include "rpc/task.h"

namespace slipway::jobs {

/// One run of a job, as its handler sees it. Owned by the worker, outlives the handler's task; used
/// on the worker's thread.
class Attempt {
 public:
  Attempt(rpc::Executor& executor, rpc::CallSpec spec, std::string payload)
      : call_(executor, std::move(spec)), payload_(std::move(payload)) {}

  /// Its deadline is the end of the attempt; its cancellation means that the attempt's time is up,
  /// that the job was cancelled, or that the process is stopping.
  rpc::CallContext& call() { return call_; }
  const std::string& payload() const { return payload_; }

  /// How far the work is, 0 to 100; callers see it after the next heartbeat.
  void SetProgress(int percent) { progress_ = std::clamp(percent, 0, 100); }
  int progress() const { return progress_; }

 private:
  rpc::CallContext call_;
  std::string payload_;
  int progress_ = 0;
};

/// Does the jobs of one kind. Runs on the worker's thread and must not block it. What it answers
/// ends the job as succeeded, with an answer that may be an error (JobResult::status). An error
/// instead means that there is no answer: one with a code that may pass (Worker::Options::retry) is
/// tried again, any other fails the job, and so does an answer that is larger than a job keeps
/// (kMaxResultBytes). A job may be run more than once, so effects must bear that.
using JobHandler = std::function<rpc::Task<absl::StatusOr<JobResult>>(Attempt&)>;

/// Handlers by kind.
using JobHandlers = std::map<std::string, JobHandler>;

}  // namespace slipway::jobs
