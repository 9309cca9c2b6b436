#include "jobs/work/call_answer.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "jobs/store/transport_key.h"
#include "jobs/work/result_size.h"
#include "schema/json.h"
#include "schema/message.h"

namespace slipway::jobs {
namespace {

rpc::Metadata WithoutTransport(const rpc::Metadata& metadata) {
  rpc::Metadata kept;
  kept.Reserve(metadata.size());
  for (const auto& [key, value] : metadata) {
    if (!BelongsToTransport(key)) kept.Add(key, value);
  }
  return kept;
}

absl::Status Render(const schema::MessageType& type, const std::string& message,
                    JobResult* result) {
  if (type.IsHttpBody(schema::FieldPath())) {
    const schema::ResponseFormat format(type, schema::FieldPath());
    SLIPWAY_ASSIGN_OR_RETURN(const schema::HttpBodyView body, format.ReadHttpBody(message));
    result->content_type = std::string(body.content_type);
    result->body = std::string(body.data);
    return absl::OkStatus();
  }
  result->content_type = "application/json";
  SLIPWAY_ASSIGN_OR_RETURN(result->body, schema::JsonFromWire(type, message));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JobResult> KeepAnswer(const schema::Schema& schema, const std::string& method,
                                     rpc::UnaryResult answer, size_t max_bytes) {
  JobResult result;
  if (answer.status.ok()) {
    const schema::MethodInfo* known = schema.FindMethod(method);
    if (known == nullptr || known->descriptor->output_type()->is_placeholder()) {
      return absl::FailedPreconditionError(
          absl::StrCat("target gone: it answered ", method,
                       " but does not describe that method any more, so the answer is unreadable"));
    }
    SLIPWAY_RETURN_IF_ERROR(CheckResultSize(answer.message.size(), max_bytes));
    SLIPWAY_RETURN_IF_ERROR(Render(schema.output(*known), answer.message, &result));
    SLIPWAY_RETURN_IF_ERROR(CheckResultSize(result.body.size(), max_bytes));
  }
  result.status = std::move(answer.status);
  result.initial_metadata = WithoutTransport(answer.initial_metadata);
  result.trailers = WithoutTransport(answer.trailers);
  return result;
}

}  // namespace slipway::jobs
