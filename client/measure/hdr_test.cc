#include "client/measure/hdr.h"

#include <zlib.h>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace slipway::client {
namespace {

constexpr Histogram::Range kHourOfMicroseconds{.lowest = 1, .highest = 3'600'000'000, .digits = 3};
/// 1, 1000, 1000000 and 1000000 in that range.
constexpr std::string_view kVector =
    "HISTFAAAACh42pNpmSzMwMDAyQABzFCaEURcm7yEwf4DVIDpND/T+3mMLACGuQcB";
constexpr std::string_view kVectorInner =
    "1c849313"
    "00000009"
    "00000000"
    "00000003"
    "0000000000000001"
    "00000000d693a400"
    "3ff0000000000000"
    "01"
    "02"
    "cb0f"
    "02"
    "ef9e01"
    "04";

Histogram OfVector() {
  Histogram histogram(kHourOfMicroseconds);
  for (int64_t value : {1, 1000, 1'000'000, 1'000'000}) histogram.Record(value);
  return histogram;
}

std::string Bytes(std::string_view base64) {
  std::string bytes;
  EXPECT_TRUE(absl::Base64Unescape(std::string(base64), &bytes));
  return bytes;
}

/// What is within the compressed data.
std::string InnerOf(std::string_view base64) {
  const std::string outer = Bytes(base64);
  std::string inner(1 << 20, '\0');
  uLongf size = inner.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(inner.data()), &size,
                       reinterpret_cast<const Bytef*>(outer.data()) + 8, outer.size() - 8),
            Z_OK);
  inner.resize(size);
  return inner;
}

std::string BigEndian32(uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  return out;
}

/// A well-formed outside around these inner bytes.
std::string Wrap(const std::string& inner) {
  std::string data(compressBound(inner.size()), '\0');
  uLongf size = data.size();
  compress(reinterpret_cast<Bytef*>(data.data()), &size,
           reinterpret_cast<const Bytef*>(inner.data()), inner.size());
  data.resize(size);
  return absl::Base64Escape(
      absl::StrCat(BigEndian32(0x1c849314), BigEndian32(static_cast<uint32_t>(size)), data));
}

/// The vector's inner bytes with those from `offset` on replaced.
std::string WrapPatched(size_t offset, std::string_view hex) {
  std::string inner = absl::HexStringToBytes(std::string(kVectorInner));
  const std::string patch = absl::HexStringToBytes(std::string(hex));
  inner.replace(offset, patch.size(), patch);
  return Wrap(inner);
}

/// The vector's header with other counts and their right length.
std::string WrapCounts(std::string_view hex) {
  const std::string header = absl::HexStringToBytes(std::string(kVectorInner)).substr(0, 40);
  const std::string counts = absl::HexStringToBytes(std::string(hex));
  return Wrap(header.substr(0, 4) + BigEndian32(static_cast<uint32_t>(counts.size())) +
              header.substr(8) + counts);
}

void ExpectSameSlots(const Histogram& a, const Histogram& b) {
  ASSERT_EQ(a.range(), b.range());
  ASSERT_EQ(a.count(), b.count());
  for (size_t slot = 0; slot < a.slots(); ++slot) {
    ASSERT_EQ(a.CountOfSlot(slot), b.CountOfSlot(slot)) << "slot " << slot;
  }
}

void ExpectRefused(std::string_view text, std::string_view why) {
  const absl::StatusOr<Histogram> histogram = DecodeHdr(text);
  ASSERT_FALSE(histogram.ok()) << why;
  EXPECT_EQ(histogram.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(std::string(histogram.status().message()), std::string(why)))
      << histogram.status();
}

Histogram RandomHistogram(std::mt19937_64* random) {
  Histogram::Range range;
  range.digits = static_cast<int>((*random)() % 5) + 1;
  range.lowest = int64_t{1} << ((*random)() % 11);
  range.highest = range.lowest * 2 + static_cast<int64_t>((*random)() >> (20 + (*random)() % 24));
  Histogram histogram(range);
  std::uniform_real_distribution<double> magnitude(0, std::log(range.highest));
  for (size_t i = (*random)() % 2000; i > 0; --i) {
    const auto value = static_cast<int64_t>(std::exp(magnitude(*random)));
    histogram.AddToSlot(histogram.SlotOf(std::min(value, range.highest)),
                        static_cast<int64_t>((*random)() >> (20 + (*random)() % 44)));
  }
  return histogram;
}

