#include "client/command/levels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using testing::ElementsAre;

TEST(LevelsOf, ThreeADecadeAreRound) {
  EXPECT_THAT(*LevelsOf({1, 10'000, 3}),
              ElementsAre(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10'000));
}

TEST(LevelsOf, EndsAreAmongThem) {
  EXPECT_THAT(*LevelsOf({3, 70, 3}), ElementsAre(3, 5, 10, 20, 50, 70));
  EXPECT_THAT(*LevelsOf({7, 7, 3}), ElementsAre(7));
}

TEST(LevelsOf, OtherNumbersADecade) {
  EXPECT_THAT(*LevelsOf({1, 1000, 1}), ElementsAre(1, 10, 100, 1000));
  EXPECT_THAT(*LevelsOf({10, 100, 2}), ElementsAre(10, 32, 100));
  // More than there are whole numbers.
  EXPECT_THAT(*LevelsOf({1, 5, 100}), ElementsAre(1, 2, 3, 4, 5));
}

TEST(LevelsOf, FromAboveToIsRefused) {
  EXPECT_EQ(LevelsOf({10, 1, 3}).status().message(), "--from 10 is above --to 1");
}

TEST(ParseLevels, SortedAndEachOnce) {
  EXPECT_THAT(*ParseLevels("100,1,10,1"), ElementsAre(1, 10, 100));
}

TEST(ParseLevels, NamesWhatIsWrong) {
  for (const char* text : {"", "1,", "0", "-1", "1000001", "x"}) {
    EXPECT_FALSE(ParseLevels(text).ok()) << text;
  }
  EXPECT_EQ(ParseLevels("1,x").status().message(),
            "--levels \"1,x\": \"x\" is not an integer from 1 to 1000000");
}

}  // namespace
}  // namespace slipway::client
