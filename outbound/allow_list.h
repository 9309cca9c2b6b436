#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "outbound/ip_address.h"
#include "outbound/url.h"

namespace slipway::outbound {

/// Which servers may be called at addresses that callers give us: without it any caller could make
/// this process talk to whatever the machine can reach. Immutable, so any thread.
///
/// Nothing is allowed but what is listed. A URL with an address must name one in a listed network;
/// a URL with a name must name a listed host, and then may resolve to anything, because whoever
/// listed the name trusts it; only `localhost` must be a loopback address also then. The address
/// that is dialled is checked once more when its socket is opened, after names were resolved.
class AllowList {
 public:
  /// Loopback: 127.0.0.0/8, ::1 and localhost.
  static AllowList Loopback();
  /// Each entry is `HOST`, `ADDRESS` or `ADDRESS/BITS`. INVALID_ARGUMENT names the first bad entry.
  /// No entries: nothing is allowed.
  static absl::StatusOr<AllowList> Parse(std::span<const std::string> entries);

  /// INVALID_ARGUMENT for what is no URL that could be called (see Url::Parse); PERMISSION_DENIED
  /// (reason forbidden_target) for one that may not. The message names `url` and what is allowed.
  absl::Status Check(std::string_view url) const;
  absl::Status Check(const Url& url) const;
  /// Whether `address` may be dialled for a URL that Check passed.
  absl::Status CheckDialled(const Url& url, const IpAddress& address) const;

  /// The entries, with commas.
  std::string ToString() const;

 private:
  bool ContainsAddress(const IpAddress& address) const;
  absl::Status Forbidden(const Url& url, std::string_view why) const;

  std::vector<IpNetwork> networks_;
  absl::flat_hash_set<std::string> hosts_;  // lower case, without trailing dot
  std::string text_;
};

}  // namespace slipway::outbound
