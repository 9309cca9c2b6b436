#include "outbound/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"

namespace slipway::outbound {
namespace {

constexpr size_t kMaxUrlBytes = 8192;
constexpr size_t kMaxShownBytes = 256;

absl::Status Bad(const std::string& why) { return absl::InvalidArgumentError(why); }

/// True when the last label is a number, decimal or hexadecimal: then the host is meant to be an
/// IPv4 address (WHATWG URL: "ends in a number").
bool EndsInNumber(std::string_view host) {
  const std::string_view label = host.substr(host.rfind('.') + 1);
  const auto all = [](std::string_view text, auto&& is) {
    return std::all_of(text.begin(), text.end(), is);
  };
  if (label.starts_with("0x")) return all(label.substr(2), absl::ascii_isxdigit);
  return !label.empty() && all(label, absl::ascii_isdigit);
}

}  // namespace

std::string Quoted(std::string_view text) {
  const std::string_view shown = text.substr(0, kMaxShownBytes);
  return absl::StrCat("\"", absl::CHexEscape({shown.data(), shown.size()}),
                      shown.size() < text.size() ? "…" : "", "\"");
}

std::string Url::Part(CURLUPart part, unsigned flags) const {
  char* text = nullptr;
  if (curl_url_get(handle_.get(), part, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

absl::StatusOr<Url> Url::Parse(std::string_view text) {
  Url url;
  const absl::Status status = url.Read(text);
  if (status.ok()) return url;
  return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadField,
                         absl::StrCat("url: ", Quoted(text), ": ", status.message(),
                                      "; allowed is http[s]://HOST[:PORT][/PATH][?QUERY]"));
}

absl::Status Url::Read(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return Bad("longer than 8,192 bytes");
  if (text.find('\0') != std::string_view::npos) return Bad("contains a NUL byte");
  const CURLUcode code = curl_url_set(handle_.get(), CURLUPART_URL, std::string(text).c_str(),
                                      CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);
  if (code != CURLUE_OK) return Bad(curl_url_strerror(code));
  const std::string scheme = absl::AsciiStrToLower(Part(CURLUPART_SCHEME));
  if (scheme != "http" && scheme != "https") return Bad("another scheme than http and https");
  secure_ = scheme == "https";
  SLIPWAY_RETURN_IF_ERROR(ReadHost(Part(CURLUPART_HOST)));
  SLIPWAY_RETURN_IF_ERROR(ReadPort());
  shown_ = Quoted(absl::StrCat(scheme, "://", HostPort(), Part(CURLUPART_PATH)));
  return absl::OkStatus();
}

absl::Status Url::ReadHost(std::string text) {
  if (!text.starts_with('[')) return ReadName(std::move(text));
  if (!Part(CURLUPART_ZONEID).empty()) return Bad("an IPv6 address with a zone");
  address_ = IpAddress::Parse(std::string_view(text).substr(1, text.size() - 2));
  if (!address_) return Bad("what is in brackets is no IPv6 address");
  host_ = address_->ToString();
  return absl::OkStatus();
}

absl::Status Url::ReadName(std::string name) {
  absl::AsciiStrToLower(&name);
  const bool ascii = std::all_of(name.begin(), name.end(), absl::ascii_isgraph);
  if (!ascii) return Bad("a host name that is not ASCII (write it as xn--…)");
  // Escapes are undone: what is left would be undone by the next who reads it.
  if (name.find('%') != std::string::npos) return Bad("a host name with a '%'");
  if (name.ends_with('.')) name.pop_back();
  if (name.empty() || name.starts_with('.') || name.ends_with('.') ||
      name.find("..") != std::string::npos) {
    return Bad("a host name with an empty label");
  }
  host_ = std::move(name);
  // `localhost.` is a name that nobody resolves.
  if (host_ == "localhost") curl_url_set(handle_.get(), CURLUPART_HOST, host_.c_str(), 0);
  if (!EndsInNumber(host_)) return absl::OkStatus();
  in_addr ipv4;
  if (inet_aton(host_.c_str(), &ipv4) == 0) return Bad("the host is no IPv4 address");
  std::string text(INET_ADDRSTRLEN, '\0');
  inet_ntop(AF_INET, &ipv4, text.data(), static_cast<socklen_t>(text.size()));
  host_ = text.c_str();
  address_ = IpAddress::Parse(host_);
  // The spelling that the resolver cannot read in another way.
  if (curl_url_set(handle_.get(), CURLUPART_HOST, host_.c_str(), 0) != CURLUE_OK) {
    return Bad("the host is no IPv4 address");
  }
  return absl::OkStatus();
}

absl::Status Url::ReadPort() {
  const std::string text = Part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port_);
  if (error != std::errc() || end != text.data() + text.size() || port_ == 0) {
    return Bad("a port outside 1 to 65535");
  }
  return absl::OkStatus();
}

std::string Url::HostPort() const {
  const bool ipv6 = host_.find(':') != std::string::npos;
  return absl::StrCat(ipv6 ? "[" : "", host_, ipv6 ? "]:" : ":", port_);
}

}  // namespace slipway::outbound
