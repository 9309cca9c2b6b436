#include "jobs/service/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstddef>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "base/log.h"

namespace slipway::jobs {
namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string Hex(bool computed, const Digest& digest, unsigned size) {
  if (!computed) {
    base::LogError("OpenSSL cannot compute SHA-256");
    std::abort();
  }
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace

std::string Sha256Hex(std::string_view bytes) {
  Digest digest;
  unsigned size = 0;
  const bool computed =
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1;
  return Hex(computed, digest, size);
}

std::string HmacSha256Hex(std::string_view key, std::string_view bytes) {
  Digest digest;
  unsigned size = 0;
  const bool computed = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                             digest.data(), &size) != nullptr;
  return Hex(computed, digest, size);
}

}  // namespace slipway::jobs
