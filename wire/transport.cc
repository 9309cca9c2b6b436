#include "wire/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "wire/tls.h"

namespace slipway::wire {
namespace {

namespace asio = boost::asio;

// The kernel finds a peer that has vanished: unanswered data within 20 s, silence within a minute.
void WatchPeer(asio::ip::tcp::socket& socket) {
  const auto set = [&socket](int level, int name, int value) {
    // A socket that cannot do it works without.
    (void)::setsockopt(socket.native_handle(), level, name, &value, sizeof(value));
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 20'000);
}

}  // namespace

void Transport::Connect(const Peer& peer, std::function<void(absl::Status)> done) {
  socket_.async_connect(peer.endpoint, [this, peer, done = std::move(done)](const Error& error) {
    if (error) return done(absl::UnavailableError(error.message()));
    Error ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    WatchPeer(socket_);
    peer.tls == nullptr ? done(absl::OkStatus()) : StartTls(peer, done);
  });
}

void Transport::StartTls(const Peer& peer, std::function<void(absl::Status)> done) {
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *peer.tls);
  if (absl::Status status = PrepareTls(tls_->native_handle(), peer.host); !status.ok()) {
    return done(std::move(status));
  }
  tls_->async_handshake(
      asio::ssl::stream_base::client,
      [this, done = std::move(done)](const Error& error) { done(TlsResult(error)); });
}

absl::Status Transport::TlsResult(const Error& error) {
  if (error) {
    return absl::UnavailableError("TLS: " + TlsErrorText(tls_->native_handle(), error));
  }
  if (!NegotiatedHttp2(tls_->native_handle())) {
    return absl::UnavailableError("TLS: the server did not negotiate h2 (ALPN)");
  }
  return absl::OkStatus();
}

size_t Transport::TryWrite(asio::const_buffer buffer, Error* error) {
  if (tls_ != nullptr) return 0;
  const size_t written = socket_.write_some(buffer, *error);
  if (*error == asio::error::would_block) *error = {};
  return written;
}

void Transport::Close() {
  Error ignored;
  socket_.close(ignored);
}

}  // namespace slipway::wire
