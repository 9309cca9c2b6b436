#include "client/engine/tls_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <boost/asio/ssl/error.hpp>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "wire/tls.h"

namespace slipway::client {
namespace {

int Clamp(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

}  // namespace

/// A socket as OpenSSL's own BIO would treat it, but without SIGPIPE, and telling how far reading
/// has come.
const BIO_METHOD* TlsStream::SocketMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_read(made, ReadSocket);
    BIO_meth_set_write(made, WriteSocket);
    BIO_meth_set_ctrl(made, ControlSocket);
    BIO_meth_set_create(made, [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    return made;
  }();
  return method;
}

int TlsStream::ReadSocket(BIO* bio, char* buffer, int size) {
  auto& self = *static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const ssize_t got = recv(self.fd_, buffer, size, 0);
  self.socket_drained_ = got < size;
  if (got == 0) self.socket_ended_ = true;
  if (got >= 0) return static_cast<int>(got);
  if (errno == EAGAIN || errno == EINTR) {
    BIO_set_retry_read(bio);
  } else {
    self.socket_error_ = errno;
  }
  return -1;
}

int TlsStream::WriteSocket(BIO* bio, const char* bytes, int size) {
  auto& self = *static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const ssize_t sent = send(self.fd_, bytes, size, MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<int>(sent);
  if (errno == EAGAIN || errno == EINTR) {
    BIO_set_retry_write(bio);
  } else {
    self.socket_error_ = errno;
  }
  return -1;
}

long TlsStream::ControlSocket(BIO* bio, int command, long, void*) {  // NOLINT: OpenSSL's type
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<TlsStream*>(BIO_get_data(bio))->socket_ended_;
  return 0;
}

absl::Status TlsStream::Start(int fd) {
  fd_ = fd;
  socket_drained_ = socket_ended_ = false;
  socket_error_ = 0;
  error_.clear();
  ssl_.reset(SSL_new(tls_.context().native_handle()));
  BIO* const bio = BIO_new(SocketMethod());
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return absl::ResourceExhaustedError("TLS: no memory for a connection");
  }
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
  SSL_set_read_ahead(ssl_.get(), 1);
  // Thousands of idle connections must not hold two buffers of 17 kB each.
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
  SLIPWAY_RETURN_IF_ERROR(wire::PrepareTls(ssl_.get(), tls_.server_name()));
  if (session_ != nullptr) SSL_set_session(ssl_.get(), session_.get());
  return absl::OkStatus();
}

TlsStream::Progress TlsStream::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return Progress::kDone;
  if (Explain(result) < 0 && errno == EAGAIN) return Progress::kWaiting;
  if (error_.empty()) {
    error_ = socket_error_ == 0 ? "the peer ended the connection"
                                : std::generic_category().message(socket_error_);
  }
  return Progress::kFailed;
}

void TlsStream::Close() {
  if (ssl_ == nullptr) return;
  if (SSL_is_init_finished(ssl_.get()) == 1 && error_.empty()) {
    // OpenSSL forgets the session of a connection that ended without both goodbyes, which HTTP does
    // not need: it knows where an answer ends.
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    session_.reset(SSL_get1_session(ssl_.get()));
    if (session_ != nullptr && SSL_SESSION_is_resumable(session_.get()) == 0) session_.reset();
  } else {
    session_.reset();
  }
  ssl_.reset();
}

ssize_t TlsStream::Read(char* buffer, size_t size) {
  ERR_clear_error();
  const int got = SSL_read(ssl_.get(), buffer, Clamp(size));
  return got > 0 ? got : Explain(got);
}

ssize_t TlsStream::Write(const char* bytes, size_t size) {
  ERR_clear_error();
  const int sent = SSL_write(ssl_.get(), bytes, Clamp(size));
  return sent > 0 ? sent : Explain(sent);
}

/// What `result`, which is not a success, means in the words of a socket.
ssize_t TlsStream::Explain(int result) {
  const int kind = SSL_get_error(ssl_.get(), result);
  if (kind == SSL_ERROR_ZERO_RETURN) return 0;
  errno = EAGAIN;
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) return -1;
  errno = socket_error_ != 0 ? socket_error_ : EPROTO;
  if (kind == SSL_ERROR_SSL) {
    const boost::system::error_code reason(static_cast<int>(ERR_peek_last_error()),
                                           boost::asio::error::get_ssl_category());
    const int saved = errno;
    error_ = wire::TlsErrorText(ssl_.get(), reason);
    errno = saved;
  }
  return -1;
}

std::string_view TlsStream::protocol() const {
  const unsigned char* chosen = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

}  // namespace slipway::client
