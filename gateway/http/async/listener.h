#pragma once

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "gateway/http/async/unique_fd.h"
#include "rpc/io_executor.h"

namespace slipway::gateway {

/// One listening socket: accepts on its executor's thread and hands each connection on. No error of
/// accept ends it: when descriptors or memory are short it pauses, says so once a second, and goes
/// on.
///
/// Bind comes first, on any thread before the executor runs; Start and Close on its thread.
class Listener {
 public:
  /// `fd` does not block and is not inherited by child processes; `peer` is `address:port`.
  using OnConnection = std::function<void(UniqueFd fd, std::string peer)>;

  Listener(rpc::IoExecutor& executor, OnConnection on_connection);

  /// Listens on `HOST:PORT`, port 0 for a free one. The address must be free (SO_REUSEPORT is not
  /// set, so a second server on it fails); an error names it.
  absl::Status Bind(const std::string& address);
  int port() const { return port_; }

  void Start() { Wait(); }
  /// Hands on what the system has accepted already, then closes the socket.
  void Close();

 private:
  using Tcp = boost::asio::ip::tcp;
  using Acceptor = boost::asio::basic_socket_acceptor<Tcp, boost::asio::io_context::executor_type>;

  absl::Status Listen(const Tcp::endpoint& endpoint, const std::string& address);
  void Wait();
  void AcceptSome();
  /// Accepts one connection; 0, or errno.
  int AcceptOne();
  void Pause(int error);

  OnConnection on_connection_;
  Acceptor acceptor_;
  rpc::Timer pause_;
  rpc::Time next_report_{};
  int port_ = 0;
};

}  // namespace slipway::gateway
