#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/data/answer.h"
#include "client/data/refusals.h"
#include "client/engine/request.h"
#include "client/run/issuer.h"
#include "client/run/request_numbers.h"
#include "client/run/workload.h"
#include "client/scenario/scenario_file.h"
#include "rpc/executor.h"

namespace slipway::client {

/// The users of one thread: each slot is one of them, with its own variables, and goes through one
/// scenario for each request of the driver. A step that fails ends it. Latencies of steps are those
/// of their requests; the driver's are those of the whole way, think times included. One thread.
class ScenarioIssuer : public Issuer, private Engine::Listener {
 public:
  /// `scenarios` and `numbers` outlive it. INVALID_ARGUMENT when an engine cannot send a step.
  static absl::StatusOr<std::unique_ptr<ScenarioIssuer>> Make(
      const std::vector<Scenario>& scenarios, RequestNumbers& numbers,
      const IssuerContext& context);
  ~ScenarioIssuer() override { Stop(); }

  void Listen(Issuer::Listener* listener) override;
  void Issue(uint32_t slot, rpc::Time now) override;
  void Stop() final;

 private:
  struct User {
    explicit User(rpc::Executor& executor) : timer(executor) {}
    rpc::Timer timer;
    const Scenario* scenario = nullptr;
    size_t first_step = 0;  // the number of the scenario's first step among all
    size_t step = 0;
    int64_t repeats_left = 0;
    int64_t number = 0;  // of the iteration
    rpc::Time step_start;
    uint64_t bytes_received = 0;
    rpc::Duration stream_wait{0};
    std::vector<std::string> values;
    std::unique_ptr<const Engine::Encoded> encoded;
  };

  ScenarioIssuer(const std::vector<Scenario>& scenarios, RequestNumbers& numbers,
                 const IssuerContext& context);
  absl::Status EncodeLiterals();
  size_t Choose();
  void StartStep(uint32_t slot, rpc::Time now);
  absl::StatusOr<const Engine::Encoded*> EncodeStep(User& user);
  void Done(uint32_t slot, const Outcome& outcome, rpc::Time now) override;
  void Message(uint32_t slot, rpc::Duration latency) override { listener_->Message(slot, latency); }
  absl::Status Extract(const ScenarioStep& step, Answer& answer, User* user);
  void GoOn(uint32_t slot, const Outcome& outcome, rpc::Time now);
  void End(uint32_t slot, Outcome outcome, rpc::Time now);

  const std::vector<Scenario>& scenarios_;
  rpc::Executor& executor_;
  const std::vector<Engine*> engines_;
  const int thread_;
  RequestNumbers& numbers_;  // of the iterations
  std::mt19937_64 random_;   // of values
  std::mt19937_64 choices_;  // of scenarios
  std::uniform_int_distribution<int64_t> weights_;
  Refusals refusals_;
  Issuer::Listener* listener_ = nullptr;
  Request request_;
  // By number of the step: what is the same each time, else nullptr.
  std::vector<std::unique_ptr<const Engine::Encoded>> literals_;
  std::deque<User> users_;  // their timers do not move
  std::string message_;
  std::string end_message_;
};

}  // namespace slipway::client
