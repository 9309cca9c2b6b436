#include "outbound/http_message.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "outbound/url.h"

namespace slipway::outbound {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                      "PATCH", "DELETE", "OPTIONS"};
constexpr std::array<std::string_view, 5> kFraming = {"content-length", "transfer-encoding",
                                                      "connection", "upgrade", "expect"};

absl::Status Bad(std::string message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadField,
                         std::move(message));
}

/// RFC 9110 §5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [kMarks](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool IsValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

absl::Status CheckHeader(const std::string& name, const std::string& value) {
  if (!IsToken(name)) return Bad(absl::StrCat("headers: ", Quoted(name), " is no header name"));
  const bool framing = std::any_of(kFraming.begin(), kFraming.end(), [&name](std::string_view own) {
    return absl::EqualsIgnoreCase(name, absl::string_view(own.data(), own.size()));
  });
  if (framing) return Bad(absl::StrCat("headers: ", name, " is set by the client itself"));
  if (!IsValue(value)) {
    return Bad(absl::StrCat("headers: the value of ", name, ", ", Quoted(value),
                            ", contains control characters"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSendable(const HttpRequest& request) {
  if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end()) {
    return Bad(absl::StrCat("method: ", Quoted(request.method),
                            " is not one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
  }
  if (request.method == "HEAD" && !request.body.empty()) {
    return Bad("body: a HEAD request has none");
  }
  for (const auto& [name, value] : request.headers) {
    SLIPWAY_RETURN_IF_ERROR(CheckHeader(name, value));
  }
  return absl::OkStatus();
}

}  // namespace slipway::outbound
