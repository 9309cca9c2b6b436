#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "client/measure/histogram.h"

namespace slipway::client::testing {

enum class KnownProtocol {
  kHttp1,
  kHttp2,  // in plain text, without asking first
  kGrpc,
};

/// How a server behaves, so that what a load generator must report can be computed. Numbers of
/// requests count from 1, over all connections, in the order in which requests were complete.
struct KnownBehaviour {
  /// From the request's last byte to the answer's first; all requests wait at the same time.
  std::chrono::nanoseconds delay{0};
  /// One blocking worker: `delay` is how long it is busy with each, one after the other.
  bool one_worker = false;
  /// Above 0, instead of `delay`: one queue, served one after the other, with exponentially
  /// distributed service times of this mean. With Poisson arrivals this is M/M/1: the time in the
  /// system is exponentially distributed with the mean 1 / (1/mean_service − arrival rate).
  std::chrono::nanoseconds mean_service{0};
  /// Of the service times; printed at the start when they are random.
  uint64_t seed = 1;
  /// Both above 0: from the first request on, the last `stall_length` of each `stall_every` nothing
  /// is answered; what is due meanwhile is answered at the stall's end. Nothing is lost.
  std::chrono::nanoseconds stall_every{0};
  std::chrono::nanoseconds stall_length{0};
  /// Above 0, instead of `stall_every`: one stall only, which begins so long after the first
  /// request.
  std::chrono::nanoseconds stall_after{0};

  // Requests whose number is a multiple fail, by the first of these that fits; 0: none.
  /// gRPC: a message, then NOT_FOUND in the trailers. HTTP: status 500.
  int64_t error_every = 0;
  /// HTTP/2: RST_STREAM with CANCEL. HTTP/1.1: the connection is reset (TCP RST).
  int64_t reset_every = 0;
  /// The answer's beginning, then the connection is closed; on HTTP/2 other requests on it break,
  /// too.
  int64_t close_every = 0;

  /// The body, or the bytes of each message.
  std::string body = "known";
  /// gRPC: how many messages an answer has.
  int messages = 1;
  /// From one of them to the next; the first comes after `delay`.
  std::chrono::nanoseconds message_gap{0};
  /// HTTP/2: MAX_CONCURRENT_STREAMS of each connection; 0: no limit that matters.
  uint32_t max_streams = 0;
};

/// What a KnownServer has done. `received` is the sum of the others and of what is in its hands.
struct KnownCounts {
  int64_t connections = 0;
  int64_t received = 0;
  int64_t ok = 0;
  int64_t errors = 0;
  int64_t resets = 0;
  int64_t closes = 0;
  /// The client had gone, or its connection had broken, before the answer.
  int64_t abandoned = 0;
  /// Of those received: their answers were put off because of a stall by the clock.
  int64_t stalled = 0;
  /// The most that were in its hands at the same time.
  int64_t most_at_once = 0;
};

/// A server of known behaviour on 127.0.0.1, with a thread of its own. All functions may be called
/// by any other thread.
class KnownServer {
 public:
  explicit KnownServer(KnownProtocol protocol, KnownBehaviour behaviour = {});
  KnownServer(const KnownServer&) = delete;
  KnownServer& operator=(const KnownServer&) = delete;
  ~KnownServer();

  uint16_t port() const;
  /// For `slipway-load run` and ParseTarget: any path or method will do.
  std::string url() const;
  KnownCounts counts();
  /// For each request that was answered, whatever with: from its arrival to the beginning of the
  /// answer, by the server's own clock. A client cannot measure less.
  Histogram times();
  /// Answers nothing until Resume; what is due meanwhile is answered then.
  void Stall();
  void Resume();

 private:
  class Host;
  class Http1Host;
  class Http2Host;

  const KnownProtocol protocol_;
  std::unique_ptr<Host> host_;
};

}  // namespace slipway::client::testing
