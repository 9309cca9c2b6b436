#include "client/engine/address.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/host_port.h"

namespace slipway::client {
namespace {

/// 0, or the errno of the attempt.
int TryConnect(const Endpoint& endpoint, rpc::Duration patience) {
  const int fd =
      socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const absl::Cleanup closing = [fd] { close(fd); };
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
    const int failure = TryConnect(entry.endpoint(), patience);
    if (failure == 0) return entry.endpoint();
    reasons.push_back(absl::StrCat("cannot connect to ", ToString(entry.endpoint()), ": ",
                                   std::generic_category().message(failure)));
  }
  return absl::UnavailableError(absl::StrJoin(reasons, "; "));
}

}  // namespace slipway::client
