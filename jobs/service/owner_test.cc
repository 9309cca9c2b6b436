#include "jobs/service/owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::jobs {
namespace {

TEST(Owner, NobodyWithoutAnAuthorization) {
  EXPECT_EQ(OwnerOf("secret", {}), "");
  EXPECT_EQ(OwnerOf("secret", {{"authorization", ""}}), "");
  EXPECT_EQ(OwnerOf("secret", {{"x-authorization", "Bearer a"}}), "");
}

TEST(Owner, OfSeveralIsNoneOfThem) {
  const rpc::Metadata both = {{"authorization", "Bearer a"}, {"authorization", "Bearer b"}};
  const std::string owner = OwnerOf("secret", both);
  for (const char* one : {"Bearer a", "Bearer b", ""}) {
    EXPECT_NE(owner, OwnerOf("secret", {{"authorization", one}})) << one;
  }
}

TEST(Owner, SameForTheSameAuthorizationAndSecretOnly) {
  const std::string owner = OwnerOf("secret", {{"authorization", "Bearer a"}});
  EXPECT_EQ(owner.size(), 64u);
  EXPECT_THAT(owner, testing::Not(testing::HasSubstr("Bearer")));
  EXPECT_EQ(OwnerOf("secret", {{"x", "y"}, {"authorization", "Bearer a"}}), owner);
  EXPECT_NE(OwnerOf("secret", {{"authorization", "Bearer b"}}), owner);
  EXPECT_NE(OwnerOf("another", {{"authorization", "Bearer a"}}), owner);
}

TEST(Owner, KnowsTheirJobsAndNobodys) {
  JobRow row;
  EXPECT_TRUE(MayKnow("", row));
  EXPECT_TRUE(MayKnow("a", row));
  row.owner = "a";
  EXPECT_TRUE(MayKnow("a", row));
  EXPECT_FALSE(MayKnow("b", row));
  EXPECT_FALSE(MayKnow("", row));
}

}  // namespace
}  // namespace slipway::jobs
