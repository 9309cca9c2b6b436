#include "server/directory/directory.h"

#include <gtest/gtest.h>

namespace slipway::server {
namespace {

TEST(ContainsIgnoringCase, Table) {
  EXPECT_TRUE(ContainsIgnoringCase("Bruce Lee", "lee"));
  EXPECT_TRUE(ContainsIgnoringCase("Bruce Lee", "BRUCE"));
  EXPECT_TRUE(ContainsIgnoringCase("Bruce Lee", ""));
  EXPECT_TRUE(ContainsIgnoringCase("", ""));
  EXPECT_FALSE(ContainsIgnoringCase("Bruce Lee", "leek"));
  EXPECT_FALSE(ContainsIgnoringCase("", "x"));
}

TEST(Directory, FindsByExactId) {
  const auto snapshot = Directory().snapshot();
  ASSERT_NE(snapshot->FindUser("3"), nullptr);
  EXPECT_EQ(snapshot->FindUser("3")->name, "Chuck Norris");
  EXPECT_EQ(snapshot->FindUser("03"), nullptr);
  EXPECT_EQ(snapshot->FindUser(""), nullptr);
  ASSERT_NE(snapshot->FindCustomer("5"), nullptr);
  EXPECT_EQ(snapshot->FindCustomer("5")->sales_id, "2");
  EXPECT_EQ(snapshot->FindCustomer("6"), nullptr);
}

}  // namespace
}  // namespace slipway::server
