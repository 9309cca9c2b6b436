#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "outbound/ip_address.h"

namespace slipway::outbound {

/// An absolute http or https URL, read once by libcurl's own parser: what is checked here is what
/// libcurl dials. Movable, one thread at a time.
class Url {
 public:
  /// INVALID_ARGUMENT names the URL and what is wrong: not absolute, another scheme than http and
  /// https, with user info or an IPv6 zone, a port outside 1…65535, a host that is neither a name
  /// in ASCII nor an address, or longer than 8,192 bytes.
  static absl::StatusOr<Url> Parse(std::string_view text);

  /// Lower case, without brackets and trailing dot. An IPv4 address is four decimal numbers,
  /// however it was written (decimal, octal, hexadecimal, short).
  const std::string& host() const { return host_; }
  /// Set when the host is an address and not a name.
  const std::optional<IpAddress>& address() const { return address_; }
  std::uint16_t port() const { return port_; }
  bool secure() const { return secure_; }
  /// `host:port`, brackets around an IPv6 address: which server it is.
  std::string HostPort() const;
  /// For messages: without query and fragment, which may hold secrets.
  const std::string& shown() const { return shown_; }
  /// For CURLOPT_CURLU; valid as long as this object.
  CURLU* handle() const { return handle_.get(); }

 private:
  struct Free {
    void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
  };

  Url() : handle_(curl_url()) {}
  absl::Status Read(std::string_view text);
  absl::Status ReadHost(std::string text);
  absl::Status ReadName(std::string name);
  absl::Status ReadPort();
  std::string Part(CURLUPart part, unsigned flags = 0) const;

  std::unique_ptr<CURLU, Free> handle_;
  std::string host_;
  std::optional<IpAddress> address_;
  std::uint16_t port_ = 0;
  bool secure_ = false;
  std::string shown_;
};

/// `text` as it may stand in a message: escaped, at most 256 bytes of it.
std::string Quoted(std::string_view text);

}  // namespace slipway::outbound
