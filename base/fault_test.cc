#include "base/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace slipway::base {
namespace {

using ::testing::HasSubstr;

class FaultTest : public ::testing::Test {
 protected:
  ~FaultTest() override { ClearFaults(); }
};

TEST_F(FaultTest, NothingSetIsOkButCounted) {
  EXPECT_TRUE(HitFault("a").ok());
  EXPECT_TRUE(HitFault("a").ok());
  EXPECT_EQ(FaultHits("a"), 2);
  EXPECT_EQ(FaultHits("b"), 0);
}

TEST_F(FaultTest, SkipThenTimesThenHealed) {
  SetFault("a", {.skip = 1, .times = 2});
  EXPECT_TRUE(HitFault("a").ok());
  EXPECT_EQ(HitFault("a"), absl::UnavailableError("fault a"));
  EXPECT_FALSE(HitFault("a").ok());
  EXPECT_TRUE(HitFault("a").ok());
}

TEST_F(FaultTest, FromText) {
  ASSERT_TRUE(SetFaults("a=error@1x1,b=delay:1ms").ok());
  EXPECT_TRUE(HitFault("a").ok());
  EXPECT_FALSE(HitFault("a").ok());
  EXPECT_TRUE(HitFault("a").ok());
  EXPECT_TRUE(HitFault("b").ok());
}

TEST_F(FaultTest, BadTextIsNamedAndSetsNothing) {
  for (const char* bad : {"a", "=error", "a=boom", "a=delay:", "a=delay:-1s", "a=error@x1",
                          "a=errorx-1", "a=delay:inf"}) {
    const absl::Status set = SetFaults(std::string("good=error,") + bad);
    EXPECT_EQ(set.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(set.message()), HasSubstr(std::string("\"") + bad + "\""));
  }
  EXPECT_TRUE(HitFault("good").ok());
}

TEST_F(FaultTest, PlaceFollowsTheBuild) {
  SetFault("a", {});
  EXPECT_EQ(SLIPWAY_FAULT("a").ok(), !FaultsCompiledIn());
}

TEST(FaultDeathTest, Crash) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  SetFault("a", {.kind = Fault::Kind::kCrash});
  EXPECT_EXIT(static_cast<void>(HitFault("a")), ::testing::ExitedWithCode(137), "");
  ClearFaults();
}

}  // namespace
}  // namespace slipway::base
