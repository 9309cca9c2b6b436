#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "rpc/client_call.h"
#include "rpc/io_executor.h"
#include "rpc/task.h"
#include "rpc/testing/io_runner.h"
#include "wire/channel.h"

namespace slipway::wire::testing {

/// The client's side of a test: an executor on the test's thread, and calls on a channel.
class ClientFixture : public ::testing::Test {
 protected:
  template <typename T>
  T Run(rpc::Task<T> task) {
    return runner_.Run(std::move(task));
  }
  void WaitUntil(std::function<bool()> condition) { runner_.WaitUntil(std::move(condition)); }

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
    runner_.Begin(rpc::CallUnary(*background->call, std::move(spec), "request"),
                  background->result);
    return background;
  }
  rpc::UnaryResult Await(Background& background) {
    WaitUntil([&background] { return background.result.has_value(); });
    return *background.result;
  }

  rpc::testing::IoRunner runner_;
  rpc::IoExecutor& executor_ = runner_.executor();
};

}  // namespace slipway::wire::testing
