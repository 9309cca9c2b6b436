#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <boost/asio/ssl/context.hpp>

#include "absl/strings/str_cat.h"

namespace slipway::client::testing {

/// A server on 127.0.0.1 that does to each connection what the test says, byte by byte, so that it
/// can misbehave; over TLS when it gets a context. A thread for each connection.
class ScriptedServer {
 public:
  /// One accepted connection. Used by its script only; closed when the script ends.
  class Peer {
   public:
    /// Head and body of the next request; empty when the client has ended.
    std::string ReadRequest() {
      size_t end;
      while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
        if (!ReadMore()) return "";
      }
      const size_t size = end + 4 + ContentLength(input_.substr(0, end));
      while (input_.size() < size) {
        if (!ReadMore()) return "";
      }
      server_.Count(server_.requests_);
      std::string request = input_.substr(0, size);
      input_.erase(0, size);
      return request;
    }
    /// Until the client ends the connection: what it asks for stays without an answer.
    void WaitForEnd() {
      while (ReadMore()) {
      }
    }
    void Write(std::string_view bytes) {
      while (!bytes.empty()) {
        const ssize_t sent = ssl_ == nullptr ? send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                             : SSL_write(ssl_.get(), bytes.data(), bytes.size());
        if (sent <= 0) return;
        bytes.remove_prefix(sent);
      }
    }
    /// A whole answer.
    void Answer(int status, std::string_view body, std::string_view headers = {}) {
      Write(absl::StrCat("HTTP/1.1 ", status, " Status\r\nContent-Length: ", body.size(), "\r\n",
                         std::string(headers), "\r\n", std::string(body)));
    }
    /// Ends with RST instead of FIN.
    void Reset() {
      const linger now{1, 0};
      setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    /// Says goodbye as TLS does it.
    void EndTls() { SSL_shutdown(ssl_.get()); }
    SSL* ssl() { return ssl_.get(); }
    /// Of this connection, from 0.
    int number() const { return number_; }

   private:
    friend class ScriptedServer;
    Peer(ScriptedServer& server, int fd, int number)
        : server_(server), fd_(fd), number_(number), ssl_(nullptr, SSL_free) {}

    bool ShakeHands(boost::asio::ssl::context* tls) {
      if (tls == nullptr) return true;
      ssl_.reset(SSL_new(tls->native_handle()));
      SSL_set_fd(ssl_.get(), fd_);
      return SSL_accept(ssl_.get()) == 1;
    }
    bool ReadMore() {
      std::array<char, 16384> buffer;
      const ssize_t size = ssl_ == nullptr ? recv(fd_, buffer.data(), buffer.size(), 0)
                                           : SSL_read(ssl_.get(), buffer.data(), buffer.size());
      if (size <= 0) return false;
      input_.append(buffer.data(), size);
      return true;
    }
    static size_t ContentLength(const std::string& head) {
      constexpr std::string_view kName = "Content-Length: ";
      const size_t at = head.find(kName);
      return at == std::string::npos ? 0
                                     : std::strtoul(head.c_str() + at + kName.size(), nullptr, 10);
    }

    ScriptedServer& server_;
    const int fd_;
    const int number_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    std::string input_;
  };
  using Script = std::function<void(Peer&)>;

  explicit ScriptedServer(Script script, boost::asio::ssl::context* tls = nullptr)
      : script_(std::move(script)), tls_(tls) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own sockets raise it
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    listen(listener_, 1024);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~ScriptedServer() { Stop(); }

  /// Ends all connections and refuses new ones. Idempotent.
  void Stop() {
    if (!acceptor_.joinable()) return;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }

  uint16_t port() const { return port_; }
  int accepted() const { return Locked(accepted_); }
  int requests() const { return Locked(requests_); }
  /// Connections whose scripts have ended.
  int ended() const { return Locked(ended_); }
  /// Wait until so many have been; fail the test when that takes very long.
  void WaitAccepted(int count) { WaitFor(accepted_, count, "connections accepted"); }
  void WaitRequests(int count) { WaitFor(requests_, count, "requests"); }
  void WaitEnded(int count) { WaitFor(ended_, count, "connections ended"); }

 private:
  void Accept() {
    for (int fd; (fd = accept(listener_, nullptr, nullptr)) >= 0;) {
      const std::lock_guard lock(mutex_);
      open_.insert(fd);
      threads_.emplace_back([this, fd, number = accepted_++] { Serve(fd, number); });
      changed_.notify_all();
    }
  }
  void Serve(int fd, int number) {
    {
      Peer peer(*this, fd, number);
      if (peer.ShakeHands(tls_)) script_(peer);
    }
    {
      const std::lock_guard lock(mutex_);
      open_.erase(fd);
      close(fd);
    }
    Count(ended_);
  }
  int Locked(const int& count) const {
    const std::lock_guard lock(mutex_);
    return count;
  }
  void Count(int& count) {
    const std::lock_guard lock(mutex_);
    ++count;
    changed_.notify_all();
  }
  void WaitFor(const int& count, int wanted, const char* what) {
    std::unique_lock lock(mutex_);
    const bool reached = changed_.wait_for(lock, std::chrono::seconds(30),
                                           [&count, wanted] { return count >= wanted; });
    EXPECT_TRUE(reached) << what << ": " << count << ", wanted " << wanted;
  }

  const Script script_;
  boost::asio::ssl::context* const tls_;
  int listener_ = -1;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<int> open_;  // all guarded by mutex_
  int accepted_ = 0;
  int requests_ = 0;
  int ended_ = 0;
  std::vector<std::thread> threads_;  // written by the acceptor only
  std::thread acceptor_;
};

}  // namespace slipway::client::testing
