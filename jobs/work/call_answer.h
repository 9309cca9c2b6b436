#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "jobs/store/job.h"
#include "rpc/client_call.h"
#include "schema/schema.h"

namespace slipway::jobs {

/// What a `call` job keeps of `answer`, which `method` (`/pkg.Service/Method`) gave: the JSON of
/// its message in the shape the gateway gives it, the contents of a google.api.HttpBody, or the
/// error; and the metadata that is not the transport's. Errors, none of which passes:
/// FAILED_PRECONDITION when `schema` does not have the method; OUT_OF_RANGE (response_too_large)
/// when message or body have more than `max_bytes`; INTERNAL when the message does not decode.
absl::StatusOr<JobResult> KeepAnswer(const schema::Schema& schema, const std::string& method,
                                     rpc::UnaryResult answer, size_t max_bytes);

}  // namespace slipway::jobs
