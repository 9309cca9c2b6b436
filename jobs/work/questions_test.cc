#include "jobs/work/questions.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace slipway::jobs {
namespace {

TEST(Questions, LeaseOfAJobThatWasCancelledMeanwhileIsVoid) {
  Questions questions;
  const uint64_t first = questions.Ask();
  const uint64_t second = questions.Ask();
  questions.Cancelled("x");
  EXPECT_FALSE(questions.Answered(first, "y"));
  EXPECT_TRUE(questions.Answered(second, "x"));
  EXPECT_EQ(questions.open(), 0u);
  EXPECT_EQ(questions.cancelled(), 0u);
}

TEST(Questions, CancellationWithoutAQuestionIsForgotten) {
  Questions questions;
  questions.Cancelled("x");
  EXPECT_EQ(questions.cancelled(), 0u);
  EXPECT_FALSE(questions.Answered(questions.Ask(), "x"));
}

TEST(Questions, AnswersMayComeInAnyOrder) {
  Questions questions;
  const uint64_t first = questions.Ask();
  questions.Cancelled("x");
  const uint64_t second = questions.Ask();
  EXPECT_FALSE(questions.Answered(second, ""));
  EXPECT_EQ(questions.cancelled(), 1u) << "the first may still bring it";
  EXPECT_TRUE(questions.Answered(first, "x"));
  EXPECT_EQ(questions.cancelled(), 0u);
}

/// A lane that is never without a question must not remember every cancellation there ever was.
TEST(Questions, RemembersLittleUnderSteadyLoad) {
  Questions questions;
  std::deque<uint64_t> open;
  for (int i = 0; i < 10'000; ++i) {
    open.push_back(questions.Ask());
    questions.Cancelled(std::to_string(i));
    if (open.size() < 8) continue;
    EXPECT_FALSE(questions.Answered(open.front(), ""));
    open.pop_front();
    ASSERT_GT(questions.open(), 0u);
    ASSERT_LE(questions.cancelled(), 8u);
  }
}

}  // namespace
}  // namespace slipway::jobs
