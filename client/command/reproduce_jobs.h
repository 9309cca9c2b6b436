#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/command/reproduce_http.h"
#include "client/measure/histogram.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::client {

/// The consumer of an asynchronous API, many times over: submits jobs, polls each as the server
/// says until it has a result, collects it. Used by one thread, over one session.
class JobConsumer {
 public:
  /// The body of job number `i`, and OK when `result` is what it must answer.
  struct Work {
    std::function<std::string(size_t)> body;
    std::function<absl::Status(size_t, const Response& result)> check;
  };

  JobConsumer(HttpSession& session, size_t jobs, Work work)
      : session_(session), work_(std::move(work)), jobs_(jobs) {}

  /// Each phase for all jobs at once; blocks. The first error of any job.
  absl::Status SubmitAll();
  absl::Status PollAll();
  absl::Status CollectAll();
  /// Submits all, and follows each to its result; `ended` is called when one has it.
  absl::Status FollowAll(const std::function<void(rpc::Time)>& ended);

  /// Nanoseconds from the sending to the answer.
  const Histogram& acknowledged() const { return acknowledged_; }
  const Histogram& polled() const { return polled_; }
  const Histogram& collected() const { return collected_; }

 private:
  struct Job {
    std::string location;
    std::string result;
    absl::Status status;
  };

  rpc::Task<void> Submit(size_t i);
  rpc::Task<void> Poll(size_t i);
  rpc::Task<void> Collect(size_t i);
  rpc::Task<void> Follow(size_t i, std::function<void(rpc::Time)> ended);
  rpc::Task<absl::StatusOr<Response>> Timed(Request request, Histogram* histogram);
  absl::Status Run(const std::function<rpc::Task<void>(size_t)>& conversation);

  HttpSession& session_;
  const Work work_;
  std::vector<Job> jobs_;
  Histogram acknowledged_, polled_, collected_;
};

}  // namespace slipway::client
