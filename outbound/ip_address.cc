#include "outbound/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace slipway::outbound {
namespace {

constexpr int kMappedBits = 96;
constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::array<std::uint8_t, 16> Mapped(const in_addr& ipv4) {
  std::array<std::uint8_t, 16> bytes{};
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
  std::memcpy(bytes.data() + kMappedPrefix.size(), &ipv4, sizeof(ipv4));
  return bytes;
}

std::array<std::uint8_t, 16> Bytes(const in6_addr& ipv6) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &ipv6, bytes.size());
  return bytes;
}

/// True when `left` and `right` agree in the first `bits`.
bool SamePrefix(const std::array<std::uint8_t, 16>& left, const std::array<std::uint8_t, 16>& right,
                int bits) {
  const int whole = bits / 8;
  if (!std::equal(left.begin(), left.begin() + whole, right.begin())) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const int mask = 0xff << (8 - rest) & 0xff;
  return ((left[whole] ^ right[whole]) & mask) == 0;
}

absl::Status NoNetwork(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(text), "\" is no network: ", std::string(why),
                   "; allowed are an IPv4 or IPv6 address and ADDRESS/BITS, such as 10.0.0.0/8"));
}

}  // namespace

IpAddress::IpAddress(const std::array<std::uint8_t, 16>& ipv6) : bytes_(ipv6) {
  if (!std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), ipv6.begin())) return;
  bits_ = 32;
  bytes_.fill(0);
  std::copy(ipv6.begin() + kMappedPrefix.size(), ipv6.end(), bytes_.begin());
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::string terminated(text);
  if (terminated.size() != std::strlen(terminated.c_str())) return std::nullopt;
  in_addr ipv4;
  if (inet_pton(AF_INET, terminated.c_str(), &ipv4) == 1) return IpAddress(Mapped(ipv4));
  in6_addr ipv6;
  if (inet_pton(AF_INET6, terminated.c_str(), &ipv6) == 1) return IpAddress(Bytes(ipv6));
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::FromSocketAddress(const sockaddr& address) {
  // Copied out: a sockaddr need not be aligned as the family's own structure.
  if (address.sa_family == AF_INET) {
    sockaddr_in ipv4;
    std::memcpy(&ipv4, &address, sizeof(ipv4));
    return IpAddress(Mapped(ipv4.sin_addr));
  }
  if (address.sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 ipv6;
  std::memcpy(&ipv6, &address, sizeof(ipv6));
  if (ipv6.sin6_scope_id != 0) return std::nullopt;
  return IpAddress(Bytes(ipv6.sin6_addr));
}

bool IpAddress::IsLoopback() const {
  if (bits_ == 32) return bytes_[0] == 127;
  return bytes_.back() == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

std::string IpAddress::ToString() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(bits_ == 32 ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

absl::StatusOr<IpNetwork> IpNetwork::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view address_text = text.substr(0, slash);
  const std::optional<IpAddress> address = IpAddress::Parse(address_text);
  if (!address) return NoNetwork(text, "what comes first is no address");
  if (slash == std::string_view::npos) return IpNetwork(*address, address->bits());
  // Bits of a mapped address count from the front of the IPv6 form it is written in.
  const bool mapped = address->bits() == 32 && address_text.find(':') != std::string_view::npos;
  const std::string_view bits_text = text.substr(slash + 1);
  int bits = 0;
  const auto [end, error] =
      std::from_chars(bits_text.data(), bits_text.data() + bits_text.size(), bits);
  if (error != std::errc() || end != bits_text.data() + bits_text.size()) {
    return NoNetwork(text, "BITS is no number");
  }
  if (mapped) bits -= kMappedBits;
  if (bits < 0 || bits > address->bits()) return NoNetwork(text, "BITS is out of range");
  std::array<std::uint8_t, 16> first{};
  for (int i = 0; i < bits; ++i) first[i / 8] |= address->bytes_[i / 8] & (0x80 >> (i % 8));
  if (first != address->bytes_) return NoNetwork(text, "bits behind the first BITS are set");
  return IpNetwork(*address, bits);
}

bool IpNetwork::Contains(const IpAddress& address) const {
  return address.bits_ == address_.bits_ && SamePrefix(address.bytes_, address_.bytes_, bits_);
}

std::string IpNetwork::ToString() const {
  if (bits_ == address_.bits()) return address_.ToString();
  return absl::StrCat(address_.ToString(), "/", bits_);
}

}  // namespace slipway::outbound
