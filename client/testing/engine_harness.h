#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "absl/status/status.h"
#include "client/engine/address.h"
#include "client/engine/engine.h"
#include "client/engine/engine_spec.h"
#include "client/engine/loop.h"
#include "client/engine/request.h"
#include "client/measure/outcome.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::client::testing {

/// How a request ended, kept.
struct Answer {
  uint32_t slot = 0;
  Outcome outcome;  // its texts are below
  std::string message;
  std::optional<Response> response;
};

inline Endpoint Loopback(uint16_t port) {
  return Endpoint(boost::asio::ip::address_v4::loopback(), port);
}

/// The spec of an engine for a server of a test.
inline EngineSpec SpecFor(EngineKind kind, uint16_t port) {
  EngineSpec spec;
  spec.kind = kind;
  spec.endpoint = Loopback(port);
  spec.authority = ToString(spec.endpoint);
  return spec;
}

/// An engine with its loop on the test's thread.
class EngineHarness : public Engine::Listener {
 public:
  explicit EngineHarness(const EngineSpec& spec, Share share = {})
      : loop_(MakeLoop({&spec, 1})), engine_(MakeEngine(*loop_, spec, share)), sent_(share.slots) {
    engine_->Listen(this);
  }
  ~EngineHarness() override {
    if (engine_ != nullptr) Shutdown();
  }

  Engine& engine() { return *engine_; }
  const std::vector<Answer>& answers() const { return answers_; }
  /// Latencies of messages.
  const std::vector<rpc::Duration>& messages() const { return messages_; }

  absl::Status Connect(rpc::Duration patience = std::chrono::seconds(20)) {
    std::optional<absl::Status> status;
    rpc::Spawn(StoreConnect(rpc::Clock::now() + patience, status));
    WaitUntil([&status] { return status.has_value(); });
    return *status;
  }
  void Shutdown() {
    bool done = false;
    rpc::Spawn(StoreShutdown(done));
    WaitUntil([&done] { return done; });
    engine_.reset();
  }
  void Issue(uint32_t slot, const Request& request) {
    absl::StatusOr<std::unique_ptr<const Engine::Encoded>> encoded = engine_->Encode(request);
    if (!encoded.ok()) Die(encoded.status().ToString());
    sent_[slot] = *std::move(encoded);
    engine_->Issue(slot, *sent_[slot], loop_->executor().Now());
  }
  /// Issues, and waits for the end.
  Answer Call(const Request& request) {
    const size_t before = answers_.size();
    Issue(0, request);
    WaitUntil([this, before] { return answers_.size() > before; });
    return answers_.back();
  }
  /// Every slot issues again as long as fewer than `total` were.
  void Repeat(const Request& request, int64_t total) {
    again_ = [this, &request, left = total](uint32_t slot) mutable {
      if (left-- > 0) Issue(slot, request);
    };
    const size_t before = answers_.size();
    for (uint32_t slot = 0; slot < sent_.size(); ++slot) again_(slot);
    WaitUntil(
        [this, before, total] { return answers_.size() - before >= static_cast<size_t>(total); });
    again_ = nullptr;
  }
  void AwaitAnswers(size_t count) {
    WaitUntil([this, count] { return answers_.size() >= count; });
  }
  /// Runs the loop until `condition`, which is asked every millisecond. Ends the program when that
  /// never comes.
  void WaitUntil(std::function<bool()> condition) {
    rpc::Executor& executor = loop_->executor();
    const rpc::Time begin = executor.Now();
    bool done = false;
    rpc::Timer timer(executor);
    std::function<void()> poll = [&] {
      done = condition();
      if (done) return;
      if (executor.Now() > begin + std::chrono::seconds(60))
        Die("the test does not come to its end");
      timer.Start(executor.Now() + std::chrono::milliseconds(1), [&poll] { poll(); });
    };
    executor.Post([&poll] { poll(); });
    loop_->RunUntil(done);
  }

  void Done(uint32_t slot, const Outcome& outcome, rpc::Time) override {
    Answer answer;
    answer.slot = slot;
    answer.outcome = outcome;
    answer.message = outcome.message;
    if (outcome.response != nullptr) answer.response = *outcome.response;
    answers_.push_back(std::move(answer));
    if (again_) again_(slot);
  }
  void Message(uint32_t, rpc::Duration latency) override { messages_.push_back(latency); }

 private:
  [[noreturn]] static void Die(const std::string& why) {
    std::cerr << why << std::endl;
    std::abort();
  }
  rpc::Task<void> StoreConnect(rpc::Deadline deadline, std::optional<absl::Status>& status) {
    rpc::Task<absl::Status> task = engine_->Connect(deadline);
    status = co_await std::move(task);
  }
  rpc::Task<void> StoreShutdown(bool& done) {
    rpc::Task<void> task = engine_->Shutdown();
    co_await std::move(task);
    done = true;
  }

  std::unique_ptr<Loop> loop_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::unique_ptr<const Engine::Encoded>> sent_;  // by slot
  std::vector<Answer> answers_;
  std::vector<rpc::Duration> messages_;
  std::function<void(uint32_t)> again_;
};

}  // namespace slipway::client::testing
