#include "wire/encoding.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace slipway::wire {
namespace {

using namespace std::chrono_literals;

TEST(Encoding, TimeoutHasEightDigitsAtMostAndIsRoundedUp) {
  EXPECT_EQ(FormatTimeout(1ns), "1n");
  EXPECT_EQ(FormatTimeout(99'999'999ns), "99999999n");
  EXPECT_EQ(FormatTimeout(100'000'000ns), "100000u");
  EXPECT_EQ(FormatTimeout(100'000'001ns), "100001u");
  EXPECT_EQ(FormatTimeout(5s), "5000000u");
  EXPECT_EQ(FormatTimeout(100s), "100000m");
  EXPECT_EQ(FormatTimeout(48h), "172800S");
  EXPECT_EQ(FormatTimeout(-5s), "1n");
  EXPECT_EQ(FormatTimeout(rpc::Duration::max()), "2562048H");
}

TEST(Encoding, PercentDecode) {
  EXPECT_EQ(PercentDecode("plain"), "plain");
  EXPECT_EQ(PercentDecode("a%20b%C3%bC"), "a b\xc3\xbc");
  EXPECT_EQ(PercentDecode("100%"), "100%");
  EXPECT_EQ(PercentDecode("%2"), "%2");
  EXPECT_EQ(PercentDecode("%zz%41"), "%zzA");
  EXPECT_EQ(PercentDecode("%00"), std::string(1, '\0'));
}

TEST(Encoding, BinaryValuesOfAllLengths) {
  for (size_t size = 0; size < 50; ++size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 37);
    const std::string text = EncodeBinary(bytes);
    EXPECT_EQ(text.find('='), std::string::npos);
    rpc::Metadata metadata;
    AddBinary("k-bin", text, &metadata);
    ASSERT_EQ(metadata.size(), 1u) << size;
    EXPECT_EQ(metadata.Find("k-bin"), bytes);
  }
}

TEST(Encoding, BinaryValuesWithPaddingJoinedAndBroken) {
  rpc::Metadata metadata;
  AddBinary("k-bin", "QQ==,Qg,!!!,Q0Q=", &metadata);
  std::vector<std::string> values;
  for (const auto& [key, value] : metadata) values.push_back(value);
  EXPECT_EQ(values, (std::vector<std::string>{"A", "B", "CD"}));
}

TEST(Encoding, KeysAndValues) {
  EXPECT_TRUE(ValidKey("x-a_b.c-9"));
  EXPECT_FALSE(ValidKey(""));
  EXPECT_FALSE(ValidKey("X"));
  EXPECT_FALSE(ValidKey("a b"));
  EXPECT_TRUE(ValidValue(" ~"));
  EXPECT_FALSE(ValidValue("\t"));
  EXPECT_FALSE(ValidValue("\xc3\xbc"));
  EXPECT_TRUE(ReservedKey(":path"));
  EXPECT_TRUE(ReservedKey("te"));
  EXPECT_TRUE(ReservedKey("upgrade"));
  EXPECT_FALSE(ReservedKey("grpc-trace-bin"));
  EXPECT_FALSE(ReservedKey("authorization"));
}

}  // namespace
}  // namespace slipway::wire
