#include "client/measure/hdr.h"

#include <zlib.h>

#include <bit>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

// The V2 encoding of HdrHistogram (AbstractHistogram.encodeIntoCompressedByteBuffer of the Java
// library). All integers are big-endian. Outside: cookie, length, zlib data. Within: cookie, length
// of the counts, normalizing index offset, digits, lowest and highest value, conversion ratio, then
// the counts slot by slot as ZigZag LEB128 of at most 9 bytes; -n stands for n empty slots.
namespace slipway::client {
namespace {

constexpr uint32_t kOuterCookie = 0x1c849304;
constexpr uint32_t kInnerCookie = 0x1c849303;
/// Where V0 and V1 said how wide their counts are; V2 writes 1 and readers ignore it.
constexpr uint32_t kWordSizeMask = 0xf0;
constexpr uint32_t kWordSize = 0x10;
constexpr size_t kOuterHeader = 8;
constexpr size_t kInnerHeader = 40;
constexpr size_t kMaxCountBytes = 9;
/// One nanosecond to one day.
constexpr Histogram::Range kLargest{.lowest = 1, .highest = 86'400'000'000'000, .digits = 5};

absl::Status Invalid(std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a histogram in HdrHistogram's compressed V2 encoding: ",
                   absl::string_view(why.data(), why.size())));
}

template <typename Integer>
void AppendBigEndian(Integer value, std::string* out) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(static_cast<uint64_t>(value) >> shift));
  }
}

/// Takes an integer off the front of `bytes`, which has it.
template <typename Integer>
Integer TakeBigEndian(std::string_view* bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    value = value << 8 | static_cast<unsigned char>((*bytes)[i]);
  }
  bytes->remove_prefix(sizeof(Integer));
  return static_cast<Integer>(value);
}

void AppendCount(int64_t count, std::string* out) {
  // ZigZag: the sign goes to the lowest bit, so that small negative numbers stay short.
  uint64_t rest = static_cast<uint64_t>(count) << 1 ^ static_cast<uint64_t>(count >> 63);
  for (size_t i = 1; i < kMaxCountBytes && rest > 0x7f; ++i) {
    out->push_back(static_cast<char>(rest | 0x80));
    rest >>= 7;
  }
  out->push_back(static_cast<char>(rest));  // the ninth byte has all its 8 bits
}

/// Nothing when `bytes` ends within the number.
std::optional<int64_t> TakeCount(std::string_view* bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < kMaxCountBytes && i < bytes->size(); ++i) {
    const auto byte = static_cast<unsigned char>((*bytes)[i]);
    const bool last = i + 1 == kMaxCountBytes || byte < 0x80;
    value |= static_cast<uint64_t>(i + 1 == kMaxCountBytes ? byte : byte & 0x7f) << (7 * i);
    if (!last) continue;
    bytes->remove_prefix(i + 1);
    return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1));
  }
  return std::nullopt;
}

std::string CountsOf(const Histogram& histogram) {
  std::string out;
  int64_t zeros = 0;
  for (size_t slot = 0; slot < histogram.slots(); ++slot) {
    const int64_t count = histogram.CountOfSlot(slot);
    if (count == 0) {
      ++zeros;
      continue;
    }
    if (zeros > 0) AppendCount(-zeros, &out);
    zeros = 0;
    AppendCount(count, &out);
  }
  return out;
}

