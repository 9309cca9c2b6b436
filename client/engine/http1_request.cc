#include "client/engine/http1_request.h"

#include <algorithm>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace slipway::client {
namespace {

/// RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(c) || kMarks.find(c) != std::string_view::npos;
  });
}

/// RFC 9112, 3.2: what a space or a line's end within it would cut in two.
absl::Status CheckPath(const std::string& path) {
  const bool broken = std::any_of(path.begin(), path.end(),
                                  [](char c) { return absl::ascii_iscntrl(c) || c == ' '; });
  if (!path.empty() && !broken) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "the path \"%s\" cannot be sent: it is empty or has spaces or control characters",
      absl::CHexEscape(path)));
}

absl::Status CheckHeader(const std::string& name, const std::string& value) {
  if (!IsToken(name)) {
    return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is no name of a header", name));
  }
  if (absl::EqualsIgnoreCase(name, "content-length") ||
      absl::EqualsIgnoreCase(name, "transfer-encoding")) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the header %s follows from the body and cannot be given", name));
  }
  if (std::any_of(value.begin(), value.end(), absl::ascii_iscntrl)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the value of the header %s has control characters", name));
  }
  return absl::OkStatus();
}

bool Has(const HeaderList& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, absl::string_view(name.data(), name.size()));
  });
}

}  // namespace

absl::StatusOr<Http1Request> BuildHttp1Request(const std::string& method,
                                               const std::string& authority,
                                               const std::string& path, const HeaderList& headers,
                                               const std::string& body) {
  if (!IsToken(method)) {
    return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is no HTTP method", method));
  }
  SLIPWAY_RETURN_IF_ERROR(CheckPath(path));
  Http1Request request;
  request.is_head = method == "HEAD";
  std::string& bytes = request.bytes;
  absl::StrAppend(&bytes, method, " ", path, " HTTP/1.1\r\n");
  const auto append = [&bytes](const auto& name, const auto& value) {
    absl::StrAppend(&bytes, name, ": ", value, "\r\n");
  };
  if (!Has(headers, "host")) append("Host", authority);
  if (!Has(headers, "user-agent")) append("User-Agent", "slipway-load");
  if (!Has(headers, "accept")) append("Accept", "*/*");
  for (const auto& [name, value] : headers) {
    SLIPWAY_RETURN_IF_ERROR(CheckHeader(name, value));
    append(name, value);
  }
  if (!body.empty() && !Has(headers, "content-type")) append("Content-Type", "application/json");
  const bool expects_body = method == "POST" || method == "PUT" || method == "PATCH";
  if (!body.empty() || expects_body) append("Content-Length", body.size());
  absl::StrAppend(&bytes, "\r\n", body);
  return request;
}

}  // namespace slipway::client
