#include "wire/tls.h"

#include <array>
#include <string_view>

#include <openssl/x509v3.h>
#include <boost/asio/ip/address.hpp>

#include "absl/strings/str_cat.h"

namespace slipway::wire {
namespace {

namespace ssl = boost::asio::ssl;
using Error = boost::system::error_code;

absl::Status FileError(const char* what, const std::string& file, const Error& error) {
  return absl::InvalidArgumentError(
      absl::StrCat("cannot use ", what, " \"", file, "\": ", error.message()));
}

absl::Status LoadAuthorities(ssl::context& context, const TlsOptions& options) {
  Error error;
  if (options.ca_file.empty()) {
    context.set_default_verify_paths(error);
    return error ? FileError("the system's certificate authorities", "", error) : absl::OkStatus();
  }
  context.load_verify_file(options.ca_file, error);
  return error ? FileError("the CA file", options.ca_file, error) : absl::OkStatus();
}

absl::Status LoadCertificate(ssl::context& context, const TlsOptions& options) {
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return absl::InvalidArgumentError(
        "a client certificate needs both, a certificate file and a key file");
  }
  if (options.certificate_file.empty()) return absl::OkStatus();
  Error error;
  context.use_certificate_chain_file(options.certificate_file, error);
  if (error) return FileError("the certificate file", options.certificate_file, error);
  context.use_private_key_file(options.key_file, ssl::context::pem, error);
  return error ? FileError("the key file", options.key_file, error) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ssl::context>> MakeTlsContext(const TlsOptions& options) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  static constexpr std::array<unsigned char, 3> kAlpn = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(native, kAlpn.data(), kAlpn.size());
  Error error;
  context->set_verify_mode(ssl::verify_peer, error);
  if (absl::Status status = LoadAuthorities(*context, options); !status.ok()) return status;
  if (absl::Status status = LoadCertificate(*context, options); !status.ok()) return status;
  return context;
}

absl::Status PrepareTls(SSL* ssl, const std::string& host) {
  Error not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl);
  const bool set = not_an_address ? SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 &&
                                        X509_VERIFY_PARAM_set1_host(verify, host.c_str(), 0) == 1
                                  : X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) == 1;
  if (set) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("TLS: cannot verify the name \"", host, "\""));
}

bool NegotiatedHttp2(SSL* ssl) {
  const unsigned char* chosen = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl, &chosen, &size);
  return std::string_view(reinterpret_cast<const char*>(chosen), size) == "h2";
}

std::string TlsErrorText(SSL* ssl, const Error& error) {
  const long result = SSL_get_verify_result(ssl);  // NOLINT: OpenSSL's type
  if (result == X509_V_OK) return error.message();
  return absl::StrCat(error.message(), ": ", X509_verify_cert_error_string(result));
}

}  // namespace slipway::wire
