#include "gateway/reply/stream_lines.h"

#include <utility>

#include "base/status_macros.h"

namespace slipway::gateway {

absl::Status AppendStreamLine(const ReplyPlan& plan, std::string_view wire, std::string* out) {
  if (plan.format.is_http_body()) {
    SLIPWAY_ASSIGN_OR_RETURN(const schema::HttpBodyView body, plan.format.ReadHttpBody(wire));
    out->append(body.data);
    out->push_back('\n');
    return absl::OkStatus();
  }
  const size_t start = out->size();
  out->append(R"({"result":)");
  if (absl::Status appended = plan.format.AppendJson(wire, out); !appended.ok()) {
    out->resize(start);
    return appended;
  }
  out->append("}\n");
  return absl::OkStatus();
}

absl::StatusOr<std::string> StreamContentType(const ReplyPlan& plan, std::string_view wire) {
  if (!plan.format.is_http_body()) return std::string("application/json");
  SLIPWAY_ASSIGN_OR_RETURN(const schema::HttpBodyView body, plan.format.ReadHttpBody(wire));
  return std::string(body.content_type);
}

std::string ErrorLine(const rpc::Status& status, const ErrorStyle& style) {
  return R"({"error":)" + ErrorBody(status, style) + "}\n";
}

Reply MakeStreamError(const rpc::UnaryResult& result, const ReplyPlan& plan, bool wants_trailers,
                      const ErrorStyle& style) {
  Reply reply = MakeCallError(result, &plan, wants_trailers, style);
  // A call that was answered by nobody, because it never reached the backend, is an error of the
  // plain shape, as it is for clients of grpc-gateway.
  const bool unanswered = result.status.code() == absl::StatusCode::kUnavailable &&
                          result.initial_metadata.empty() && result.trailers.empty();
  if (!unanswered) reply.body = ErrorLine(result.status, style);
  return reply;
}

}  // namespace slipway::gateway
