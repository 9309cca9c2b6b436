#include "client/engine/tls.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <openssl/ssl.h>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/engine/tls_stream.h"
#include "wire/tls.h"

namespace slipway::client {
namespace {

constexpr size_t kMaxProtocol = 255;  // RFC 7301, 3.1: one byte says its length

/// The list as ALPN sends it.
absl::StatusOr<std::string> EncodeProtocols(const std::vector<std::string>& protocols) {
  std::string encoded;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > kMaxProtocol) {
      return absl::InvalidArgumentError(absl::StrCat(
          "TLS: \"", protocol, "\" is no name of a protocol, which has 1 to 255 bytes"));
    }
    encoded += static_cast<char>(protocol.size());
    encoded += protocol;
  }
  return encoded;
}

absl::Status OfferProtocols(SSL_CTX* context, const std::vector<std::string>& protocols) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string encoded, EncodeProtocols(protocols));
  // 0 is success here. None at all withdraws the offer that the context was made with.
  if (SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(encoded.data()),
                              encoded.size()) == 0) {
    return absl::OkStatus();
  }
  return absl::InternalError("TLS: cannot offer the protocols");
}

absl::Status HandshakeFailed(const Endpoint& endpoint, const std::string& why) {
  return absl::UnavailableError(
      absl::StrCat("the TLS handshake with ", ToString(endpoint), " failed: ", why));
}

/// Waits until the socket has something to read, at most until `deadline`.
bool WaitReadable(int fd, rpc::Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - rpc::Clock::now()).count();
  pollfd wait{fd, POLLIN, 0};
  return left > 0 && poll(&wait, 1, static_cast<int>(left)) > 0;
}

}  // namespace

TlsClient::TlsClient(TlsFiles files, std::string server_name)
    : files_(std::move(files)),
      server_name_(std::move(server_name)),
      context_(boost::asio::ssl::context::tls_client) {}

absl::StatusOr<std::shared_ptr<const TlsClient>> TlsClient::Make(
    const TlsFiles& files, const std::string& host, const std::vector<std::string>& protocols) {
  const std::string& name = files.server_name.empty() ? host : files.server_name;
  SLIPWAY_ASSIGN_OR_RETURN(auto context,
                           wire::MakeTlsContext({.ca_file = files.ca,
                                                 .certificate_file = files.certificate,
                                                 .key_file = files.key,
                                                 .server_name = name}));
  SLIPWAY_RETURN_IF_ERROR(OfferProtocols(context->native_handle(), protocols));
  if (files.insecure) SSL_CTX_set_verify(context->native_handle(), SSL_VERIFY_NONE, nullptr);
  // Sessions are kept by those who resume them.
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  std::shared_ptr<TlsClient> client(new TlsClient(files, name));
  client->context_ = std::move(*context);
  return client;
}

absl::StatusOr<std::string> ProbeProtocol(const TlsClient& tls, const Endpoint& endpoint,
                                          rpc::Duration patience) {
  const rpc::Deadline deadline = rpc::Clock::now() + patience;
  SLIPWAY_ASSIGN_OR_RETURN(const int fd, ConnectNow(endpoint, patience));
  const absl::Cleanup closing = [fd] { close(fd); };
  TlsStream stream(tls);
  SLIPWAY_RETURN_IF_ERROR(stream.Start(fd));
  while (true) {
    switch (stream.Handshake()) {
      case TlsStream::Progress::kDone:
        return std::string(stream.protocol());
      case TlsStream::Progress::kFailed:
        return HandshakeFailed(endpoint, stream.error());
      case TlsStream::Progress::kWaiting:
        if (!WaitReadable(fd, deadline)) return HandshakeFailed(endpoint, "no answer in time");
    }
  }
}

}  // namespace slipway::client
