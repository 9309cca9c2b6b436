#pragma once

#include <cstdint>
#include <string>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "absl/status/status.h"
#include "rpc/io_executor.h"

namespace slipway::client {

/// Watches the many sockets of one thread through an epoll set of its own, which the executor
/// watches as one descriptor. Each socket is registered once for its life, edge-triggered: waiting
/// through Asio would cost a system call for each request.
///
/// Owned by an engine; used on the executor's thread only.
class Poller {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    /// Something may have changed: a hint only, since an event of a socket that was closed and
    /// opened again within one turn comes as well. `events` are epoll's.
    virtual void OnEvents(uint32_t events) = 0;
  };

  explicit Poller(rpc::IoExecutor& executor);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Reports reading, writing and hang-ups of `fd` to `handler` until `fd` is closed. `handler`
  /// outlives the poller's last turn. Fails when the kernel lacks memory.
  absl::Status Watch(int fd, Handler* handler);

 private:
  void WaitForTurn();
  void RunTurn();

  boost::asio::posix::stream_descriptor epoll_;
};

}  // namespace slipway::client
