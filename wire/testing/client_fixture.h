#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "rpc/client_call.h"
#include "rpc/io_executor.h"
#include "rpc/task.h"
#include "wire/channel.h"

namespace slipway::wire::testing {

/// The client's side of a test: an executor on the test's thread, and calls on a channel.
class ClientFixture : public ::testing::Test {
 protected:
  template <typename T>
  T Run(rpc::Task<T> task) {
    std::optional<T> result;
    rpc::Spawn(Store(std::move(task), result));
    WaitUntil([&result] { return result.has_value(); });
    return *std::move(result);
  }

  /// Runs the executor until `condition`, which is asked every millisecond. Ends the program when
  /// that never comes.
  void WaitUntil(std::function<bool()> condition) {
    const rpc::Time begin = executor_.Now();
    bool done = false;
    rpc::Timer timer(executor_);
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

  static rpc::CallSpec Spec(std::string method = "/test.Script/Call", rpc::Metadata metadata = {},
                            rpc::Duration timeout = std::chrono::hours(1)) {
    rpc::CallSpec spec;
    spec.method = std::move(method);
    spec.metadata = std::move(metadata);
    spec.deadline = rpc::Clock::now() + timeout;
    return spec;
  }
  rpc::UnaryResult Unary(Channel& channel, rpc::CallSpec spec, std::string request = "request") {
    const auto call = channel.NewCall();
    return Run(rpc::CallUnary(*call, std::move(spec), std::move(request)));
  }
  rpc::UnaryResult Unary(Channel& channel) { return Unary(channel, Spec()); }

  static rpc::Task<rpc::CallResult> Finish(rpc::ClientCall& call) {
    co_return co_await call.Finish();
  }
  static rpc::Task<std::optional<std::string>> Read(rpc::ClientCall& call) {
    co_return co_await call.Read();
  }
  static rpc::Task<bool> Write(rpc::ClientCall& call, std::string message) {
    co_return co_await call.Write(std::move(message));
  }

  /// A unary call that goes on while the test does something else.
  struct Background {
    std::unique_ptr<rpc::ClientCall> call;
    std::optional<rpc::UnaryResult> result;
  };
  std::unique_ptr<Background> Begin(Channel& channel, rpc::CallSpec spec = Spec()) {
    auto background = std::make_unique<Background>();
    background->call = channel.NewCall();
    rpc::Spawn(
        Store(rpc::CallUnary(*background->call, std::move(spec), "request"), background->result));
    return background;
  }
  rpc::UnaryResult Await(Background& background) {
    WaitUntil([&background] { return background.result.has_value(); });
    return *background.result;
  }

  rpc::IoExecutor executor_;

 private:
  template <typename T>
  static rpc::Task<void> Store(rpc::Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
  }
};

}  // namespace slipway::wire::testing
