#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "absl/status/status.h"
#include "client/engine/tls.h"

namespace slipway::client {

/// TLS over one non-blocking socket, which the owner opens, watches and closes. Reads as much from
/// the socket at once as there is, not record by record, and resumes the last session when it is
/// started again. Owned by a connection; used on its thread.
class TlsStream {
 public:
  enum class Progress { kDone, kWaiting, kFailed };

  /// `tls` outlives the stream.
  explicit TlsStream(const TlsClient& tls) : tls_(tls) {}
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream() { Close(); }

  /// Takes `fd`, which is connected. Fails when OpenSSL lacks memory or cannot use the name.
  absl::Status Start(int fd);
  /// Goes on with the handshake, as often as the socket has become readable or writable.
  Progress Handshake();
  /// Forgets the connection, but not its session. Idempotent.
  void Close();

  /// Like recv and send: 0 is the peer's end, -1 an errno. EAGAIN is the only one that passes;
  /// behind EPROTO error() says more.
  ssize_t Read(char* buffer, size_t size);
  ssize_t Write(const char* bytes, size_t size);
  /// Whether the last Read has left nothing behind, in the socket or here.
  bool drained() const { return socket_drained_ && SSL_has_pending(ssl_.get()) == 0; }

  /// What went wrong, the verifier's reason included.
  const std::string& error() const { return error_; }
  /// What the peer chose among the protocols offered; empty when it chose none.
  std::string_view protocol() const;
  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  };

  static const BIO_METHOD* SocketMethod();
  static int ReadSocket(BIO* bio, char* buffer, int size);
  static int WriteSocket(BIO* bio, const char* bytes, int size);
  static long ControlSocket(BIO* bio, int command, long number, void* pointer);  // NOLINT: a hook

  ssize_t Explain(int result);

  const TlsClient& tls_;
  std::unique_ptr<SSL, Free> ssl_;
  std::unique_ptr<SSL_SESSION, Free> session_;
  int fd_ = -1;
  bool socket_drained_ = false;
  bool socket_ended_ = false;
  int socket_error_ = 0;
  std::string error_;
};

}  // namespace slipway::client
