#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct sockaddr;

namespace slipway::outbound {

/// An IPv4 or IPv6 address. One that is IPv4 in IPv6 clothes (`::ffff:a.b.c.d`) is the IPv4
/// address, because that is where a packet to it goes. A value type.
class IpAddress {
 public:
  /// Four decimal numbers, or IPv6 without brackets and zone; nothing for any other text.
  static std::optional<IpAddress> Parse(std::string_view text);
  /// Nothing for families other than IPv4 and IPv6, and for IPv6 with a zone.
  static std::optional<IpAddress> FromSocketAddress(const sockaddr& address);

  bool operator==(const IpAddress&) const = default;
  /// 32 or 128.
  int bits() const { return bits_; }
  /// In 127.0.0.0/8, or ::1.
  bool IsLoopback() const;
  std::string ToString() const;

 private:
  friend class IpNetwork;
  explicit IpAddress(const std::array<std::uint8_t, 16>& ipv6);

  std::array<std::uint8_t, 16> bytes_{};  // an IPv4 address is the first four
  int bits_ = 128;
};

/// The addresses that share their first bits. A value type.
class IpNetwork {
 public:
  /// `ADDRESS` (that one alone) or `ADDRESS/BITS`, without bits set behind the first BITS.
  /// INVALID_ARGUMENT names the text and what is allowed.
  static absl::StatusOr<IpNetwork> Parse(std::string_view text);

  /// False for an address of the other family.
  bool Contains(const IpAddress& address) const;
  /// Without `/BITS` when it is one address.
  std::string ToString() const;

 private:
  IpNetwork(const IpAddress& address, int bits) : address_(address), bits_(bits) {}

  IpAddress address_;
  int bits_;
};

}  // namespace slipway::outbound
