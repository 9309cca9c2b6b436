#include "wire/testing/certificates.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace slipway::wire::testing {
namespace {

void Extend(X509* certificate, X509* issuer, const std::string& name, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

int SelectAlpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
               unsigned int in_size, void* wanted) {
  const auto* list = static_cast<const unsigned char*>(wanted);
  const auto size = static_cast<unsigned int>(std::strlen(static_cast<const char*>(wanted)));
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, list, size, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TestAuthority::TestAuthority(std::string directory, std::string name)
    : directory_(std::move(directory)), name_(std::move(name)), key_(EVP_EC_gen("P-256")) {
  certificate_ = Make(key_.get(), name_, "basicConstraints", "critical,CA:TRUE");
  ca_ = Write(name_, certificate_.get(), key_.get());
}

TestAuthority::Files TestAuthority::Issue(const std::string& alternative_name) {
  const Key key(EVP_EC_gen("P-256"));
  const std::string stem = name_ + "-" + std::to_string(serial_ + 1);
  const Certificate certificate = Make(key.get(), stem, "subjectAltName", alternative_name);
  return Write(stem, certificate.get(), key.get());
}

TestAuthority::Certificate TestAuthority::Make(EVP_PKEY* key, const std::string& subject,
                                               const std::string& extension,
                                               const std::string& value) {
  Certificate certificate(X509_new());
  X509* const raw = certificate.get();
  X509_set_version(raw, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(raw), ++serial_);
  X509_gmtime_adj(X509_getm_notBefore(raw), -3600);
  X509_gmtime_adj(X509_getm_notAfter(raw), 24 * 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
  X509* const issuer = certificate_ ? certificate_.get() : raw;
  X509_set_issuer_name(raw, X509_get_subject_name(issuer));
  X509_set_pubkey(raw, key);
  Extend(raw, issuer, extension, value);
  X509_sign(raw, key_.get(), EVP_sha256());
  return certificate;
}

TestAuthority::Files TestAuthority::Write(const std::string& stem, X509* certificate,
                                          EVP_PKEY* key) {
  Files files{directory_ + "/" + stem + ".crt", directory_ + "/" + stem + ".key"};
  std::FILE* out = std::fopen(files.certificate.c_str(), "w");
  if (out == nullptr) std::abort();
  PEM_write_X509(out, certificate);
  std::fclose(out);
  out = std::fopen(files.key.c_str(), "w");
  if (out == nullptr) std::abort();
  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(out);
  return files;
}

std::unique_ptr<boost::asio::ssl::context> MakeServerContext(const TestAuthority::Files& files,
                                                             const std::string& client_ca,
                                                             const char* alpn) {
  namespace ssl = boost::asio::ssl;
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  context->use_certificate_chain_file(files.certificate);
  context->use_private_key_file(files.key, ssl::context::pem);
  if (!client_ca.empty()) {
    context->load_verify_file(client_ca);
    context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  }
  if (*alpn != '\0') {
    SSL_CTX_set_alpn_select_cb(context->native_handle(), SelectAlpn, const_cast<char*>(alpn));
  }
  return context;
}

}  // namespace slipway::wire::testing
