#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "client/engine/engine.h"
#include "client/engine/request.h"
#include "client/run/issuer.h"
#include "rpc/executor.h"

namespace slipway::client {

/// An engine for tests of issuers: remembers what it was given and answers what and when the test
/// says. One thread.
class FakeEngine : public Engine {
 public:
  class FakeEncoded : public Encoded {
   public:
    explicit FakeEncoded(Request request) : request(std::move(request)) {}
    const Request request;
  };

  struct Call {
    uint32_t slot;
    Request request;
  };

  explicit FakeEngine(rpc::Executor& executor) : executor_(executor) {}

  rpc::Task<absl::Status> Connect(rpc::Deadline) override { co_return absl::OkStatus(); }
  void Listen(Listener* listener) override { listener_ = listener; }
  absl::StatusOr<std::unique_ptr<const Encoded>> Encode(const Request& request) override {
    ++encodes;
    if (!encode_error.ok()) return encode_error;
    return std::make_unique<FakeEncoded>(request);
  }
  void Issue(uint32_t slot, const Encoded& request, rpc::Time) override {
    calls.push_back({slot, static_cast<const FakeEncoded&>(request).request});
  }
  rpc::Task<void> Shutdown() override { co_return; }
  EngineCounts counts() const override { return {}; }

  /// The first call that was not answered yet ends with this HTTP status.
  void AnswerHttp(int status, HeaderList headers = {}, std::string body = "") {
    Answer(OutcomeKind::kHttpStatus, status, status < 400, std::move(headers), std::move(body));
  }
  /// The same, of a gRPC call.
  void AnswerGrpc(int code, std::string message = "", HeaderList metadata = {}) {
    Answer(OutcomeKind::kGrpcStatus, code, code == 0, std::move(metadata), std::move(message));
  }
  /// The same without an answer.
  void Fail(OutcomeKind kind, int code, std::string message) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.code = code;
    outcome.message = message;
    Report(outcome);
  }
  /// What waits for an answer.
  const Call& open() const { return calls.at(answered_); }
  size_t open_count() const { return calls.size() - answered_; }
  Listener* listener() const { return listener_; }

  std::deque<Call> calls;
  int encodes = 0;
  absl::Status encode_error;

 private:
  void Answer(OutcomeKind kind, int code, bool ok, HeaderList headers, std::string body) {
    const Response response{code, std::move(headers), std::move(body)};
    Outcome outcome;
    outcome.kind = kind;
    outcome.code = code;
    outcome.ok = ok;
    outcome.bytes_received = response.body.size();
    outcome.response = &response;
    Report(outcome);
  }
  void Report(const Outcome& outcome) {
    const uint32_t slot = calls.at(answered_++).slot;
    listener_->Done(slot, outcome, executor_.Now());
  }

  rpc::Executor& executor_;
  Listener* listener_ = nullptr;
  size_t answered_ = 0;
};

/// A driver for tests of issuers: remembers what it was told.
class FakeDriver : public Issuer::Listener {
 public:
  struct Ended {
    uint32_t slot = 0;
    OutcomeKind kind = OutcomeKind::kBroken;
    int code = 0;
    bool ok = false;
    std::string message;
    uint64_t bytes_received = 0;
    rpc::Duration acknowledged{0};
    size_t step = 0;
    rpc::Duration latency{0};
  };

  void Done(uint32_t slot, const Outcome& outcome, rpc::Time) override {
    ended.push_back(Keep(slot, outcome));
    if (on_done) on_done(slot);
  }
  void Step(uint32_t slot, size_t step, const Outcome& outcome, rpc::Duration latency) override {
    steps.push_back(Keep(slot, outcome));
    steps.back().step = step;
    steps.back().latency = latency;
  }
  void Message(uint32_t, rpc::Duration) override { ++messages; }

  std::vector<Ended> ended;
  std::vector<Ended> steps;
  int messages = 0;
  std::function<void(uint32_t slot)> on_done;

 private:
  static Ended Keep(uint32_t slot, const Outcome& outcome) {
    Ended kept;
    kept.slot = slot;
    kept.kind = outcome.kind;
    kept.code = outcome.code;
    kept.ok = outcome.ok;
    kept.message = std::string(outcome.message);
    kept.bytes_received = outcome.bytes_received;
    kept.acknowledged = outcome.acknowledged;
    return kept;
  }
};

}  // namespace slipway::client
