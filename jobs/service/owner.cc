#include "jobs/service/owner.h"

#include "jobs/service/digest.h"

namespace slipway::jobs {

std::string OwnerOf(const std::string& secret, const rpc::Metadata& metadata) {
  // Several are another caller than any of them: nobody shall be taken for somebody by sending more
  // than a proxy in front has looked at. A value cannot contain the line break.
  std::string authorization;
  for (const auto& [key, value] : metadata) {
    if (key != "authorization" || value.empty()) continue;
    if (!authorization.empty()) authorization += '\n';
    authorization += value;
  }
  return authorization.empty() ? std::string() : HmacSha256Hex(secret, authorization);
}

}  // namespace slipway::jobs
