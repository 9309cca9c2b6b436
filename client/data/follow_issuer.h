#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/data/expectation.h"
#include "client/data/refusals.h"
#include "client/data/request_feed.h"
#include "client/engine/request.h"
#include "client/run/issuer.h"
#include "rpc/executor.h"

namespace slipway::client {

/// The consumer of an asynchronous HTTP API: after a 202 (RFC 9110, 15.3.3) it waits as Retry-After
/// says, a second without one, and asks with GET at Location, over and over; 301, 302, 303, 307 and
/// 308 lead on at once. A request ends with the first answer that is neither, or with a failure
/// that says where; Outcome::acknowledged tells the first 202 from the result. One thread.
class FollowIssuer : public Issuer, private Engine::Listener {
 public:
  struct Options {
    /// As RequestRecipe has it.
    std::string origin;
    /// From the start of a request to its result.
    rpc::Duration patience = std::chrono::minutes(5);
  };

  /// `expectations`, which judge the result, outlive it.
  FollowIssuer(const IssuerContext& context, std::unique_ptr<RequestFeed> feed,
               const Expectations& expectations, Options options);
  ~FollowIssuer() override { Stop(); }

  void Listen(Issuer::Listener* listener) override;
  void Issue(uint32_t slot, rpc::Time now) override;
  void Stop() final;

 private:
  struct Slot {
    explicit Slot(rpc::Executor& executor) : timer(executor) {}
    rpc::Timer timer;
    rpc::Time start;
    rpc::Duration acknowledged{-1};
    // Of all steps until now.
    uint64_t bytes_received = 0;
    rpc::Duration stream_wait{0};
    std::string method;
    std::string path;
    HeaderList headers;  // of the questions that follow
    int questions = 0;
    int redirects = 0;  // since the last 202
    std::unique_ptr<const Engine::Encoded> question;
  };

  void Done(uint32_t slot, const Outcome& outcome, rpc::Time now) override;
  void OnAccepted(uint32_t index, const Outcome& outcome, rpc::Time now);
  void OnRedirect(uint32_t index, const Outcome& outcome, rpc::Time now);
  absl::Status GoTo(Slot& slot, const Outcome& outcome);
  void Ask(uint32_t index, rpc::Time now);
  void End(uint32_t index, const Outcome& outcome, rpc::Time now);
  void Complete(const Slot& slot, Outcome* outcome) const;
  void Fail(uint32_t index, OutcomeKind kind, std::string_view why, rpc::Time now);

  rpc::Executor& executor_;
  const std::unique_ptr<RequestFeed> feed_;
  const Expectations& expectations_;
  const Options options_;
  Refusals refusals_;
  Issuer::Listener* listener_ = nullptr;
  std::deque<Slot> slots_;  // their timers do not move
  std::string message_;
};

}  // namespace slipway::client
