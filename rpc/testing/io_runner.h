#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <utility>

#include "rpc/io_executor.h"
#include "rpc/task.h"

namespace slipway::rpc::testing {

/// Runs tasks and waits for events on the test's own thread, with sockets.
class IoRunner {
 public:
  IoExecutor& executor() { return executor_; }

  template <typename T>
  T Run(Task<T> task) {
    std::optional<T> answer;
    Begin(std::move(task), answer);
    WaitUntil([&answer] { return answer.has_value(); });
    return *std::move(answer);
  }
  /// Starts a task whose answer the test looks for later.
  template <typename T>
  void Begin(Task<T> task, std::optional<T>& answer) {
    Spawn(Store(std::move(task), answer));
  }
  /// Runs the executor until `condition`, which is asked every millisecond. Ends the program when
  /// that never comes.
  void WaitUntil(std::function<bool()> condition) {
    const Time begin = executor_.Now();
    bool done = false;
    Timer timer(executor_);
    std::function<void()> poll = [&] {
      done = condition();
      if (done) return;
      if (executor_.Now() > begin + std::chrono::seconds(60)) {
        std::fprintf(stderr, "the test does not come to its end\n");
        std::abort();
      }
      timer.Start(executor_.Now() + std::chrono::milliseconds(1), [&poll] { poll(); });
    };
    executor_.Post([&poll] { poll(); });
    executor_.RunUntil(done);
  }

 private:
  template <typename T>
  static Task<void> Store(Task<T> task, std::optional<T>& answer) {
    answer.emplace(co_await std::move(task));
  }

  IoExecutor executor_;
};

}  // namespace slipway::rpc::testing
