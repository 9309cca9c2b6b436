#include "jobs/delivery/token.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "jobs/store/id.h"

namespace slipway::jobs {
namespace {

TEST(Token, KnownValues) {
  EXPECT_EQ(TokenFromJobId("00000000000000000000000000"), std::string(32, '0'));
  EXPECT_EQ(TokenFromJobId("7zzzzzzzzzzzzzzzzzzzzzzzzz"), std::string(32, 'f'));
  EXPECT_EQ(TokenFromJobId("00000000000000000000000001"), std::string(31, '0') + "1");
  EXPECT_EQ(TokenFromJobId("4000000000000000000000000g"), "8" + std::string(29, '0') + "10");
}

TEST(Token, ThereAndBack) {
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = NewJobId(absl::Now());
    const std::string token = TokenFromJobId(id);
    EXPECT_EQ(token.size(), 32u);
    EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos) << token;
    ASSERT_EQ(JobIdFromToken(token), id);
    ASSERT_EQ(JobIdFromToken(absl::AsciiStrToUpper(token)), id);
  }
}

TEST(Token, AnythingElseIsRefused) {
  const std::string token(32, 'a');
  ASSERT_TRUE(JobIdFromToken(token));
  for (std::string bad :
       {std::string(), token.substr(1), token + "a", "g" + token.substr(1), " " + token.substr(1),
        "-" + token.substr(1), "0x" + token.substr(2), token + '\0', std::string(32, '\0'),
        std::string("aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"), NewJobId(absl::Now())}) {
    EXPECT_EQ(JobIdFromToken(bad), std::nullopt) << bad;
  }
}

TEST(Token, EveryTokenIsAnId) {
  for (const char digit : std::string("0123456789abcdef")) {
    EXPECT_TRUE(ValidJobId(*JobIdFromToken(std::string(32, digit)))) << digit;
  }
}

}  // namespace
}  // namespace slipway::jobs
