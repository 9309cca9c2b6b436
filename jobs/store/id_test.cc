#include "jobs/store/id.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "base/reason.h"

namespace slipway::jobs {
namespace {

TEST(JobId, IsTwentySixCharactersOfTheAlphabet) {
  const std::string id = NewJobId(absl::FromUnixMillis(1'763'736'600'000));
  EXPECT_EQ(id.size(), kJobIdLength);
  EXPECT_TRUE(ValidJobId(id)) << id;
}

TEST(JobId, BeginsWithTheTime) {
  EXPECT_EQ(NewJobId(absl::FromUnixMillis(0)).substr(0, 10), "0000000000");
  EXPECT_EQ(NewJobId(absl::FromUnixMillis(33)).substr(0, 10), "0000000011");
  EXPECT_EQ(NewJobId(absl::FromUnixMillis((int64_t{1} << 48) - 1)).substr(0, 10), "7zzzzzzzzz");
}

TEST(JobId, SortsByTime) {
  absl::Time time = absl::FromUnixMillis(1'763'736'600'000);
  std::string last = NewJobId(time);
  for (int i = 0; i < 1000; ++i) {
    time += absl::Milliseconds(1);
    std::string next = NewJobId(time);
    EXPECT_LT(last, next);
    last = std::move(next);
  }
}

TEST(JobId, ClampsTimesItCannotHold) {
  EXPECT_EQ(NewJobId(absl::InfinitePast()).substr(0, 10), "0000000000");
  EXPECT_EQ(NewJobId(absl::InfiniteFuture()).substr(0, 10), "7zzzzzzzzz");
}

TEST(JobId, RandomPartsDifferInEveryDigit) {
  const absl::Time time = absl::FromUnixMillis(1);
  std::set<std::string> ids;
  std::set<char> last_digits;
  std::set<char> middle_digits;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = NewJobId(time);
    ids.insert(id);
    middle_digits.insert(id[10]);
    last_digits.insert(id[25]);
  }
  EXPECT_EQ(ids.size(), 10'000u);
  EXPECT_EQ(middle_digits.size(), 32u);
  EXPECT_EQ(last_digits.size(), 32u);
}

TEST(JobId, RefusesWhatItCannotHaveMade) {
  EXPECT_FALSE(ValidJobId(""));
  EXPECT_FALSE(ValidJobId("0000000000000000000000000"));    // 25
  EXPECT_FALSE(ValidJobId("000000000000000000000000000"));  // 27
  EXPECT_FALSE(ValidJobId("0000000000000000000000000U"));
  EXPECT_FALSE(ValidJobId("0000000000000000000000000i"));
  EXPECT_FALSE(ValidJobId("80000000000000000000000000"));  // more than 48 bits of time
  EXPECT_TRUE(ValidJobId("00000000000000000000000000"));
}

TEST(PageToken, ComesBack) {
  for (const int64_t sequence :
       {int64_t{0}, int64_t{1}, int64_t{1'000'000}, std::numeric_limits<int64_t>::max()}) {
    const absl::StatusOr<int64_t> decoded = DecodePageToken(EncodePageToken(sequence));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, sequence);
  }
}

TEST(PageToken, RefusesEveryChangedCharacter) {
  const std::string token = EncodePageToken(4711);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'z' ? 'y' : 'z';
    const absl::Status status = DecodePageToken(changed).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << changed;
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kBadField);
  }
}

TEST(PageToken, NamesTheFieldAndTheValue) {
  const absl::Status status = DecodePageToken("abc\n").status();
  EXPECT_EQ(status.message(), "pageToken: \"abc\\n\" is not a nextPageToken of an earlier answer");
}

}  // namespace
}  // namespace slipway::jobs
