#include "gateway/http/async/refusal.h"

#include <cstdint>

#include "absl/status/status.h"
#include "gateway/http/response_writer.h"

namespace slipway::gateway {
namespace {

/// The gRPC code that stands beside an HTTP status.
absl::StatusCode CodeOf(int status) {
  switch (status) {
    case 408:
      return absl::StatusCode::kDeadlineExceeded;
    case 413:
      return absl::StatusCode::kResourceExhausted;
    case 500:
      return absl::StatusCode::kInternal;
    case 501:
    case 505:
      return absl::StatusCode::kUnimplemented;
    case 503:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kInvalidArgument;
  }
}

/// Messages quote what the peer sent, which need not be UTF-8: every byte that is not printable
/// ASCII is escaped as the character of that number.
void AppendJsonText(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte >= 0x20 && byte < 0x7f) {
      out->push_back(c);
    } else {
      out->append("\\u00");
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    }
  }
}

}  // namespace

std::string RefusalJson(const Refusal& refusal) {
  std::string json =
      "{\"code\":" + std::to_string(static_cast<int>(CodeOf(refusal.status))) + ",\"message\":\"";
  AppendJsonText(refusal.message, &json);
  json += "\",\"details\":[]}";
  return json;
}

std::string RefusalAnswer(const Refusal& refusal) {
  const std::string body = RefusalJson(refusal);
  const ResponseHead head{refusal.status, {{"Content-Type", "application/json"}}, body.size()};
  std::string answer;
  AppendResponseHead(head, /*keep_alive=*/false, /*http_minor=*/1, /*chunked=*/false, &answer);
  return answer + body;
}

std::string Quoted(std::string_view text) {
  constexpr size_t kLongest = 80;
  std::string quoted = "\"";
  quoted += text.substr(0, kLongest);
  quoted += text.size() > kLongest ? "…\"" : "\"";
  return quoted;
}

}  // namespace slipway::gateway