TEST(DecodeHdr, ReadsTheReferenceVector) {
  const absl::StatusOr<Histogram> histogram = DecodeHdr(kVector);
  ASSERT_TRUE(histogram.ok()) << histogram.status();
  ExpectSameSlots(*histogram, OfVector());
  EXPECT_EQ(histogram->min(), 1);
  EXPECT_EQ(histogram->CountOfSlot(11'169), 2);
  EXPECT_EQ(histogram->max(), histogram->HighestOfSlot(11'169));
}

TEST(EncodeHdr, WritesTheReferenceVector) {
  const std::string text = EncodeHdr(OfVector());
  EXPECT_EQ(text.substr(0, 5), "HISTF");
  EXPECT_EQ(absl::BytesToHexString(InnerOf(text)), kVectorInner);
}

TEST(EncodeHdr, EmptyHistogramComesBack) {
  const absl::StatusOr<Histogram> histogram = DecodeHdr(EncodeHdr(Histogram()));
  ASSERT_TRUE(histogram.ok()) << histogram.status();
  EXPECT_EQ(histogram->count(), 0);
  EXPECT_EQ(histogram->range(), Histogram::Range{});
}

TEST(EncodeHdr, LargestCountComesBack) {
  Histogram histogram;
  histogram.AddToSlot(histogram.SlotOf(77), INT64_MAX);
  const absl::StatusOr<Histogram> back = DecodeHdr(EncodeHdr(histogram));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->CountOfSlot(77), INT64_MAX);
}

TEST(EncodeHdr, RandomHistogramsComeBack) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 50; ++i) {
    const Histogram histogram = RandomHistogram(&random);
    const absl::StatusOr<Histogram> back = DecodeHdr(EncodeHdr(histogram));
    ASSERT_TRUE(back.ok()) << back.status();
    ExpectSameSlots(*back, histogram);
    EXPECT_EQ(back->min(), histogram.min());
    EXPECT_EQ(back->max(), histogram.max());
    EXPECT_NEAR(back->mean(), histogram.mean(), histogram.mean() * 1e-9);
  }
}

// Many histograms are written: what was measured with one unit must not lose more than its digits.
TEST(EncodeHdr, KeepsPercentiles) {
  std::mt19937_64 random(5);
  std::lognormal_distribution<double> latency(13.0, 2.0);
  Histogram histogram;
  for (int i = 0; i < 10'000; ++i) histogram.Record(std::llround(latency(random)));
  const absl::StatusOr<Histogram> back = DecodeHdr(EncodeHdr(histogram));
  ASSERT_TRUE(back.ok()) << back.status();
  for (double percentile : {0.0, 50.0, 90.0, 99.0, 99.9}) {
    EXPECT_EQ(back->ValueAt(percentile), histogram.ValueAt(percentile)) << percentile;
  }
  EXPECT_NEAR(back->mean(), histogram.mean(), histogram.mean() / 1000);
}

TEST(DecodeHdr, RefusesADamagedOutside) {
  ExpectRefused("", "cut off");
  ExpectRefused("!!!", "base64");
  ExpectRefused("HISTF", "");
  const std::string outer = Bytes(kVector);
  for (size_t size = 0; size < outer.size(); ++size) {
    ExpectRefused(absl::Base64Escape(outer.substr(0, size)), "");
  }
  ExpectRefused(absl::Base64Escape(outer + "x"), "length");
  ExpectRefused(absl::Base64Escape("\x1c\x84\x93\x03" + outer.substr(4)), "HISTF");
  // The right length around data that ends too early.
  const std::string cut = outer.substr(8, outer.size() - 12);
  ExpectRefused(
      absl::Base64Escape(outer.substr(0, 4) + BigEndian32(static_cast<uint32_t>(cut.size())) + cut),
      "damaged");
}

TEST(DecodeHdr, RefusesADamagedInside) {
  ExpectRefused(Wrap("short"), "damaged");
  ExpectRefused(WrapPatched(0, "1c849304"), "cookie");
  ExpectRefused(WrapPatched(4, "0000000a"), "damaged");
  ExpectRefused(WrapPatched(4, "00000008"), "damaged");
  ExpectRefused(WrapPatched(4, "ffffffff"), "longer");
  ExpectRefused(WrapPatched(8, "00000001"), "shifted");
  ExpectRefused(WrapPatched(12, "00000006"), "6 digits");
  ExpectRefused(WrapPatched(12, "00000000"), "0 digits");
  ExpectRefused(WrapPatched(12, "ffffffff"), "-1 digits");
  ExpectRefused(WrapPatched(16, "0000000000000000"), "range");
  ExpectRefused(WrapPatched(16, "ffffffffffffffff"), "range");
  ExpectRefused(WrapPatched(16,
                            "4000000000000000"
                            "7fffffffffffffff"),
                "range");
  ExpectRefused(WrapPatched(24, "0000000000000001"), "range");
  ExpectRefused(WrapPatched(24, "8000000000000000"), "range");
  // Five digits up to the largest integer: more slots than anybody measures with.
  ExpectRefused(WrapPatched(12,
                            "00000005"
                            "0000000000000001"
                            "7fffffffffffffff"),
                "slots");
}

TEST(DecodeHdr, ReadsTheLargestAndTheWidestRange) {
  const absl::StatusOr<Histogram> day = DecodeHdr(WrapPatched(12,
                                                              "00000005"
                                                              "0000000000000001"
                                                              "00004e94914f0000"));
  ASSERT_TRUE(day.ok()) << day.status();
  EXPECT_EQ(day->range().highest, 86'400'000'000'000);
  EXPECT_EQ(day->count(), 4);
  const absl::StatusOr<Histogram> widest = DecodeHdr(WrapPatched(24, "7fffffffffffffff"));
  ASSERT_TRUE(widest.ok()) << widest.status();
  EXPECT_EQ(widest->HighestOfSlot(widest->slots() - 1), INT64_MAX);
}

TEST(DecodeHdr, RefusesWrongCounts) {
  ExpectRefused(WrapCounts("0280"), "cut off");
  // A run of empty slots beyond the end, and the longest there can be.
  ExpectRefused(WrapCounts("ffffffff0f"), "more counts");
  ExpectRefused(WrapCounts("ffffffffffffffffff"), "more counts");
  // Two of the largest count.
  ExpectRefused(WrapCounts("fefffffffffffffffffe"
                           "ffffffffffffffff"),
                "");
  const std::string largest = "feffffffffffffffff";
  ASSERT_TRUE(DecodeHdr(WrapCounts(largest)).ok());
  ExpectRefused(WrapCounts(largest + "02"), "overflow");
  // One count more than there are slots.
  std::string many;
  for (size_t i = 0; i <= Histogram(kHourOfMicroseconds).slots(); ++i) many += "02";
  ExpectRefused(WrapCounts(many), "more counts");
}

TEST(DecodeHdr, ReadsOtherWordSizesAndSpace) {
  EXPECT_TRUE(DecodeHdr(WrapPatched(0, "1c849303")).ok());
  EXPECT_TRUE(DecodeHdr(absl::StrCat(std::string(kVector), "\n")).ok());
}

// Whatever the bytes: an answer or an error, never a crash or a lot of memory.
TEST(DecodeHdr, SurvivesRandomMutations) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  const std::string inner = absl::HexStringToBytes(std::string(kVectorInner));
  const std::string outer = Bytes(kVector);
  int decoded = 0;
  for (int i = 0; i < 4000; ++i) {
    const bool inside = i % 2 == 0;
    std::string bytes = inside ? inner : outer;
    for (size_t n = random() % 3 + 1; n > 0; --n) {
      const size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] ^= static_cast<char>(1 << random() % 8);
          break;
        case 2:
          bytes.erase(at, random() % 4 + 1);
          break;
        case 3:
          bytes.insert(at, random() % 8, static_cast<char>(random()));
          break;
      }
      if (bytes.empty()) break;
    }
    const absl::StatusOr<Histogram> histogram =
        DecodeHdr(inside ? Wrap(bytes) : absl::Base64Escape(bytes));
    if (!histogram.ok()) continue;
    ++decoded;
    EXPECT_LE(histogram->ValueAt(50), histogram->max());
    EXPECT_FALSE(HgrmText(*histogram, 1).empty());
  }
  EXPECT_GT(decoded, 0);
}

TEST(DecodeHdr, SurvivesRandomText) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; ++i) {
    std::string text(kVector);
    text[random() % text.size()] = static_cast<char>(random());
    text.resize(text.size() - random() % 4);
    (void)DecodeHdr(text);
  }
}

}  // namespace
}  // namespace slipway::client
