#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace slipway::jobs {

/// Length of a job id in characters.
inline constexpr size_t kJobIdLength = 26;

/// `size` bytes from the system's random generator. Any thread.
std::string RandomBytes(size_t size);

/// A new job id: 48 bits of `time` in milliseconds, then 80 bits from the system's random
/// generator, as 26 characters of Crockford's base32 in lower case. Ids of different milliseconds
/// sort by time; whoever knows one id cannot guess another. Times outside 1970…10889 are clamped.
/// Any thread.
std::string NewJobId(absl::Time time);

/// True for 26 characters that NewJobId could have made.
bool ValidJobId(std::string_view id);

/// Where a page of jobs ends, as text that means nothing to its reader: `sequence` and a check that
/// tells a token of ours from a typing error. It is no secret and grants nothing.
std::string EncodePageToken(int64_t sequence);
/// INVALID_ARGUMENT, naming `pageToken`, for anything that EncodePageToken did not make.
absl::StatusOr<int64_t> DecodePageToken(std::string_view token);

}  // namespace slipway::jobs
