#include "gateway/http/async/request_target.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace slipway::gateway {
namespace {

using base::Reason;

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

constexpr std::array<bool, 256> MakeHostTable() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : std::string_view("-._~%!$&'()*+;=")) table[static_cast<uint8_t>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kHostTable = MakeHostTable();

bool ValidName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return kHostTable[static_cast<uint8_t>(c)]; });
}

bool ValidAddressInBrackets(std::string_view address) {
  return !address.empty() && std::all_of(address.begin(), address.end(), [](char c) {
    return absl::ascii_isxdigit(c) || c == ':' || c == '.';
  });
}

bool ValidPort(std::string_view port) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool whole = end == port.data() + port.size();
  return port.empty() || (error == std::errc() && whole && number <= 65535);
}

bool ValidHost(std::string_view host) {
  std::string_view rest;
  if (host.starts_with('[')) {
    const size_t close = host.find(']');
    if (close == std::string_view::npos || !ValidAddressInBrackets(host.substr(1, close - 1))) {
      return false;
    }
    rest = host.substr(close + 1);
  } else {
    const size_t colon = std::min(host.find(':'), host.size());
    if (!ValidName(host.substr(0, colon))) return false;
    rest = host.substr(colon);
  }
  return rest.empty() || (rest.front() == ':' && ValidPort(rest.substr(1)));
}

/// Without a port that says nothing.
std::string_view WithoutDefaultPort(std::string_view authority, std::string_view default_port) {
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.ends_with(']')) return authority;
  const std::string_view port = authority.substr(colon + 1);
  return port.empty() || port == default_port ? authority.substr(0, colon) : authority;
}

Refusal BadTarget(std::string_view target, std::string_view why) {
  return {400, Reason::kBadRequestLine,
          "the request target " + Quoted(target) + " is refused: " + std::string(why)};
}

std::optional<Refusal> FromAbsoluteForm(std::string_view method,
                                        std::optional<std::string_view> host, std::string* target) {
  const std::string_view url = *target;
  const bool http = absl::StartsWithIgnoreCase(ToAbsl(url), "http://");
  if (!http && !absl::StartsWithIgnoreCase(ToAbsl(url), "https://")) {
    return BadTarget(url, "it must begin with \"/\", \"http://\" or \"https://\"");
  }
  const size_t start = http ? 7 : 8;
  const size_t end = std::min(url.find_first_of("/?#", start), url.size());
  const std::string_view authority = url.substr(start, end - start);
  if (!ValidHost(authority)) return BadTarget(url, "its authority is not HOST or HOST:PORT");
  const std::string_view port = http ? "80" : "443";
  if (host && !absl::EqualsIgnoreCase(ToAbsl(WithoutDefaultPort(authority, port)),
                                      ToAbsl(WithoutDefaultPort(*host, port)))) {
    return Refusal{421, Reason::kBadHost,
                   "the authority " + Quoted(authority) +
                       " of the request target is not that of "
                       "the Host header, " +
                       Quoted(*host)};
  }
  target->erase(0, end);
  if (target->empty() && method == "OPTIONS") {
    *target = "*";
  } else if (!target->starts_with('/')) {
    target->insert(0, 1, '/');
  }
  return std::nullopt;
}

bool IsEscapedControl(std::string_view escape) {
  uint8_t byte = 0;
  const auto [end, error] = std::from_chars(escape.data(), escape.data() + escape.size(), byte, 16);
  return error == std::errc() && escape.size() == 2 && end == escape.data() + 2 &&
         (byte < 0x20 || byte == 0x7f);
}

std::optional<Refusal> CheckPath(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  for (size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    if (IsEscapedControl(path.substr(at + 1, 2))) {
      return Refusal{400, Reason::kBadPath,
                     "the path contains the control byte " + std::string(path.substr(at, 3))};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> CheckHost(std::string_view host) {
  if (ValidHost(host)) return std::nullopt;
  return Refusal{400, Reason::kBadHost,
                 "the Host header is " + Quoted(host) + "; it must be HOST or HOST:PORT"};
}

std::optional<Refusal> NormalizeTarget(std::string_view method,
                                       std::optional<std::string_view> host, std::string* target) {
  if (*target == "*") {
    if (method == "OPTIONS") return std::nullopt;
    return BadTarget(*target, "\"*\" is for OPTIONS only");
  }
  if (!target->starts_with('/')) {
    if (method == "CONNECT") {
      return Refusal{501, Reason::kUnsupportedMethod, "CONNECT: this server is not a proxy"};
    }
    if (auto refusal = FromAbsoluteForm(method, host, target)) return refusal;
  }
  return CheckPath(*target);
}

}  // namespace slipway::gateway
