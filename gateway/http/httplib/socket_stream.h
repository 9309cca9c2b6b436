#pragma once

#include <httplib.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

namespace slipway::gateway {

/// The library's view of a socket, for one request: what it has in its own, which it does not
/// export. Used on the connection's thread; does not own the socket.
class SocketStream final : public httplib::Stream {
 public:
  struct Timeouts {
    std::chrono::milliseconds read;
    std::chrono::milliseconds write;
  };
  SocketStream(socket_t socket, Timeouts timeouts) : socket_(socket), timeouts_(timeouts) {}

  using httplib::Stream::write;
  bool is_readable() const override;
  /// False also when the peer has closed.
  bool is_writable() const override;
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  const socket_t socket_;
  const Timeouts timeouts_;
  // The library reads heads byte by byte.
  std::array<char, 4096> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

/// Waits in the kernel until there is something to read, the peer's end included; false when the
/// time is over.
bool WaitReadable(socket_t socket, std::chrono::milliseconds longest);

}  // namespace slipway::gateway
