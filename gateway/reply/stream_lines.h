#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/reply/reply.h"
#include "rpc/status.h"

namespace slipway::gateway {

/// Appends one message of a stream as the line that clients of grpc-gateway expect: `{"result":…}`,
/// or the bytes of an HttpBody, each with a newline. Nothing is appended on failure.
absl::Status AppendStreamLine(const ReplyPlan& plan, std::string_view wire, std::string* out);

/// The Content-Type of a stream whose first message is `wire`.
absl::StatusOr<std::string> StreamContentType(const ReplyPlan& plan, std::string_view wire);

/// The line that ends a stream in an error: `{"error":{…}}`.
std::string ErrorLine(const rpc::Status& status, const ErrorStyle& style);

/// The answer to a stream that failed before its first message.
Reply MakeStreamError(const rpc::UnaryResult& result, const ReplyPlan& plan, bool wants_trailers,
                      const ErrorStyle& style);

}  // namespace slipway::gateway
