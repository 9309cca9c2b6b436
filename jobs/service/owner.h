#pragma once

#include <string>

#include "jobs/store/job.h"
#include "rpc/metadata.h"

namespace slipway::jobs {

/// Who the caller is to the job store: a digest of its `authorization` under `secret` (Store's), so
/// that nothing of the authorization itself is kept and the digest is of no use elsewhere. Empty
/// without one; of several, all together.
std::string OwnerOf(const std::string& secret, const rpc::Metadata& metadata);

/// Whether `caller` (as OwnerOf makes it) may know of the job: its owner, and of a job without one
/// everybody.
inline bool MayKnow(const std::string& caller, const JobRow& row) {
  return row.owner.empty() || row.owner == caller;
}

}  // namespace slipway::jobs
