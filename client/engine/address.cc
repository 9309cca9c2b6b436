#include "client/engine/address.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/host_port.h"

namespace slipway::client {
namespace {

/// 0, or the errno of the attempt to connect `fd`.
int TryConnect(int fd, const Endpoint& endpoint, rpc::Duration patience) {
  if (connect(fd, endpoint.data(), endpoint.size()) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{fd, POLLOUT, 0};
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  if (poll(&wait, 1, static_cast<int>(limit)) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

std::string ToString(const Endpoint& endpoint) {
  return base::HostPort{endpoint.address().to_string(), endpoint.port()}.ToString();
}

absl::StatusOr<int> ConnectNow(const Endpoint& endpoint, rpc::Duration patience) {
  const int fd =
      socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int error = fd < 0 ? errno : TryConnect(fd, endpoint, patience);
  if (error == 0) return fd;
  if (fd >= 0) close(fd);
  return absl::UnavailableError(absl::StrCat("cannot connect to ", ToString(endpoint), ": ",
                                             std::generic_category().message(error)));
}

absl::StatusOr<Endpoint> FindReachable(const std::string& host, uint16_t port,
                                       rpc::Duration patience) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::resolver resolver(context);
  boost::system::error_code error;
  const auto found = resolver.resolve(host, absl::StrCat(port), error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot resolve ", host, ": ", error.message()));
  }
  std::vector<std::string> reasons;
  for (const auto& entry : found) {
    const absl::StatusOr<int> fd = ConnectNow(entry.endpoint(), patience);
    if (fd.ok()) {
      close(*fd);
      return entry.endpoint();
    }
    reasons.emplace_back(fd.status().message());
  }
  return absl::UnavailableError(absl::StrJoin(reasons, "; "));
}

}  // namespace slipway::client
