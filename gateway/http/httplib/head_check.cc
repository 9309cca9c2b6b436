#include "gateway/http/httplib/head_check.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace slipway::gateway {
namespace {

using base::Reason;

/// What the library puts among the headers of every request.
bool IsAdded(const std::string& name) {
  return name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" ||
         name == "LOCAL_PORT";
}

std::optional<Refusal> CheckSizes(const httplib::Request& request, const EngineLimits& limits) {
  if (request.target.size() > limits.max_target_bytes) {
    return Refusal{414, Reason::kTargetTooLong,
                   absl::StrCat("the target is longer than ", limits.max_target_bytes, " bytes")};
  }
  size_t total = request.target.size();
  size_t count = 0;
  for (const auto& [name, value] : request.headers) {
    if (IsAdded(name)) continue;
    const size_t line = name.size() + value.size() + 4;
    total += line;
    if (line > limits.max_header_bytes || ++count > limits.max_headers ||
        total > limits.max_head_bytes) {
      return Refusal{431, Reason::kHeadTooLarge,
                     absl::StrCat("the headers are more than ", limits.max_headers,
                                  " or longer than ", limits.max_header_bytes, " bytes each or ",
                                  limits.max_head_bytes, " in all")};
    }
  }
  return std::nullopt;
}

std::optional<Refusal> CheckHost(const httplib::Request& request) {
  const size_t count = request.get_header_value_count("Host");
  const std::string host = request.get_header_value("Host");
  const bool missing = count == 0 && request.version == "HTTP/1.1";
  if (missing || count > 1 || host.find_first_of(",/@ \t") != std::string::npos) {
    return Refusal{400, Reason::kBadHost, "a request has one Host header that names one host"};
  }
  return std::nullopt;
}

std::optional<Refusal> CheckExpect(const httplib::Request& request) {
  const std::string expect = request.get_header_value("Expect");
  if (expect.empty() || absl::EqualsIgnoreCase(expect, "100-continue")) return std::nullopt;
  return Refusal{417, Reason::kExpectationFailed, "the only expectation known is 100-continue"};
}

bool IsLength(const std::string& text) {
  return !text.empty() && text.size() < 19 &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

/// The library reads bodies for these methods only; of others the body would become the next
/// request.
bool MayHaveBody(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

std::optional<Refusal> CheckFraming(const httplib::Request& request, const EngineLimits& limits) {
  const size_t lengths = request.get_header_value_count("Content-Length");
  const size_t codings = request.get_header_value_count("Transfer-Encoding");
  const std::string length = request.get_header_value("Content-Length");
  const auto bad = [](std::string message) {
    return Refusal{400, Reason::kBadFraming, std::move(message)};
  };
  if (lengths + codings > 1) return bad("a body has one Content-Length or one Transfer-Encoding");
  if (lengths == 1 && !IsLength(length)) return bad("Content-Length is not a decimal number");
  if (codings == 1) {
    const std::string coding = request.get_header_value("Transfer-Encoding");
    if (!absl::EqualsIgnoreCase(coding, "chunked") || request.version != "HTTP/1.1") {
      return bad("Transfer-Encoding other than chunked in HTTP/1.1");
    }
  }
  uint64_t bytes = 0;
  if (lengths == 1) (void)absl::SimpleAtoi(length, &bytes);
  if ((codings == 1 || bytes > 0) && !MayHaveBody(request.method)) {
    return bad(absl::StrCat("this HTTP engine takes no body with ", request.method));
  }
  if (bytes > limits.max_body_bytes) {
    return Refusal{413, Reason::kBodyTooLarge,
                   absl::StrCat("the body is longer than ", limits.max_body_bytes, " bytes")};
  }
  return std::nullopt;
}

std::string PeerText(const httplib::Request& request) {
  const bool v6 = request.remote_addr.find(':') != std::string::npos;
  return absl::StrCat(v6 ? "[" : "", request.remote_addr, v6 ? "]:" : ":", request.remote_port);
}

}  // namespace

std::optional<Refusal> CheckHead(const httplib::Request& request, const EngineLimits& limits) {
  if (auto refusal = CheckSizes(request, limits)) return refusal;
  if (auto refusal = CheckHost(request)) return refusal;
  if (auto refusal = CheckExpect(request)) return refusal;
  return CheckFraming(request, limits);
}

RequestHead MakeRequestHead(const httplib::Request& request) {
  RequestHead head;
  head.method = request.method;
  head.target = request.target;
  head.peer = PeerText(request);
  head.headers.reserve(request.headers.size());
  for (const auto& [name, value] : request.headers) {
    if (!IsAdded(name)) head.headers.push_back({name, value});
  }
  head.has_body =
      MayHaveBody(request.method) &&
      (request.has_header("Transfer-Encoding") ||
       (request.has_header("Content-Length") &&
        request.get_header_value("Content-Length").find_first_not_of('0') != std::string::npos));
  return head;
}

}  // namespace slipway::gateway
