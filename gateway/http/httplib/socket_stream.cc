#include "gateway/http/httplib/socket_stream.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace slipway::gateway {
namespace {

/// Not select: descriptors above 1,023 would be out of its reach.
bool WaitFor(socket_t socket, short events, std::chrono::milliseconds longest) {
  const auto deadline = std::chrono::steady_clock::now() + longest;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waited{socket, events, 0};
    const int ready =
        poll(&waited, 1, static_cast<int>(std::clamp<int64_t>(left.count(), 0, INT_MAX)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

ssize_t Receive(socket_t socket, char* data, size_t size, int flags) {
  ssize_t received;
  do {
    received = recv(socket, data, size, flags);
  } while (received < 0 && errno == EINTR);
  return received;
}

bool PeerIsThere(socket_t socket) {
  if (!WaitReadable(socket, std::chrono::milliseconds(0))) return true;
  char next;
  return Receive(socket, &next, 1, MSG_PEEK) > 0;
}

using NameOfSocket = int (*)(int, sockaddr*, socklen_t*);

void GetIpAndPort(NameOfSocket name_of, socket_t socket, std::string* ip, int* port) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  char host[NI_MAXHOST];
  char service[NI_MAXSERV];
  if (name_of(socket, generic, &length) != 0 ||
      getnameinfo(generic, length, host, sizeof host, service, sizeof service,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return;
  }
  *ip = host;
  *port = std::atoi(service);
}

}  // namespace

bool WaitReadable(socket_t socket, std::chrono::milliseconds longest) {
  return WaitFor(socket, POLLIN, longest);
}

bool SocketStream::is_readable() const { return WaitReadable(socket_, timeouts_.read); }

bool SocketStream::is_writable() const {
  return WaitFor(socket_, POLLOUT, timeouts_.write) && PeerIsThere(socket_);
}

ssize_t SocketStream::read(char* data, size_t size) {
  if (begin_ == end_) {
    if (!is_readable()) return -1;
    if (size >= buffer_.size()) return Receive(socket_, data, size, 0);
    const ssize_t received = Receive(socket_, buffer_.data(), buffer_.size(), 0);
    if (received <= 0) return received;
    begin_ = 0;
    end_ = static_cast<size_t>(received);
  }
  const size_t taken = std::min(size, end_ - begin_);
  std::memcpy(data, buffer_.data() + begin_, taken);
  begin_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t SocketStream::write(const char* data, size_t size) {
  if (!is_writable()) return -1;
  ssize_t sent;
  do {
    sent = send(socket_, data, size, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

void SocketStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  GetIpAndPort(&getpeername, socket_, &ip, &port);
}

void SocketStream::get_local_ip_and_port(std::string& ip, int& port) const {
  GetIpAndPort(&getsockname, socket_, &ip, &port);
}

}  // namespace slipway::gateway
