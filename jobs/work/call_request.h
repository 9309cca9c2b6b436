#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "schema/schema.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {

/// The wire bytes of the request that `call` has for `method` of `schema`. INVALID_ARGUMENT names
/// the field of the call (`call.request` or `call.requestBytes`), what is wrong within it, and
/// what is allowed; with reason body_too_large for a message above `max_bytes`. Any thread.
absl::StatusOr<std::string> EncodeCallRequest(const schema::Schema& schema,
                                              const schema::MethodInfo& method,
                                              const v1::Call& call, size_t max_bytes);

/// For error messages: `text` in quotes, the first 80 bytes of it, as printable ASCII.
std::string QuoteShort(std::string_view text);

}  // namespace slipway::jobs
