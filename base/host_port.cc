#include "base/host_port.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace slipway::base {
namespace {

absl::Status Refuse(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", std::string(text), "\" is not HOST:PORT, [IPV6]:PORT or :PORT: ", std::string(why)));
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || rest != end) return std::nullopt;
  return port;
}

bool IsNameChar(char c) { return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_'; }

/// Hexadecimal digits, colons, dots of an embedded IPv4 address, and `%zone`.
bool IsIpv6Text(std::string_view text) {
  const std::string_view address = text.substr(0, text.find('%'));
  return address.find(':') != std::string_view::npos &&
         std::all_of(address.begin(), address.end(),
                     [](char c) { return absl::ascii_isxdigit(c) || c == ':' || c == '.'; });
}

}  // namespace

std::string HostPort::ToString() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return ipv6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Refuse(text, "no port");
  std::string_view host = text.substr(0, colon);
  const std::optional<std::uint16_t> port = ParsePort(text.substr(colon + 1));
  if (!port.has_value()) return Refuse(text, "the port must be 0 to 65535");
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!IsIpv6Text(host)) return Refuse(text, "no IPv6 address in the brackets");
  } else if (host.find(':') != std::string_view::npos) {
    return Refuse(text, "an IPv6 address needs brackets");
  } else if (!std::all_of(host.begin(), host.end(), IsNameChar)) {
    return Refuse(text, "a host has letters, digits, '.', '-' and '_'");
  }
  return HostPort{std::string(host), *port};
}

}  // namespace slipway::base
