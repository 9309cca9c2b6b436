#pragma once

#include <memory>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "client/engine/epoll_loop.h"
#include "client/engine/loop.h"
#include "rpc/io_executor.h"

namespace slipway::client {

/// The loop of a thread whose requests go to HTTP/1.1 servers and to others: an io_context runs,
/// and within it the executor of HTTP/1.1, whose epoll set is one descriptor more. Each turn costs
/// a few system calls more than either loop alone.
class MixedLoop : public Loop {
 public:
  MixedLoop();
  ~MixedLoop() override;

  rpc::IoExecutor& executor() override { return io_; }
  void RunUntil(const bool& done) override { io_.RunUntil(done); }
  absl::Status status() const override { return epoll_.status(); }
  EpollExecutor* epoll() override { return &epoll_; }
  rpc::IoExecutor* io() override { return &io_; }

 private:
  void AwaitEvents();
  void Attend(rpc::Time when);
  void RunPending();

  rpc::IoExecutor io_;
  EpollExecutor epoll_;
  boost::asio::posix::stream_descriptor events_;  // of the set; not ours to close
  rpc::Timer timer_;
  bool posted_ = false;  // RunPending comes with the next turn
};

}  // namespace slipway::client
