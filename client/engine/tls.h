#pragma once

#include <memory>
#include <string>
#include <vector>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/ssl/context.hpp>

#include "absl/status/statusor.h"
#include "client/engine/address.h"
#include "rpc/executor.h"

namespace slipway::client {

/// What the switches say of TLS. Files are PEM.
struct TlsFiles {
  /// Empty: the system's authorities.
  std::string ca;
  std::string certificate;
  std::string key;
  /// The name that is asked for (SNI) and that the server's certificate must have; empty: the
  /// target's host.
  std::string server_name;
  /// The server's certificate is not verified.
  bool insecure = false;
};

/// TLS 1.2 or later as all connections of a run speak it. Immutable; any thread.
class TlsClient {
 public:
  /// Offers `protocols` (ALPN: `h2`, `http/1.1`) in this order. INVALID_ARGUMENT names the file.
  static absl::StatusOr<std::shared_ptr<const TlsClient>> Make(
      const TlsFiles& files, const std::string& host, const std::vector<std::string>& protocols);

  boost::asio::ssl::context& context() const { return context_; }
  const std::string& server_name() const { return server_name_; }
  const TlsFiles& files() const { return files_; }

 private:
  TlsClient(TlsFiles files, std::string server_name);

  const TlsFiles files_;
  const std::string server_name_;
  mutable boost::asio::ssl::context context_;  // OpenSSL counts references in it
};

/// Connects to `endpoint`, shakes hands, and tells the protocol that the server chose (`h2`,
/// `http/1.1`, or nothing at all). Blocks, at most for `patience`. UNAVAILABLE says what went
/// wrong, the verifier's reason included.
absl::StatusOr<std::string> ProbeProtocol(const TlsClient& tls, const Endpoint& endpoint,
                                          rpc::Duration patience);

}  // namespace slipway::client
