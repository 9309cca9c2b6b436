#include "outbound/allow_list.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"

namespace slipway::outbound {
namespace {

constexpr std::string_view kLocalhost = "localhost";

/// The host as Url normalises it. A name, or INVALID_ARGUMENT.
absl::StatusOr<std::string> ParseHost(const std::string& entry) {
  const bool letters =
      !entry.empty() && entry.size() <= 254 && std::all_of(entry.begin(), entry.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' ||
               c == '_';
      });
  absl::StatusOr<Url> url = absl::InvalidArgumentError("");
  if (letters) url = Url::Parse(absl::StrCat("http://", entry));
  if (url.ok() && !url->address()) return url->host();
  return absl::InvalidArgumentError(
      absl::StrCat(Quoted(entry),
                   " cannot be allowed as a target; allowed are a host name (letters, digits, `-`, "
                   "`_`, `.`), an IPv4 or IPv6 address, and a network such as 10.0.0.0/8"));
}

bool LooksLikeNetwork(std::string_view entry) {
  return entry.find_first_of("/:") != std::string_view::npos || IpAddress::Parse(entry);
}

}  // namespace

AllowList AllowList::Loopback() {
  const std::array<std::string, 3> entries = {"127.0.0.0/8", "::1", std::string(kLocalhost)};
  absl::StatusOr<AllowList> list = Parse(entries);
  if (!list.ok()) std::abort();  // the entries are ours
  return *std::move(list);
}

absl::StatusOr<AllowList> AllowList::Parse(std::span<const std::string> entries) {
  AllowList list;
  for (const std::string& entry : entries) {
    std::string text;
    if (LooksLikeNetwork(entry)) {
      SLIPWAY_ASSIGN_OR_RETURN(const IpNetwork network, IpNetwork::Parse(entry));
      list.networks_.push_back(network);
      text = network.ToString();
    } else {
      SLIPWAY_ASSIGN_OR_RETURN(text, ParseHost(entry));
      list.hosts_.insert(text);
    }
    absl::StrAppend(&list.text_, list.text_.empty() ? "" : ", ", text);
  }
  return list;
}

bool AllowList::ContainsAddress(const IpAddress& address) const {
  return std::any_of(networks_.begin(), networks_.end(),
                     [&address](const IpNetwork& network) { return network.Contains(address); });
}

absl::Status AllowList::Forbidden(const Url& url, std::string_view why) const {
  return base::MakeError(
      absl::StatusCode::kPermissionDenied, base::Reason::kForbiddenTarget,
      absl::StrCat("url: ", url.shown(), " may not be called: ", std::string(why),
                   "; allowed: ", text_.empty() ? "nothing" : text_));
}

absl::Status AllowList::Check(std::string_view text) const {
  SLIPWAY_ASSIGN_OR_RETURN(const Url url, Url::Parse(text));
  return Check(url);
}

absl::Status AllowList::Check(const Url& url) const {
  if (url.address()) {
    if (ContainsAddress(*url.address())) return absl::OkStatus();
    return Forbidden(url, absl::StrCat("its address is ", url.address()->ToString()));
  }
  if (hosts_.contains(url.host())) return absl::OkStatus();
  return Forbidden(url, "its host is not listed");
}

absl::Status AllowList::CheckDialled(const Url& url, const IpAddress& address) const {
  const bool allowed = url.address()              ? ContainsAddress(address)
                       : url.host() == kLocalhost ? address.IsLoopback()
                                                  : true;
  if (allowed) return absl::OkStatus();
  return Forbidden(url, absl::StrCat("it leads to ", address.ToString()));
}

std::string AllowList::ToString() const { return text_; }

}  // namespace slipway::outbound
