#include "wire/encoding.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace slipway::wire {
namespace {

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte of the escape at `text`, or -1.
int Escaped(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = HexDigit(text[1]);
  const int low = HexDigit(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace

std::string FormatTimeout(rpc::Duration left) {
  struct Unit {
    int64_t nanoseconds;
    char letter;
  };
  static constexpr std::array<Unit, 6> kUnits = {{{1, 'n'},
                                                  {1'000, 'u'},
                                                  {1'000'000, 'm'},
                                                  {1'000'000'000, 'S'},
                                                  {60'000'000'000, 'M'},
                                                  {3'600'000'000'000, 'H'}}};
  constexpr int64_t kMost = 99'999'999;
  const int64_t nanoseconds =
      std::max<int64_t>(1, std::chrono::duration_cast<std::chrono::nanoseconds>(left).count());
  for (const Unit& unit : kUnits) {
    const int64_t count =
        nanoseconds / unit.nanoseconds + (nanoseconds % unit.nanoseconds != 0 ? 1 : 0);
    if (count <= kMost) return absl::StrCat(count, std::string(1, unit.letter));
  }
  return absl::StrCat(kMost, "H");
}

std::string PercentDecode(std::string_view text) {
  if (text.find('%') == std::string_view::npos) return std::string(text);
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const int byte = Escaped(text.substr(i));
    if (byte >= 0) i += 2;
    decoded += byte >= 0 ? static_cast<char>(byte) : text[i];
  }
  return decoded;
}

std::string EncodeBinary(std::string_view bytes) {
  std::string text = absl::Base64Escape(Absl(bytes));
  while (text.ends_with('=')) text.pop_back();
  return text;
}

void AddBinary(std::string_view key, std::string_view value, rpc::Metadata* metadata) {
  for (size_t begin = 0; begin <= value.size();) {
    const size_t end = std::min(value.find(',', begin), value.size());
    std::string bytes;
    if (absl::Base64Unescape(Absl(value.substr(begin, end - begin)), &bytes)) {
      metadata->Add(std::string(key), std::move(bytes));
    }
    begin = end + 1;
  }
}

bool ValidKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

bool ValidValue(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool ReservedKey(std::string_view key) {
  // The last five would make the message malformed (RFC 9113, 8.2.2).
  static constexpr std::array<std::string_view, 15> kReserved = {
      "content-type",  "user-agent",           "te",
      "host",          "content-length",       "grpc-message-type",
      "grpc-encoding", "grpc-accept-encoding", "grpc-message",
      "grpc-status",   "grpc-timeout",         "connection",
      "keep-alive",    "proxy-connection",     "transfer-encoding"};
  if (key.starts_with(':') || key == "upgrade") return true;
  return std::find(kReserved.begin(), kReserved.end(), key) != kReserved.end();
}

}  // namespace slipway::wire
