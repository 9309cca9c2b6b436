#include "gateway/reply/reply.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "gateway/http/response_writer.h"
#include "gateway/reply/http_status.h"
#include "gateway/reply/metadata_headers.h"
#include "schema/error_json.h"

namespace slipway::gateway {
namespace {

constexpr std::string_view kStatusKey = "x-http-code";
constexpr std::string_view kLocationKey = "location";
constexpr std::string_view kJson = "application/json";

bool IsPlain(const ReplyPlan& plan, std::string_view key) {
  return std::find(plan.plain_headers.begin(), plan.plain_headers.end(), key) !=
         plan.plain_headers.end();
}

/// The status, `least` to 599, that the method gave its answer; 0 if it gave none.
int StatusFromMetadata(const ReplyPlan* plan, const rpc::Metadata& metadata, int least) {
  if (plan == nullptr || !plan->status_from_metadata) return 0;
  const std::string_view text = metadata.Find(kStatusKey).value_or("");
  int status = 0;
  const bool digits = text.size() == 3 && absl::ascii_isdigit(text[0]) &&
                      absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &status);
  return digits && status >= least && status <= 599 ? status : 0;
}

bool LiesBelow(std::string_view location, std::string_view path) {
  return location.starts_with(path) &&
         (location.size() == path.size() || location[path.size()] == '/');
}

/// Where the gateway serves what the method calls `location`. It knows already if it runs in the
/// same process.
std::string MovedLocation(const ReplyPlan& plan, std::string location) {
  if (plan.location_from.empty() || !LiesBelow(location, plan.location_from) ||
      LiesBelow(location, plan.location_to)) {
    return location;
  }
  return location.replace(0, plan.location_from.size(), plan.location_to);
}

/// Initial metadata to headers. `plan` may be null: then all have the prefix.
void AddMetadata(const ReplyPlan* plan, const rpc::Metadata& metadata, ResponseHead* head) {
  for (const auto& [key, value] : metadata) {
    if (IsTransportKey(key)) continue;
    if (plan != nullptr && plan->status_from_metadata && key == kStatusKey) continue;
    const bool plain = plan != nullptr && IsPlain(*plan, key);
    std::string text = HeaderValue(key, value);
    if (plain && key == kLocationKey) text = MovedLocation(*plan, std::move(text));
    head->headers.push_back({HeaderName(plain ? "" : "Grpc-Metadata-", key), std::move(text)});
  }
}

void AddTrailers(const rpc::Metadata& trailers, Reply* reply) {
  reply->trailers = TrailerFields(trailers);
  if (!reply->trailers.empty()) reply->AddHeader("Trailer", TrailerNames(reply->trailers));
}

Reply ErrorReply(int http_status, const rpc::Status& status, const ErrorStyle& style) {
  Reply reply;
  reply.head.status = http_status;
  reply.AddHeader("Content-Type", std::string(kJson));
  if (status.code() == absl::StatusCode::kUnauthenticated) {
    reply.AddHeader("WWW-Authenticate", status.message());
  }
  reply.body = ErrorBody(status, style);
  return reply;
}

}  // namespace

ReplyPlan ReplyPlan::Compile(schema::ResponseFormat format,
                             const schema::HttpResponseOption& option) {
  static constexpr std::array<std::string_view, 5> kFraming = {"date", "keep-alive", "upgrade",
                                                               "proxy-connection", "server"};
  ReplyPlan plan{std::move(format), option.status_from_metadata, {}, {}, {}};
  for (const std::string& header : option.plain_headers) {
    std::string key = absl::AsciiStrToLower(header);
    const bool framing = std::find(kFraming.begin(), kFraming.end(), key) != kFraming.end();
    if (!framing && !IsTransportKey(key)) plan.plain_headers.push_back(std::move(key));
  }
  return plan;
}

bool WantsTrailers(const RequestHead& head) {
  const std::optional<std::string_view> te = head.Find("TE");
  return te && absl::StrContains(absl::AsciiStrToLower(absl::string_view(te->data(), te->size())),
                                 "trailers");
}

ResponseHead MakeSuccessHead(const ReplyPlan& plan, std::string_view content_type,
                             const rpc::Metadata& initial_metadata) {
  ResponseHead head;
  head.headers.reserve(initial_metadata.size() + 2);
  if (!content_type.empty()) head.headers.push_back({"Content-Type", std::string(content_type)});
  AddMetadata(&plan, initial_metadata, &head);
  const int status = StatusFromMetadata(&plan, initial_metadata, 200);
  if (status != 0) head.status = status;
  return head;
}

absl::StatusOr<Reply> MakeSuccess(const ReplyPlan& plan, const rpc::UnaryResult& result,
                                  bool wants_trailers) {
  Reply reply;
  std::string_view content_type = kJson;
  if (plan.format.is_http_body()) {
    SLIPWAY_ASSIGN_OR_RETURN(const schema::HttpBodyView body,
                             plan.format.ReadHttpBody(result.message));
    content_type = body.content_type;
    reply.body = std::string(body.data);
  } else {
    SLIPWAY_RETURN_IF_ERROR(plan.format.AppendJson(result.message, &reply.body));
  }
  reply.head = MakeSuccessHead(plan, content_type, result.initial_metadata);
  if (wants_trailers) AddTrailers(result.trailers, &reply);
  return reply;
}

std::string ErrorBody(const rpc::Status& status, const ErrorStyle& style) {
  switch (style.format) {
    case ErrorFormat::kRpcStatus:
      break;
  }
  return schema::ErrorJson(status, style.schema);
}

Reply MakeError(const absl::Status& status, const ErrorStyle& style) {
  return ErrorReply(HttpStatus(status), rpc::Status(status), style);
}

Reply MakeCallError(const rpc::UnaryResult& result, const ReplyPlan* plan, bool wants_trailers,
                    const ErrorStyle& style) {
  const int status = StatusFromMetadata(plan, result.initial_metadata, 400);
  Reply reply =
      ErrorReply(status != 0 ? status : HttpStatus(result.status.code()), result.status, style);
  AddMetadata(plan, result.initial_metadata, &reply.head);
  if (wants_trailers) AddTrailers(result.trailers, &reply);
  return reply;
}

Reply MakeText(int status, std::string body) {
  Reply reply;
  reply.head.status = status;
  reply.AddHeader("Content-Type", "text/plain; charset=utf-8");
  reply.body = std::move(body);
  return reply;
}

rpc::Task<bool> Send(Exchange& exchange, Reply reply) {
  if (StatusForbidsBody(reply.head.status)) {
    reply.body.clear();
    reply.trailers.clear();
  }
  const bool with_trailers = !reply.trailers.empty();
  if (!with_trailers) reply.head.content_length = reply.body.size();
  exchange.SendHead(std::move(reply.head));
  // Not one expression: g++ 12 destroys temporaries of a co_await in a condition too early.
  bool sent = true;
  if (!with_trailers || !reply.body.empty()) {
    sent = co_await exchange.SendBody(std::move(reply.body), !with_trailers);
  }
  if (sent && with_trailers) sent = co_await exchange.SendTrailers(std::move(reply.trailers));
  co_return sent;
}

}  // namespace slipway::gateway