std::string Compress(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  // It cannot fail: the room is enough, and memory that is not there ends the program anyway.
  compress(reinterpret_cast<Bytef*>(out.data()), &size,
           reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

/// Inflates as much as it is asked for, so that a few bytes cannot make it fill the memory.
class Inflater {
 public:
  explicit Inflater(std::string_view compressed) {
    // zlib's interface is older than const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
    stream_.avail_in = static_cast<uInt>(compressed.size());
    usable_ = inflateInit(&stream_) == Z_OK;
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// The next `size` bytes; nothing when they are not there.
  std::optional<std::string> Take(size_t size) {
    std::string out(size, '\0');
    if (!Inflate(&out) || stream_.avail_out != 0) return std::nullopt;
    return out;
  }
  /// True when nothing is left and the checksum is right.
  bool AtEnd() {
    std::string more(1, '\0');
    return ended_ || (Inflate(&more) && ended_ && stream_.avail_out == 1);
  }

 private:
  bool Inflate(std::string* out) {
    stream_.next_out = reinterpret_cast<Bytef*>(out->data());
    stream_.avail_out = static_cast<uInt>(out->size());
    while (usable_ && !ended_ && stream_.avail_out > 0) {
      const int result = inflate(&stream_, Z_NO_FLUSH);
      ended_ = result == Z_STREAM_END;
      usable_ = result == Z_OK || ended_;
    }
    return usable_;
  }

  z_stream stream_{};
  bool usable_ = false;
  bool ended_ = false;
};

struct InnerHeader {
  size_t counts_size = 0;
  Histogram::Range range;
};

absl::StatusOr<InnerHeader> ParseInnerHeader(std::string_view bytes) {
  if ((TakeBigEndian<uint32_t>(&bytes) & ~kWordSizeMask) != kInnerCookie) {
    return Invalid("the cookie of the counts is wrong");
  }
  InnerHeader header;
  header.counts_size = TakeBigEndian<uint32_t>(&bytes);
  if (TakeBigEndian<int32_t>(&bytes) != 0) return Invalid("its slots are shifted");
  header.range.digits = TakeBigEndian<int32_t>(&bytes);
  header.range.lowest = TakeBigEndian<int64_t>(&bytes);
  header.range.highest = TakeBigEndian<int64_t>(&bytes);
  if (!Histogram::IsPossible(header.range)) {
    return Invalid(absl::StrCat("a range of ", header.range.lowest, " to ", header.range.highest,
                                " with ", header.range.digits,
                                " digits; allowed are 1 to 5 digits, a lowest value of at least 1 "
                                "and a highest one of at least twice that"));
  }
  const size_t slots = Histogram::SlotsFor(header.range);
  if (slots > Histogram::SlotsFor(kLargest)) {
    return Invalid(absl::StrCat("its ", slots, " slots are more than the ",
                                Histogram::SlotsFor(kLargest),
                                " of one nanosecond to one day with 5 digits"));
  }
  if (header.counts_size > slots * kMaxCountBytes) {
    return Invalid("its counts are longer than its slots can be");
  }
  return header;
}

absl::Status ReadCounts(std::string_view bytes, Histogram* histogram) {
  size_t slot = 0;
  while (!bytes.empty()) {
    const std::optional<int64_t> count = TakeCount(&bytes);
    if (!count) return Invalid("the last count is cut off");
    const uint64_t left = histogram->slots() - slot;
    // Unsigned, because the smallest integer has no positive.
    const uint64_t steps = *count < 0 ? ~static_cast<uint64_t>(*count) + 1 : 1;
    if (steps > left) return Invalid("it has more counts than slots");
    if (*count > INT64_MAX - histogram->count()) return Invalid("its counts overflow");
    if (*count > 0) histogram->AddToSlot(slot, *count);
    slot += steps;
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeHdr(const Histogram& histogram) {
  const std::string counts = CountsOf(histogram);
  std::string inner;
  inner.reserve(kInnerHeader + counts.size());
  AppendBigEndian(kInnerCookie | kWordSize, &inner);
  AppendBigEndian(static_cast<uint32_t>(counts.size()), &inner);
  AppendBigEndian(uint32_t{0}, &inner);
  AppendBigEndian(static_cast<uint32_t>(histogram.range().digits), &inner);
  AppendBigEndian(histogram.range().lowest, &inner);
  AppendBigEndian(histogram.range().highest, &inner);
  AppendBigEndian(std::bit_cast<uint64_t>(1.0), &inner);
  inner += counts;
  const std::string compressed = Compress(inner);
  std::string outer;
  outer.reserve(kOuterHeader + compressed.size());
  AppendBigEndian(kOuterCookie | kWordSize, &outer);
  AppendBigEndian(static_cast<uint32_t>(compressed.size()), &outer);
  outer += compressed;
  return absl::Base64Escape(outer);
}

absl::StatusOr<Histogram> DecodeHdr(std::string_view text) {
  std::string outer;
  if (!absl::Base64Unescape(absl::string_view(text.data(), text.size()), &outer)) {
    return Invalid("it is not base64");
  }
  std::string_view bytes = outer;
  if (bytes.size() < kOuterHeader) return Invalid("it is cut off");
  if ((TakeBigEndian<uint32_t>(&bytes) & ~kWordSizeMask) != kOuterCookie) {
    return Invalid("it does not begin with HISTF");
  }
  if (TakeBigEndian<uint32_t>(&bytes) != bytes.size()) return Invalid("its length is wrong");
  Inflater inflater(bytes);
  const std::optional<std::string> head = inflater.Take(kInnerHeader);
  if (!head) return Invalid("the compressed data is damaged");
  SLIPWAY_ASSIGN_OR_RETURN(const InnerHeader header, ParseInnerHeader(*head));
  const std::optional<std::string> counts = inflater.Take(header.counts_size);
  if (!counts || !inflater.AtEnd()) return Invalid("the compressed data is damaged");
  Histogram histogram(header.range);
  SLIPWAY_RETURN_IF_ERROR(ReadCounts(*counts, &histogram));
  return histogram;
}

}  // namespace slipway::client
