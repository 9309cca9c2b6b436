#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "rpc/io_executor.h"

namespace slipway::wire::testing {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// How the server behaves below the streams.
struct Http2ServerOptions {
  /// 0: any free port.
  uint16_t port = 0;
  uint32_t max_concurrent_streams = 1'000'000;
  uint32_t stream_window = 65'535;
  /// Bytes of the largest DATA frame; 1 splits everything.
  size_t max_data = 16'384;
  /// Sent instead of HTTP/2; empty: HTTP/2 is spoken.
  std::string greeting;
  /// Connections are accepted and closed.
  bool close_at_once = false;
  /// Connections are accepted and nothing is ever sent.
  bool silent = false;
  /// TLS when set; must outlive the server.
  boost::asio::ssl::context* tls = nullptr;
};

/// One stream as the server's side sees it. Valid until Handler::OnClosed. Server's thread.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const Fields& headers() const = 0;
  /// The value of a request header, or empty.
  std::string_view Header(std::string_view name) const;

  virtual void SendHead(const Fields& fields, bool end_stream) = 0;
  virtual void SendInterim(const Fields& fields) = 0;
  virtual void SendBody(std::string_view bytes) = 0;
  /// Bytes given to SendBody that are not written yet.
  virtual size_t unsent() const = 0;
  /// After the body. Without fields: END_STREAM on the last DATA frame.
  virtual void SendTrailers(const Fields& fields) = 0;
  virtual void Reset(uint32_t code) = 0;
  virtual void SendGoaway(int32_t last_stream, uint32_t code) = 0;
  /// Closes the connection without a word.
  virtual void Disconnect() = 0;
  virtual int32_t id() const = 0;
  /// The reader has done with `bytes`.
  virtual void Consume(size_t bytes) = 0;
};

/// What a test does with one stream. Called from inside nghttp2 on the server's thread; owned by
/// the connection, gone after OnClosed.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void OnData(std::string_view bytes) = 0;
  virtual void OnRequestEnd() = 0;
  /// Everything given to SendBody has been written.
  virtual void OnDrained() {}
  virtual void OnClosed(uint32_t code) = 0;
};

/// An HTTP/2 server for tests on 127.0.0.1, on a thread of its own. Windows are given back only by
/// Exchange::Consume.
class Http2Server {
 public:
  /// Makes the handler of a new stream whose headers are there.
  using MakeHandler = std::function<std::unique_ptr<Handler>(Exchange&)>;

  Http2Server(Http2ServerOptions options, MakeHandler make_handler);
  ~Http2Server();
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  uint16_t port() const { return port_; }
  /// `127.0.0.1:port`
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  rpc::IoExecutor& executor() { return executor_; }

  /// Runs `work` on the server's thread and waits for it.
  void OnThread(const std::function<void()>& work);
  size_t accepted();
  /// Closes all connections, keeps listening.
  void DisconnectAll();
  /// Sends a GOAWAY on every connection; streams above `last_stream` are not processed.
  void GoawayAll(int32_t last_stream, uint32_t code);

 private:
  class Connection;
  class StreamState;

  void Accept();
  void Welcome(boost::asio::ip::tcp::socket socket);

  const Http2ServerOptions options_;
  const MakeHandler make_handler_;
  rpc::IoExecutor executor_;
  boost::asio::ip::tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  size_t accepted_ = 0;
  std::vector<std::weak_ptr<Connection>> connections_;
  std::thread thread_;
};

}  // namespace slipway::wire::testing
