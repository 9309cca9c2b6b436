#pragma once

#include <optional>
#include <utility>

#include "rpc/task.h"
#include "rpc/thread_executor.h"

namespace slipway::jobs {

/// A thread of a test that waits for tasks: Run answers what the task answers.
class TaskRunner {
 public:
  rpc::ThreadExecutor& executor() { return executor_; }

  template <typename T>
  T Run(rpc::Task<T> task) {
    std::optional<T> answer;
    bool done = false;
    rpc::Spawn(Store(std::move(task), answer, done));
    executor_.RunUntil(done);
    return std::move(*answer);
  }

 private:
  template <typename T>
  static rpc::Task<void> Store(rpc::Task<T> task, std::optional<T>& answer, bool& done) {
    answer.emplace(co_await std::move(task));
    done = true;
  }

  rpc::ThreadExecutor executor_;
};

}  // namespace slipway::jobs
