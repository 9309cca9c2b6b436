#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

#include "client/measure/histogram.h"
#include "client/testing/known_server.h"
#include "rpc/executor.h"

namespace slipway::client::testing {

/// One request as a protocol can answer it. Each is answered at most once.
class KnownReply {
 public:
  virtual ~KnownReply() = default;
  virtual void Ok() = 0;
  virtual void Error() = 0;
  virtual void Reset() = 0;
  virtual void CloseEarly() = 0;
};

/// Decides when and how the requests of a KnownServer are answered, whatever the protocol. Belongs
/// to the server's thread.
class KnownDesk {
 public:
  /// A request that is waited with. The protocol clears `reply` when the client has gone.
  struct Ticket {
    explicit Ticket(rpc::Executor& executor) : timer(executor) {}
    KnownReply* reply = nullptr;
    int64_t number = 0;
    rpc::Time arrived;
    rpc::Timer timer;
  };

  KnownDesk(rpc::Executor& executor, const KnownBehaviour& behaviour);

  /// A request is complete; `reply` stays until it is answered or its ticket cleared.
  std::shared_ptr<Ticket> Arrive(KnownReply* reply);
  void Stall() { stalled_ = true; }
  void Resume();
  /// Forgets all tickets: nothing is answered any more.
  void Stop();
  /// Without the connections.
  const KnownCounts& counts() const { return counts_; }
  const Histogram& times() const { return times_; }
  rpc::Executor& executor() { return executor_; }

 private:
  rpc::Time DueAt(rpc::Time now);
  rpc::Time AfterStall(rpc::Time due) const;
  rpc::Time PutOff(rpc::Time due);
  void OnDue(Ticket* ticket);
  void Finish(Ticket* ticket);
  void Answer(Ticket& ticket);

  rpc::Executor& executor_;
  const KnownBehaviour behaviour_;
  std::mt19937_64 random_;
  std::exponential_distribution<double> service_;  // seconds
  rpc::Time first_;                                // arrival
  rpc::Time free_from_;                            // the queue's server has nothing left to do
  bool stalled_ = false;
  bool stopped_ = false;
  std::unordered_map<Ticket*, std::shared_ptr<Ticket>> open_;
  std::vector<Ticket*> held_;  // due while stalled, in order
  KnownCounts counts_;
  Histogram times_;
};

}  // namespace slipway::client::testing
