#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "absl/status/status.h"
#include "rpc/io_executor.h"

namespace slipway::wire {

/// Where to connect to, and how.
struct Peer {
  boost::asio::ip::tcp::endpoint endpoint;
  /// For TLS: the name that the certificate must have.
  std::string host;
  /// nullptr for plain text; must outlive the connection.
  boost::asio::ssl::context* tls = nullptr;
};

/// The bytes below a Connection: a TCP socket, with TLS on it or without. One thread. Handlers must
/// keep the transport alive; they are called with an error when it was closed.
class Transport {
 public:
  using Error = boost::system::error_code;

  explicit Transport(rpc::IoExecutor& executor) : socket_(executor.context()) {}

  /// Connects, and shakes hands when `peer` wants TLS. `done` gets OK or what went wrong.
  void Connect(const Peer& peer, std::function<void(absl::Status)> done);

  template <typename Handler>
  void Read(boost::asio::mutable_buffer buffer, Handler handler) {
    if (tls_ != nullptr) {
      tls_->async_read_some(buffer, std::move(handler));
    } else {
      socket_.async_read_some(buffer, std::move(handler));
    }
  }
  /// Writes what can be written without waiting; with TLS that is nothing.
  size_t TryWrite(boost::asio::const_buffer buffer, Error* error);
  /// Writes everything. One at a time.
  template <typename Handler>
  void Write(boost::asio::const_buffer buffer, Handler handler) {
    if (tls_ != nullptr) {
      boost::asio::async_write(*tls_, buffer, std::move(handler));
    } else {
      boost::asio::async_write(socket_, buffer, std::move(handler));
    }
  }
  void Close();

 private:
  using Socket = boost::asio::ip::tcp::socket;

  void StartTls(const Peer& peer, std::function<void(absl::Status)> done);
  absl::Status TlsResult(const Error& error);

  Socket socket_;
  std::unique_ptr<boost::asio::ssl::stream<Socket&>> tls_;
};

}  // namespace slipway::wire
