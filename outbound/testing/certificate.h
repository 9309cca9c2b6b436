#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace slipway::outbound::testing {

/// A certificate that signs itself, for a subject alternative name such as `DNS:localhost`, and its
/// key: PEM files in `directory`. Who trusts the certificate's file trusts the server.
class SelfSigned {
 public:
  SelfSigned(const std::string& directory, const std::string& alternative_name)
      : certificate_file_(directory + "/server.crt"), key_file_(directory + "/server.key") {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = Make(key, alternative_name);
    std::FILE* out = Open(certificate_file_);
    PEM_write_X509(out, certificate);
    std::fclose(out);
    out = Open(key_file_);
    PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  const std::string& certificate_file() const { return certificate_file_; }
  const std::string& key_file() const { return key_file_; }

 private:
  static std::FILE* Open(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr) std::abort();
    return file;
  }
  static X509* Make(EVP_PKEY* key, const std::string& alternative_name) {
    X509* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    Extend(certificate, "basicConstraints", "critical,CA:TRUE");
    Extend(certificate, "subjectAltName", alternative_name);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
  }
  static void Extend(X509* certificate, const char* name, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_nconf(nullptr, &context, name, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  const std::string certificate_file_;
  const std::string key_file_;
};

}  // namespace slipway::outbound::testing
