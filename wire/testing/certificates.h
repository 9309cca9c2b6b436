#pragma once

#include <memory>
#include <string>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <openssl/x509.h>
#include <boost/asio/ssl/context.hpp>

namespace slipway::wire::testing {

/// A certificate authority for one test and what it has signed. PEM files in a directory of the
/// test.
class TestAuthority {
 public:
  /// `directory` exists; `name` tells several authorities apart.
  TestAuthority(std::string directory, std::string name);

  struct Files {
    std::string certificate;
    std::string key;
  };
  const std::string& ca_file() const { return ca_.certificate; }
  /// A certificate for a subject alternative name such as `DNS:localhost` or `IP:127.0.0.1`.
  Files Issue(const std::string& alternative_name);

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;
  using Certificate = std::unique_ptr<X509, Free>;

  Certificate Make(EVP_PKEY* key, const std::string& subject, const std::string& extension,
                   const std::string& value);
  Files Write(const std::string& stem, X509* certificate, EVP_PKEY* key);

  const std::string directory_;
  const std::string name_;
  Key key_;
  Certificate certificate_;
  Files ca_;
  long serial_ = 0;  // NOLINT: OpenSSL's type
};

/// A server's context: ALPN h2 (or what `alpn` says, in wire format; empty: none). With `client_ca`
/// clients must show a certificate of it.
std::unique_ptr<boost::asio::ssl::context> MakeServerContext(const TestAuthority::Files& files,
                                                             const std::string& client_ca = "",
                                                             const char* alpn = "\x02h2");

}  // namespace slipway::wire::testing
