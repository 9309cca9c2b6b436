#include "gateway/bind/grpc_timeout.h"

#include <chrono>
#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

using namespace std::chrono_literals;

struct Case {
  const char* text;
  std::optional<std::chrono::nanoseconds> expected;  // nothing: refused
};

class GrpcTimeout : public ::testing::TestWithParam<Case> {};

TEST_P(GrpcTimeout, Parses) {
  const absl::StatusOr<rpc::Duration> timeout = ParseGrpcTimeout(GetParam().text);
  if (GetParam().expected) {
    ASSERT_TRUE(timeout.ok()) << timeout.status();
    EXPECT_EQ(*timeout, *GetParam().expected);
  } else {
    ASSERT_FALSE(timeout.ok());
    EXPECT_EQ(timeout.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(timeout.status().message().find("Grpc-Timeout"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, GrpcTimeout,
                         ::testing::Values(Case{"10m", 10ms}, Case{"2H", 2h}, Case{"3M", 3min},
                                           Case{"4S", 4s}, Case{"5u", 5us}, Case{"6n", 6ns},
                                           Case{"+7S", 7s}, Case{"0S", 0s},
                                           Case{"0000000000012S", 12s}, Case{"-1S", -1ns},
                                           Case{"", std::nullopt}, Case{"S", std::nullopt},
                                           Case{"1", std::nullopt}, Case{"1s", std::nullopt},
                                           Case{"1 S", std::nullopt}, Case{" 1S", std::nullopt},
                                           Case{"1.5S", std::nullopt}, Case{"+S", std::nullopt},
                                           Case{"-S", std::nullopt}, Case{"++1S", std::nullopt},
                                           Case{"+-1S", std::nullopt}, Case{"0x1S", std::nullopt},
                                           Case{"1_0S", std::nullopt}));

TEST(GrpcTimeoutLimits, TooLongIsSaturated) {
  for (const char* text : {"9223372036854775807H", "99999999999999999999999n"}) {
    const auto timeout = ParseGrpcTimeout(text);
    ASSERT_TRUE(timeout.ok()) << text;
    EXPECT_GT(*timeout, 24h * 365 * 50);
    EXPECT_GT(rpc::Clock::now() + *timeout, rpc::Clock::now());  // no overflow
  }
  EXPECT_LT(*ParseGrpcTimeout("-99999999999999999999999n"), 0ns);
}

}  // namespace
}  // namespace slipway::gateway
