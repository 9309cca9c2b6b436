#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "outbound/rate_limiter.h"
#include "rpc/call_context.h"
#include "rpc/executor.h"
#include "rpc/task.h"
#include "server/upstream/fact_source.h"
#include "server/upstream/fact_upstream.h"
#include "server/upstream/task_group.h"

namespace slipway::server {

/// How the calls of one request follow each other.
enum class FactWay {
  kInTurn,   ///< one after the other; the first that fails ends it
  kAtOnce,   ///< all at once; those that fail are left out
  kLimited,  ///< as many at once as there are permits; those that fail are asked again
};

/// One fact that has arrived.
struct ArrivedFact {
  /// Number of the call, from 0.
  int index = 0;
  std::string text;
};

/// One request for N facts: makes the calls of the upstream, sees what becomes of each, and has the
/// facts ready as they arrive. Lives in the handler's frame, on the call's executor; the context
/// and the upstream outlive it. Ends with the call's deadline or cancellation; destroying it ends
/// all calls that are under way. Its destructor logs what was asked, got and refused.
///
/// In the limited way one that is refused waits with everybody for the limiter; after a refusal or
/// a failure a single call at a time asks until one succeeds, and the request gives up after so
/// many of them in a row, or when the upstream refuses everybody for too long. What is under way
/// and what nobody has read yet is never more than the limit.
class FactGather {
 public:
  /// Calls of the upstream, and what became of them.
  struct Tally {
    int asked = 0;
    int got = 0;
    int refused = 0;
    int failed = 0;
  };

  /// `count` facts, at least 0.
  FactGather(rpc::CallContext& context, FactUpstream& upstream, FactWay way, int count);
  ~FactGather();
  FactGather(const FactGather&) = delete;
  FactGather& operator=(const FactGather&) = delete;

  /// Waits for the next fact, in the order of arrival; nothing when there are no more, and then
  /// status() says why.
  rpc::Task<std::optional<ArrivedFact>> Next();
  const absl::Status& status() const { return status_; }
  const Tally& tally() const { return tally_; }

 private:
  rpc::Task<void> Call(int index, outbound::Permit permit);
  void Settle(int index, outbound::Permit permit, rpc::Time started, FactAnswer answer);
  void OnRefused(int index, rpc::Time started, const FactAnswer& answer);
  void OnFailed(int index, rpc::Time started, const FactAnswer& answer);
  void AskAgain(int index);
  /// No call before so many failures' delay; `why` is for the log.
  void BackOff(int in_a_row, outbound::WaitReason reason, const absl::Status& why);
  void EndBackOff();
  /// Gives up if the upstream refuses, not only this request, for longer than anybody waits.
  void CheckPatience();
  void GiveUp(const absl::Status& why);
  /// Starts what may be started. Ends all calls once the request has failed.
  void Advance();
  /// Something has happened: goes on, and lets the reader know. The reader may destroy this.
  void OnEvent();
  void OnCallEnded();
  void OnEnd();
  int Wanted() const;
  bool Complete() const { return settled_ == count_; }

  rpc::CallContext& context_;
  FactUpstream& upstream_;
  const FactWay way_;
  const int count_;
  const rpc::Time begin_;
  Tally tally_;
  absl::Status status_;
  absl::Status last_failure_;
  bool begun_ = false;
  bool advancing_ = false;

  int next_index_ = 0;
  std::deque<int> again_;  // calls that were refused or have failed, to be made again
  int settled_ = 0;        // calls that are not made again
  std::deque<ArrivedFact> ready_;

  // Since the last success, those of one burst counted once:
  int refusals_ = 0;
  int failures_ = 0;
  rpc::Time last_strike_ = rpc::Time::min();
  rpc::Time not_before_ = rpc::Time::min();
  /// A back-off in progress, for the log.
  struct Pause {
    rpc::Time since;
    outbound::WaitReason reason;
    std::string why;
  };
  std::optional<Pause> pause_;
  absl::InsecureBitGen random_;

  rpc::WaitSlot changed_;
  rpc::Timer backoff_;
  rpc::Timer deadline_;
  std::optional<rpc::CallContext::CancelHook> cancel_hook_;
  std::optional<outbound::RateLimiter::Line> line_;  // in the limited way
  TaskGroup calls_;
};

}  // namespace slipway::server
