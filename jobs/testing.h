#pragma once

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
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

/// A new directory that goes away with its contents.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(std::filesystem::temp_directory_path() / "slipway_jobs_XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace slipway::jobs
