#include "jobs/store/id.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"

namespace slipway::jobs {
namespace {

// Crockford's alphabet: no i, l, o, u.
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kSequenceDigits = 13;  // 64 bits
constexpr size_t kCheckDigits = 4;

/// The last `digits` × 5 bits of `value`, most significant first.
void AppendBase32(uint64_t value, size_t digits, std::string& out) {
  for (size_t i = digits; i-- > 0;) {
    const size_t shift = 5 * i;
    out.push_back(kAlphabet[(value >> shift) & 31]);
  }
}

std::optional<uint64_t> ReadBase32(std::string_view digits) {
  uint64_t value = 0;
  for (const char digit : digits) {
    const size_t index = kAlphabet.find(digit);
    if (index == std::string_view::npos) return std::nullopt;
    value = value << 5 | index;
  }
  return value;
}

void FillRandom(void* out, size_t size) {
  auto* next = static_cast<unsigned char*>(out);
  while (size > 0) {
    const ssize_t got = getrandom(next, size, 0);
    if (got < 0 && errno != EINTR)
      std::abort();  // a kernel without getrandom: nothing to fall back on
    if (got <= 0) continue;
    next += got;
    size -= static_cast<size_t>(got);
  }
}

/// FNV-1a, folded to the check's 20 bits.
uint64_t Check(uint64_t sequence) {
  uint64_t hash = 0xcbf29ce484222325;
  for (int i = 0; i < 8; ++i) {
    hash = (hash ^ (sequence >> (8 * i) & 0xff)) * 0x100000001b3;
  }
  return (hash ^ hash >> 20 ^ hash >> 40) & 0xfffff;
}

}  // namespace

std::string RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  FillRandom(bytes.data(), size);
  return bytes;
}

std::string NewJobId(absl::Time time) {
  constexpr int64_t kMaxMillis = (int64_t{1} << 48) - 1;
  const int64_t millis = std::clamp<int64_t>(absl::ToUnixMillis(time), 0, kMaxMillis);
  std::array<uint64_t, 2> random;
  FillRandom(random.data(), sizeof(random));
  std::string id;
  id.reserve(kJobIdLength);
  AppendBase32(static_cast<uint64_t>(millis), 10, id);  // 50 bits, the first two are zero
  AppendBase32(random[0], 8, id);
  AppendBase32(random[1], 8, id);
  return id;
}

bool ValidJobId(std::string_view id) {
  return id.size() == kJobIdLength && id[0] <= '7' &&
         id.find_first_not_of(kAlphabet) == std::string_view::npos;
}

std::string EncodePageToken(int64_t sequence) {
  std::string token;
  AppendBase32(static_cast<uint64_t>(sequence), kSequenceDigits, token);
  AppendBase32(Check(static_cast<uint64_t>(sequence)), kCheckDigits, token);
  return token;
}

absl::StatusOr<int64_t> DecodePageToken(std::string_view token) {
  if (token.size() == kSequenceDigits + kCheckDigits) {
    const auto sequence = ReadBase32(token.substr(0, kSequenceDigits));
    const auto check = ReadBase32(token.substr(kSequenceDigits));
    // Writing it again finds digits beyond 64 bits.
    if (sequence && check && EncodePageToken(static_cast<int64_t>(*sequence)) == token) {
      return static_cast<int64_t>(*sequence);
    }
  }
  constexpr size_t kShown = 64;
  const std::string_view shown = token.substr(0, kShown);
  return base::MakeError(
      absl::StatusCode::kInvalidArgument, base::Reason::kBadField,
      absl::StrCat("pageToken: \"", absl::CHexEscape({shown.data(), shown.size()}),
                   token.size() > kShown ? "…" : "",
                   "\" is not a nextPageToken of an earlier answer"));
}

}  // namespace slipway::jobs
