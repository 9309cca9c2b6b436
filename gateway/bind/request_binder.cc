#include "gateway/bind/request_binder.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "gateway/bind/query.h"

namespace slipway::gateway {
namespace {

/// Errors of the schema know code and message; the reason is ours.
absl::Status WithReason(const absl::Status& status, base::Reason reason) {
  return status.ok() ? status
                     : base::MakeError(status.code(), reason, std::string(status.message()));
}

constexpr size_t kMaxStrictParameters = 1000;

absl::Status TooManyParameters() {
  return absl::InvalidArgumentError(
      absl::StrCat("the query has more than ", kMaxStrictParameters, " parameters"));
}

std::string_view ContentType(const RequestHead& head) {
  return head.Find("Content-Type").value_or(std::string_view());
}

absl::Status BindBody(const Binding& binding, const RequestParts& parts,
                      schema::RequestBuilder* builder) {
  if (!binding.has_body) return absl::OkStatus();
  if (binding.takes_raw_body) {
    const std::string_view type = ContentType(parts.head);
    if (!type.empty() && !IsMediaType(type, "application/json")) {
      return builder->SetHttpBody(binding.body, type, parts.body);
    }
  }
  schema::BodyOptions options = binding.body_options;
  options.fill_update_mask = options.fill_update_mask && parts.head.method == "PATCH";
  return builder->MergeJsonBody(binding.body, parts.body, options);
}

/// Strictly, a body is JSON (or a form, where that is the query) and not encoded.
absl::Status CheckBodyType(const Binding& binding, const RequestParts& parts) {
  const std::optional<std::string_view> encoding = parts.head.Find("Content-Encoding");
  if (encoding && *encoding != "identity") {
    return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kUnsupportedEncoding,
                           "Content-Encoding: bodies are taken as they are, not encoded");
  }
  const std::string_view type = ContentType(parts.head);
  if (!binding.has_body || binding.takes_raw_body || parts.body.empty() ||
      IsMediaType(type, "application/json")) {
    return absl::OkStatus();
  }
  return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kUnsupportedMediaType,
                         "Content-Type: the body must be application/json");
}

/// Go parses a form only for these methods.
bool HasForm(const Binding& binding, const RequestParts& parts) {
  const std::string& method = parts.head.method;
  return !binding.has_body && !parts.body.empty() &&
         (method == "POST" || method == "PUT" || method == "PATCH") &&
         IsMediaType(ContentType(parts.head), kFormType);
}

absl::Status BindQuery(const Binding& binding, const RequestParts& parts,
                       schema::RequestBuilder* builder) {
  size_t count = 0;
  const auto add = [&](std::string_view key, std::string_view value) {
    if (binding.strict && ++count > kMaxStrictParameters) return TooManyParameters();
    return builder->AddQuery(key, value, binding.query);
  };
  if (HasForm(binding, parts)) SLIPWAY_RETURN_IF_ERROR(ReadParameters(parts.body, add));
  return ReadParameters(parts.head.query(), add);
}

}  // namespace

absl::StatusOr<std::string> BindRequest(const Binding& binding, const RequestParts& parts) {
  if (binding.strict) SLIPWAY_RETURN_IF_ERROR(CheckBodyType(binding, parts));
  schema::RequestBuilder builder(*binding.input);
  SLIPWAY_RETURN_IF_ERROR(WithReason(BindBody(binding, parts, &builder), base::Reason::kBadBody));
  for (size_t i = 0; i < binding.captures.size(); ++i) {
    SLIPWAY_RETURN_IF_ERROR(WithReason(builder.SetCapture(binding.captures[i], parts.captures[i]),
                                       base::Reason::kBadField));
  }
  if (binding.reads_query) {
    SLIPWAY_RETURN_IF_ERROR(
        WithReason(BindQuery(binding, parts, &builder), base::Reason::kBadQuery));
  }
  return builder.Serialize();
}

bool IsFormPost(const RequestHead& head) {
  return head.method == "POST" && head.Find("Content-Type") == kFormType;
}

}  // namespace slipway::gateway
