#include "jobs/service/owner.h"

#include "jobs/service/digest.h"

namespace slipway::jobs {

bool HasAuthorization(const rpc::Metadata& metadata) {
  return !metadata.Find("authorization").value_or("").empty();
}

std::string OwnerOf(const std::string& secret, const rpc::Metadata& metadata) {
  if (!HasAuthorization(metadata)) return {};
  return HmacSha256Hex(secret, *metadata.Find("authorization"));
}

}  // namespace slipway::jobs
