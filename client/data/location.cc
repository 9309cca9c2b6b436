#include "client/data/location.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "client/data/excerpt.h"

namespace slipway::client {
namespace {

/// Scheme and authority in their usual form: lower case, without the scheme's own port.
std::string Normalized(std::string_view origin) {
  std::string text = absl::AsciiStrToLower(std::string(origin));
  const absl::string_view port = absl::StartsWith(text, "https:") ? ":443" : ":80";
  if (absl::EndsWith(text, port)) text.resize(text.size() - port.size());
  return text;
}

/// RFC 3986, 5.2.4.
std::string WithoutDotSegments(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    const bool dots = segment == "/." || segment == "/..";
    if (segment == "/..") result.resize(std::min(result.rfind('/'), result.size()));
    if (!dots) result += segment;
    if (dots && path.empty()) result += '/';
  }
  return result;
}

bool HasScheme(std::string_view location) {
  const size_t colon = location.find(':');
  return colon != std::string_view::npos && colon < location.find_first_of("/?");
}

}  // namespace

absl::StatusOr<std::string> ResolveLocation(std::string_view location, std::string_view base,
                                            std::string_view origin) {
  std::string_view rest = location.substr(0, location.find('#'));
  const bool same_scheme = rest.substr(0, 2) == "//";
  if (same_scheme || HasScheme(rest)) {
    const size_t authority = rest.find("//");
    const size_t end = authority == std::string_view::npos
                           ? rest.size()
                           : std::min(rest.find_first_of("/?", authority + 2), rest.size());
    std::string whole(rest.substr(0, end));
    if (same_scheme) whole.insert(0, origin.substr(0, std::min(origin.find("//"), origin.size())));
    if (origin.empty() || Normalized(whole) != Normalized(origin)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("the Location %s is not on this server%s%s", Excerpt(location),
                          origin.empty() ? "" : ", ", std::string(origin)));
    }
    rest.remove_prefix(end);
    if (rest.empty() || rest[0] == '?') return "/" + std::string(rest);
  }
  const size_t query = std::min(rest.find('?'), rest.size());
  std::string path(rest.substr(0, query));
  const std::string_view base_path = base.substr(0, base.find('?'));
  if (path.empty()) {
    if (query == rest.size()) return std::string(base.substr(0, base.find('#')));
    path = base_path;
  } else if (path[0] != '/') {
    path.insert(0, base_path.substr(0, base_path.rfind('/') + 1));
  }
  return WithoutDotSegments(path) + std::string(rest.substr(query));
}

absl::Duration RetryAfter(const std::string* value, absl::Time now) {
  constexpr absl::Duration kMost = absl::Hours(24);
  if (value == nullptr) return absl::Seconds(1);
  const std::string text(absl::StripAsciiWhitespace(*value));
  if (!text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit)) {
    int64_t seconds = 0;
    return absl::SimpleAtoi(text, &seconds) ? std::min(absl::Seconds(seconds), kMost) : kMost;
  }
  // The three forms of RFC 9110, 5.6.7.
  for (const char* format :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    absl::Time time;
    std::string error;
    if (absl::ParseTime(format, text, &time, &error)) {
      return std::clamp(time - now, absl::ZeroDuration(), kMost);
    }
  }
  return absl::Seconds(1);
}

}  // namespace slipway::client
