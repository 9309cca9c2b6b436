#pragma once

#include <memory>
#include <string>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <openssl/ssl.h>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace slipway::wire {

/// Files for `grpcs://` targets, PEM. Empty: the system's authorities; no client certificate.
struct TlsOptions {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  /// The name that the server's certificate must have; empty: the target's host.
  std::string server_name;
};

/// A client context: TLS 1.2 or later, ALPN h2, the server's certificate is verified. Errors name
/// the file.
absl::StatusOr<std::unique_ptr<boost::asio::ssl::context>> MakeTlsContext(
    const TlsOptions& options);

/// Sets what belongs to one connection: the name to ask for (SNI) and to verify, a DNS name or an
/// address.
absl::Status PrepareTls(SSL* ssl, const std::string& host);

/// True when the peer chose h2 in the handshake.
bool NegotiatedHttp2(SSL* ssl);

/// Why a handshake failed, with the verifier's reason if there is one.
std::string TlsErrorText(SSL* ssl, const boost::system::error_code& error);

}  // namespace slipway::wire
