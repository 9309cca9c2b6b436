#include "gateway/http/async/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/host_port.h"
#include "base/log.h"

namespace slipway::gateway {
namespace {

/// So that many new connections do not keep the thread from those it has.
constexpr int kAcceptBatch = 64;
constexpr int kBacklog = 4096;
constexpr std::chrono::milliseconds kPause{50};
constexpr std::chrono::seconds kReportInterval{1};

absl::Status CannotListen(const std::string& address, const boost::system::error_code& error) {
  const std::string message = "cannot listen on " + address + ": " + error.message();
  return error == boost::system::errc::address_in_use ? absl::AlreadyExistsError(message)
                                                      : absl::UnavailableError(message);
}

std::string PeerName(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  const std::string port = ":" + std::to_string(ntohs(v6.sin6_port));
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text, sizeof text);
    return text + port;
  }
  inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return "[" + std::string(text) + "]" + port;
}

/// accept(2): errors of the one connection that was to be accepted, or none at all.
bool ConcernsOnlyOne(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

}  // namespace

Listener::Listener(rpc::IoExecutor& executor, OnConnection on_connection)
    : on_connection_(std::move(on_connection)),
      acceptor_(executor.context().get_executor()),
      pause_(executor) {}

absl::Status Listener::Bind(const std::string& address) {
  const absl::StatusOr<base::HostPort> parsed = base::ParseHostPort(address);
  if (!parsed.ok()) return parsed.status();
  if (parsed->host.empty()) {
    // All interfaces: one socket for both families where there is IPv6.
    const absl::Status both = Listen({Tcp::v6(), parsed->port}, address);
    if (both.ok() || absl::IsAlreadyExists(both)) return both;
    return Listen({Tcp::v4(), parsed->port}, address);
  }
  boost::system::error_code error;
  Tcp::resolver resolver(acceptor_.get_executor().context());
  const auto found =
      resolver.resolve(parsed->host, std::to_string(parsed->port), Tcp::resolver::passive, error);
  if (error) return CannotListen(address, error);
  return Listen(found.begin()->endpoint(), address);
}

absl::Status Listener::Listen(const Tcp::endpoint& endpoint, const std::string& address) {
  boost::system::error_code error;
  acceptor_.close(error);
  acceptor_.open(endpoint.protocol(), error);
  if (error) return CannotListen(address, error);
  if (endpoint.address().is_v6()) {
    acceptor_.set_option(boost::asio::ip::v6_only(!endpoint.address().is_unspecified()), error);
  }
  acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
  // Accepted sockets inherit it: answers leave in one write, so there is nothing to wait for.
  acceptor_.set_option(Tcp::no_delay(true), error);
  acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  return error ? CannotListen(address, error) : absl::OkStatus();
}

void Listener::Wait() {
  acceptor_.async_wait(Acceptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error) AcceptSome();
  });
}

void Listener::AcceptSome() {
  for (int i = 0; i < kAcceptBatch; ++i) {
    const int error = AcceptOne();
    if (error == EAGAIN) break;
    if (error != 0 && !ConcernsOnlyOne(error)) {
      Pause(error);
      return;
    }
  }
  Wait();
}

int Listener::AcceptOne() {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  UniqueFd fd(::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&address), &length,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.get() < 0) return errno;
  on_connection_(std::move(fd), PeerName(address));
  return 0;
}

void Listener::Pause(int error) {
  const rpc::Time now = rpc::Clock::now();
  if (now >= next_report_) {
    next_report_ = now + kReportInterval;
    base::LogWarn("port {}: cannot accept connections: {}; trying again", port_,
                  std::generic_category().message(error));
  }
  pause_.Start(now + kPause, [this] { AcceptSome(); });
}

void Listener::Close() {
  if (!acceptor_.is_open()) return;
  pause_.Cancel();
  for (int error = 0; error == 0 || ConcernsOnlyOne(error);) error = AcceptOne();
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace slipway::gateway
