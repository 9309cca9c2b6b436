#pragma once

#include <string>
#include <string_view>

#include "jobs/store/job.h"

namespace slipway::jobs {

/// A result as bytes on disk: a slipway.v1.StoredAnswer. A message, media type or metadata key that
/// is not UTF-8 is escaped. Details of its status that are not a google.rpc.Status are not kept.
std::string EncodeResult(JobResult result);

/// The reverse; an answer of DATA_LOSS for bytes that EncodeResult did not make.
JobResult DecodeResult(std::string_view bytes);

}  // namespace slipway::jobs
