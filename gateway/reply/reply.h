#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/http/exchange.h"
#include "rpc/client_call.h"
#include "rpc/metadata.h"
#include "rpc/status.h"
#include "schema/message.h"
#include "schema/schema.h"

namespace slipway::gateway {

/// The shape of error bodies.
enum class ErrorFormat {
  kRpcStatus,  ///< `{"code":5,"message":"…","details":[]}`, as grpc-gateway
};

/// One answer, whole, before it is sent. A value type.
struct Reply {
  ResponseHead head;
  std::string body;
  /// Sent behind the body; the answer is then chunked.
  std::vector<Header> trailers;

  void AddHeader(std::string name, std::string value) {
    head.headers.push_back({std::move(name), std::move(value)});
  }
};

/// How one binding's answers look. Immutable; lives no longer than its schema.
struct ReplyPlan {
  schema::ResponseFormat format;
  /// Initial metadata `x-http-code` is the status of a successful answer.
  bool status_from_metadata = false;
  /// Lower-case keys of initial metadata that become headers without a prefix.
  std::vector<std::string> plain_headers;
  /// A `location` below `location_from` is sent as the same below `location_to`, where the routes
  /// lie that it means: the method does not know that they were moved. Both empty: as answered.
  std::string location_from;
  std::string location_to;

  /// Leaves out keys that would break the framing of the answer (`content-length`, …).
  static ReplyPlan Compile(schema::ResponseFormat format, const schema::HttpResponseOption& option);
};

/// True when a request asks for trailers: its TE header contains `trailers`.
bool WantsTrailers(const RequestHead& head);

/// The answer to a unary call that ended with OK: JSON, or the bytes of an HttpBody; headers from
/// initial metadata; trailers if wanted. INTERNAL when the response has no JSON form.
absl::StatusOr<Reply> MakeSuccess(const ReplyPlan& plan, const rpc::UnaryResult& result,
                                  bool wants_trailers);

/// The head of an answer to a successful call; no Content-Type when it is empty.
ResponseHead MakeSuccessHead(const ReplyPlan& plan, std::string_view content_type,
                             const rpc::Metadata& initial_metadata);

/// What errors need to be shown. `schema` expands details; may be null.
struct ErrorStyle {
  ErrorFormat format = ErrorFormat::kRpcStatus;
  const schema::Schema* schema = nullptr;
};

/// The body of an error.
std::string ErrorBody(const rpc::Status& status, const ErrorStyle& style);

/// The answer to an error of ours, before there was a call or instead of its result.
Reply MakeError(const absl::Status& status, const ErrorStyle& style);

/// The answer to a call that ended with an error; its metadata are passed on.
Reply MakeCallError(const rpc::UnaryResult& result, const ReplyPlan* plan, bool wants_trailers,
                    const ErrorStyle& style);

/// A text answer.
Reply MakeText(int status, std::string body);

/// Sends `reply`, which is consumed. False when the peer is gone.
rpc::Task<bool> Send(Exchange& exchange, Reply reply);

}  // namespace slipway::gateway
