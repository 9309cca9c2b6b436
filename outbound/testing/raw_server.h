#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rpc/io_executor.h"

namespace slipway::outbound::testing {

/// An HTTP/1.1 server whose answers are bytes that the test chooses, so that it can misbehave. One
/// thread of its own, on 127.0.0.1.
class RawServer {
 public:
  /// One accepted connection. Used on the server's thread.
  class Connection : public std::enable_shared_from_this<Connection> {
   public:
    explicit Connection(boost::asio::ip::tcp::socket socket)
        : open_(std::move(socket)), socket_(*open_) {}

    /// After what was written before; then `then`, if the client still listens.
    void Write(std::string bytes, std::function<void()> then = nullptr) {
      queue_.push_back({std::move(bytes), std::move(then)});
      if (queue_.size() == 1) WriteNext();
    }
    /// A whole answer.
    void Answer(int status, std::string_view body, std::string_view headers = {}) {
      Write(absl::StrCat("HTTP/1.1 ", status, " Status\r\ncontent-length: ", body.size(), "\r\n",
                         std::string(headers), "\r\n", std::string(body)));
    }
    /// Sends what is written, then FIN.
    void Finish() {
      Write("", [this] { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, error_); });
    }
    /// Sends RST.
    void Reset() {
      socket_.set_option(boost::asio::socket_base::linger(true, 0), error_);
      socket_.close(error_);
    }

   private:
    friend class RawServer;
    struct Piece {
      std::string bytes;
      std::function<void()> then;
    };
    void WriteNext() {
      boost::asio::async_write(
          socket_, boost::asio::buffer(queue_.front().bytes),
          [self = shared_from_this()](const boost::system::error_code& error, size_t) {
            if (error) return self->queue_.clear();
            const std::function<void()> then = std::move(self->queue_.front().then);
            if (then) then();
            self->queue_.pop_front();
            if (!self->queue_.empty()) self->WriteNext();
          });
    }

    std::optional<boost::asio::ip::tcp::socket> open_;  // until the server goes
    boost::asio::ip::tcp::socket& socket_;
    std::string input_;
    std::deque<Piece> queue_;  // a write in progress keeps its place
    boost::system::error_code error_;
  };
  using ConnectionPtr = std::shared_ptr<Connection>;
  /// On the server's thread, for each whole request: its head and body as they came.
  using OnRequest = std::function<void(ConnectionPtr, const std::string& request)>;

  explicit RawServer(OnRequest on_request)
      : on_request_(std::move(on_request)),
        acceptor_(executor_.context(), {boost::asio::ip::address_v4::loopback(), 0}),
        port_(acceptor_.local_endpoint().port()) {
    Accept();
    thread_ = std::thread([this] { executor_.Run(); });
  }
  ~RawServer() {
    executor_.Stop();
    thread_.join();
    // A test may hold on to connections, but their sockets belong to the executor.
    for (const std::weak_ptr<Connection>& each : connections_) {
      if (const ConnectionPtr connection = each.lock()) connection->open_.reset();
    }
  }

  std::uint16_t port() const { return port_; }
  std::string Url(std::string_view path = "/", std::string_view host = "127.0.0.1") const {
    return absl::StrCat("http://", std::string(host), ":", port_, std::string(path));
  }
  /// Runs `work` on the server's thread.
  void Post(std::function<void()> work) { executor_.Post(std::move(work)); }

  int accepted() const { return Locked(accepted_); }
  int closed() const { return Locked(closed_); }
  int requests() const { return Locked(requests_); }
  /// Wait until so many have been; fail the test when that takes very long.
  void WaitAccepted(int count) { WaitFor(accepted_, count, "connections accepted"); }
  void WaitClosed(int count) { WaitFor(closed_, count, "connections closed by the client"); }
  void WaitRequests(int count) { WaitFor(requests_, count, "requests"); }

 private:
  void Accept() {
    acceptor_.async_accept(
        [this](const boost::system::error_code& error, boost::asio::ip::tcp::socket socket) {
          if (error) return;
          Count(accepted_);
          const auto connection = std::make_shared<Connection>(std::move(socket));
          connections_.push_back(connection);
          Read(connection);
          Accept();
        });
  }
  void Read(const ConnectionPtr& connection) {
    auto buffer = std::make_shared<std::string>(16 * 1024, '\0');
    connection->socket_.async_read_some(
        boost::asio::buffer(*buffer),
        [this, connection, buffer](const boost::system::error_code& error, size_t size) {
          if (error) return Count(closed_);
          connection->input_.append(*buffer, 0, size);
          TakeRequests(connection);
          if (connection->socket_.is_open()) Read(connection);
        });
  }
  void TakeRequests(const ConnectionPtr& connection) {
    std::string& input = connection->input_;
    for (size_t end; (end = input.find("\r\n\r\n")) != std::string::npos;) {
      const size_t size = end + 4 + ContentLength(input.substr(0, end));
      if (input.size() < size) return;
      const std::string request = input.substr(0, size);
      input.erase(0, size);
      Count(requests_);
      on_request_(connection, request);
    }
  }
  static size_t ContentLength(const std::string& head) {
    constexpr std::string_view kName = "Content-Length: ";
    const size_t at = head.find(kName);
    return at == std::string::npos ? 0
                                   : std::strtoul(head.c_str() + at + kName.size(), nullptr, 10);
  }

  int Locked(const int& count) const {
    const std::lock_guard lock(mutex_);
    return count;
  }
  void Count(int& count) {
    {
      const std::lock_guard lock(mutex_);
      ++count;
    }
    changed_.notify_all();
  }
  void WaitFor(const int& count, int wanted, const char* what) {
    std::unique_lock lock(mutex_);
    const bool reached = changed_.wait_for(lock, std::chrono::seconds(30),
                                           [&count, wanted] { return count >= wanted; });
    EXPECT_TRUE(reached) << what << ": " << count << ", wanted " << wanted;
  }

  const OnRequest on_request_;
  rpc::IoExecutor executor_;
  boost::asio::ip::tcp::acceptor acceptor_;
  const std::uint16_t port_;
  std::vector<std::weak_ptr<Connection>> connections_;  // on the server's thread
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int accepted_ = 0;  // all guarded by mutex_
  int closed_ = 0;
  int requests_ = 0;
  std::thread thread_;
};

}  // namespace slipway::outbound::testing
