// What every store must do: submitting, leasing, giving back and trying again.
#include <string>
#include <vector>

#include "base/reason.h"
#include "jobs/store/id.h"
#include "jobs/testing/store_suite.h"

namespace slipway::jobs {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreConformance);

TEST_P(StoreConformance, SubmittedJobIsThere) {
  NewJob job = Job();
  job.owner = Text("own\0er", 6);
  job.max_attempts = 3;
  job.not_before = kWall + absl::Hours(1);
  job.attachment = Text("\0extra", 6);
  const JobRow submitted = Submit(job);
  EXPECT_TRUE(ValidJobId(submitted.id));
  for (const JobRow& row : {submitted, Get(submitted.id), Outcome(submitted.id).row}) {
    EXPECT_EQ(row.id, submitted.id);
    EXPECT_EQ(row.kind, "a");
    EXPECT_EQ(row.state, JobState::kAccepted);
    EXPECT_EQ(row.attempt, 0);
    EXPECT_EQ(row.max_attempts, 3);
    EXPECT_EQ(row.progress, 0);
    EXPECT_EQ(row.correlation_id, "correlation");
    EXPECT_EQ(row.owner, job.owner);
    EXPECT_EQ(row.create_time, kWall);
    EXPECT_EQ(row.not_before, job.not_before);
    EXPECT_EQ(row.ready_time, *job.not_before);
    EXPECT_FALSE(row.start_time);
    EXPECT_FALSE(row.end_time);
    EXPECT_FALSE(row.expire_time);
    EXPECT_TRUE(row.error.ok());
  }
  EXPECT_EQ(Outcome(submitted.id).attachment, job.attachment);
  EXPECT_TRUE(Outcome(submitted.id).result.body.empty());
}

TEST_P(StoreConformance, UnknownIdIsNotFoundEverywhere) {
  Submit();
  const Text id = NewJobId(kWall);
  ExpectRefused(id, 1, absl::StatusCode::kNotFound);
  for (const absl::Status& status :
       {GetError(id), runner_.Run(store().GetOutcome(runner_.executor(), id)).status(),
        Cancel(id).status(), Delete(id)}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kNotFound);
    EXPECT_EQ(status.message(), "job ID not found: " + id);
  }
}

TEST_P(StoreConformance, LeasesTheFirstOfItsKind) {
  const std::vector<Text> ids = {Submit(Job("b")).id, Submit(Job("a", "first")).id,
                                 Submit(Job("c")).id, Submit(Job("a", "second")).id};
  const LeasedJob first = Lease(At(absl::Seconds(1)));
  EXPECT_EQ(first.row.id, ids[1]);
  EXPECT_EQ(first.payload, "first");
  EXPECT_EQ(first.row.state, JobState::kRunning);
  EXPECT_EQ(first.row.attempt, 1);
  EXPECT_EQ(first.row.start_time, kWall + absl::Seconds(1));
  EXPECT_EQ(Get(ids[1]).state, JobState::kRunning);
  EXPECT_EQ(Get(ids[1]).start_time, kWall + absl::Seconds(1));
  const LeasedJob second = Lease();
  EXPECT_EQ(second.row.id, ids[3]);
  EXPECT_EQ(second.payload, "second");
  EXPECT_FALSE(TryLease().job);
  EXPECT_FALSE(TryLease(At(), "").job);
  EXPECT_EQ(Lease(At(), "c").row.id, ids[2]);
  EXPECT_EQ(Lease(At(), "b").row.id, ids[0]);
}

TEST_P(StoreConformance, DelayedJobWaitsForItsTimeThenTakesItsOldPlace) {
  const Text delayed = Submit(Delayed(absl::Seconds(10))).id;
  const Text other = Submit().id;
  const Text third = Submit().id;
  EXPECT_EQ(Lease(At(absl::Seconds(10) - absl::Microseconds(1))).row.id, other);
  const LeasedJob leased = Lease(At(absl::Seconds(10)));
  EXPECT_EQ(leased.row.id, delayed);
  EXPECT_FALSE(leased.row.not_before);
  EXPECT_FALSE(Get(delayed).not_before);
  EXPECT_EQ(leased.row.ready_time, kWall + absl::Seconds(10)) << "known also afterwards";
  EXPECT_EQ(Lease(At(absl::Seconds(10))).row.id, third);
}

TEST_P(StoreConformance, DelayGoesByTheWallClock) {
  const Text id = Submit(Delayed(absl::Hours(2))).id;
  // Two hours pass by one clock, then by the other.
  EXPECT_FALSE(TryLease({kWall, kSteady + absl::Hours(3)}).job);
  EXPECT_EQ(Lease({kWall + absl::Hours(2), kSteady}).row.id, id);
}

TEST_P(StoreConformance, DelayThatHasPassedAlreadyIsNone) {
  const JobRow row = Submit(Delayed(-absl::Hours(24)));
  EXPECT_EQ(row.ready_time, kWall);
  EXPECT_EQ(Lease().row.id, row.id);
}

TEST_P(StoreConformance, TimeThatHasComeStaysSo) {
  const Text first = Submit(Delayed(absl::Hours(1))).id;
  const Text second = Submit(Delayed(absl::Hours(1))).id;
  EXPECT_EQ(Lease({kWall + absl::Hours(1), kSteady}).row.id, first);
  // The wall clock is set back.
  EXPECT_FALSE(Get(second).not_before);
  EXPECT_EQ(Lease({kWall - absl::Hours(24), kSteady}).row.id, second);
}

TEST_P(StoreConformance, ExpiredLeaseIsLeasedAgainAndTheOldTokenRefused) {
  const Text id = Submit().id;
  const LeasedJob first = Lease();
  EXPECT_FALSE(TryLease(At(kLease - absl::Microseconds(1))).job);
  const LeasedJob second = Lease(At(kLease));
  EXPECT_EQ(second.row.id, id);
  EXPECT_EQ(second.row.attempt, 2);
  EXPECT_EQ(second.row.start_time, kWall + kLease);
  EXPECT_EQ(second.payload, "work");
  EXPECT_GT(second.token, first.token);
  ExpectRefused(id, first.token, absl::StatusCode::kAborted);
  EXPECT_TRUE(Complete(id, second.token).ok());
}

TEST_P(StoreConformance, LeasesGoByTheSteadyClock) {
  const Text id = Submit().id;
  Lease();
  for (const absl::Duration jump : {absl::Hours(1), -absl::Hours(1), -absl::Hours(24)}) {
    EXPECT_FALSE(TryLease({kWall + jump, kSteady}).job) << "run twice after " << jump;
  }
  EXPECT_EQ(Lease({kWall - absl::Hours(24), kSteady + kLease}).row.id, id);
}

TEST_P(StoreConformance, ExpiredLeaseTakesItsOldPlace) {
  const Text first = Submit().id;
  Lease();
  const Text second = Submit().id;
  EXPECT_EQ(Lease(At(kLease)).row.id, first);
  EXPECT_EQ(Lease(At(kLease)).row.id, second);
}

TEST_P(StoreConformance, ExpiredLeaseThatNobodyTookIsStillGood) {
  const Text id = Submit().id;
  const LeasedJob job = Lease({kWall, kSteady - absl::Hours(1)});
  EXPECT_TRUE(Extend(id, job.token, kSteady - absl::Minutes(1), 10).ok());
  EXPECT_TRUE(Complete(id, job.token).ok());
}

TEST_P(StoreConformance, ExtendedLeaseIsLongerAndShowsProgress) {
  const Text id = Submit().id;
  const LeasedJob job = Lease();
  ASSERT_TRUE(Extend(id, job.token, kSteady + absl::Hours(1), 40).ok());
  EXPECT_EQ(Get(id).progress, 40);
  EXPECT_FALSE(TryLease(At(absl::Hours(1) - absl::Microseconds(1))).job);
  const LeasedJob next = Lease(At(absl::Hours(1)));
  EXPECT_EQ(next.row.id, id);
  EXPECT_EQ(next.row.progress, 0) << "begins anew";
  EXPECT_EQ(Get(id).progress, 0);
  ExpectRefused(id, job.token, absl::StatusCode::kAborted);
}

TEST_P(StoreConformance, LeaseMayBeCutShort) {
  const Text id = Submit().id;
  const LeasedJob job = Lease();
  EXPECT_FALSE(TryLease(At(absl::Seconds(1))).job);
  ASSERT_TRUE(Extend(id, job.token, kSteady + absl::Seconds(5), 0).ok());
  EXPECT_EQ(Lease(At(absl::Seconds(5))).row.id, id);
}

/// Times that are earlier than those which earlier questions found.
TEST_P(StoreConformance, TimesThatComeLaterAreNotOverlooked) {
  const Text late = Submit(Delayed(absl::Hours(2))).id;
  EXPECT_EQ(TryLease().ask_again, kSteady + absl::Hours(2));
  const Text early = Submit(Delayed(absl::Hours(1))).id;
  EXPECT_EQ(TryLease(At(absl::Minutes(1))).ask_again, kSteady + absl::Hours(1));
  const LeasedJob first = Lease(At(absl::Hours(1)));
  EXPECT_EQ(first.row.id, early);
  ASSERT_TRUE(Retry(early, first.token, absl::Hours(3)).ok());
  EXPECT_EQ(TryLease(At(absl::Hours(1))).ask_again, kSteady + absl::Hours(2));
  const LeasedJob second = Lease(At(absl::Hours(2)));
  EXPECT_EQ(second.row.id, late);
  ASSERT_TRUE(Retry(late, second.token, absl::Minutes(150)).ok());
  EXPECT_EQ(TryLease(At(absl::Hours(2))).ask_again, kSteady + absl::Minutes(150));
  EXPECT_EQ(Lease(At(absl::Minutes(150))).row.id, late);
  EXPECT_EQ(Lease(At(absl::Hours(3))).row.id, late) << "its lease has ended, and it is the first";
  EXPECT_EQ(Lease(At(absl::Hours(3))).row.id, early);
}

TEST_P(StoreConformance, PoisonousJobEndsAfterItsAttemptsAndHarmsNoOther) {
  NewJob poison = Job();
  poison.max_attempts = 2;
  const Text id = Submit(poison).id;
  const Text neighbour = Submit().id;
  Lease();
  const LeasedJob last = Lease(At(kLease));
  EXPECT_EQ(last.row.id, id);
  EXPECT_EQ(last.row.attempt, 2);
  EXPECT_EQ(Lease(At(2 * kLease)).row.id, neighbour);
  const JobRow row = Get(id);
  EXPECT_EQ(row.state, JobState::kFailed);
  EXPECT_EQ(row.error.code(), absl::StatusCode::kInternal);
  EXPECT_NE(row.error.message().find("2 attempts"), Text::npos) << row.error.message();
  EXPECT_EQ(row.end_time, kWall + 2 * kLease);
  EXPECT_EQ(row.expire_time, kWall + 2 * kLease + absl::Hours(1));
  ExpectRefused(id, last.token, absl::StatusCode::kAborted);
}

TEST_P(StoreConformance, PoisonousJobsAloneLeaveNothing) {
  NewJob poison = Job();
  poison.max_attempts = 1;
  std::vector<Text> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(Submit(poison).id);
  for (int i = 0; i < 3; ++i) Lease();
  const LeaseAnswer answer = TryLease(At(kLease));
  EXPECT_FALSE(answer.job);
  EXPECT_EQ(answer.ask_again, absl::InfiniteFuture());
  for (const Text& id : ids) EXPECT_EQ(Get(id).state, JobState::kFailed);
}

TEST_P(StoreConformance, ReleasedJobWaitsAtItsOldPlaceAndTheAttemptDoesNotCount) {
  const Text first = Submit().id;
  Submit();
  const LeasedJob job = Lease(At(absl::Seconds(1)));
  ASSERT_TRUE(Extend(first, job.token, kSteady + kLease, 40).ok());
  ASSERT_TRUE(Release(first, job.token).ok());
  const JobRow row = Get(first);
  EXPECT_EQ(row.state, JobState::kAccepted);
  EXPECT_EQ(row.attempt, 0);
  EXPECT_EQ(row.progress, 0);
  EXPECT_EQ(row.start_time, kWall + absl::Seconds(1)) << "of the last attempt";
  ExpectRefused(first, job.token, absl::StatusCode::kAborted);
  const LeasedJob again = Lease();
  EXPECT_EQ(again.row.id, first);
  EXPECT_EQ(again.row.attempt, 1);
  EXPECT_GT(again.token, job.token);
}

TEST_P(StoreConformance, RetriedJobWaitsBySteadyTimeThenTakesItsOldPlace) {
  const Text first = Submit().id;
  const Text second = Submit().id;
  const LeasedJob job = Lease(At(absl::Seconds(1)));
  ASSERT_TRUE(Extend(first, job.token, kSteady + kLease, 40).ok());
  ASSERT_TRUE(Retry(first, job.token, absl::Seconds(10)).ok());
  const JobRow row = Get(first);
  EXPECT_EQ(row.state, JobState::kAccepted);
  EXPECT_EQ(row.attempt, 1);
  EXPECT_EQ(row.progress, 0);
  EXPECT_EQ(row.start_time, kWall + absl::Seconds(1)) << "of the last attempt";
  EXPECT_EQ(row.ready_time, kWall);
  EXPECT_EQ(row.error.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(row.error.message(), "gone");
  EXPECT_EQ(row.error.details(), Gone().details());
  EXPECT_FALSE(row.not_before) << "a steady time means nothing to others";
  EXPECT_FALSE(row.end_time);
  ExpectRefused(first, job.token, absl::StatusCode::kAborted);
  EXPECT_EQ(Lease().row.id, second);
  EXPECT_FALSE(TryLease({kWall + absl::Hours(24), kSteady + absl::Seconds(9)}).job);
  const Text third = Submit().id;
  const LeasedJob again = Lease({kWall - absl::Hours(24), kSteady + absl::Seconds(10)});
  EXPECT_EQ(again.row.id, first);
  EXPECT_EQ(again.row.attempt, 2);
  EXPECT_EQ(again.row.error.message(), "gone") << "how the last attempt ended";
  EXPECT_GT(again.token, job.token);
  EXPECT_EQ(Lease().row.id, third);
  ASSERT_TRUE(Complete(first, again.token).ok());
  EXPECT_TRUE(Get(first).error.ok());
}

TEST_P(StoreConformance, SaysWhenToAskAgain) {
  EXPECT_EQ(TryLease().ask_again, absl::InfiniteFuture());
  // What waits for a time of day is answered as a steady time.
  Submit(Delayed(absl::Minutes(20)));
  Submit(Delayed(absl::Minutes(5), "b"));
  EXPECT_EQ(TryLease().ask_again, kSteady + absl::Minutes(20));
  EXPECT_EQ(TryLease({kWall + absl::Minutes(15), kSteady}).ask_again, kSteady + absl::Minutes(5));
  // A jump back of the wall clock prolongs the wait, but it is asked for again in time.
  EXPECT_EQ(TryLease({kWall - absl::Hours(1), kSteady}).ask_again, kSteady + absl::Minutes(80));

  const Text id = Submit().id;
  const LeasedJob leased = Lease();
  EXPECT_EQ(TryLease().ask_again, kSteady + kLease);
  ASSERT_TRUE(Extend(id, leased.token, kSteady + absl::Minutes(3), 0).ok());
  EXPECT_EQ(TryLease().ask_again, kSteady + absl::Minutes(3));
  ASSERT_TRUE(Retry(id, leased.token, absl::Minutes(2)).ok());
  EXPECT_EQ(TryLease().ask_again, kSteady + absl::Minutes(2));
  EXPECT_EQ(TryLease(At(), "c").ask_again, absl::InfiniteFuture());
}

TEST_P(StoreConformance, OldestWaitingIsWhatMightHaveRunFirst) {
  EXPECT_FALSE(store().OldestWaiting("a")->has_value());
  NewJob second = Job();
  second.create_time = kWall - absl::Hours(1);  // the clock was set back meanwhile
  const Text id = Submit().id;
  Submit(second);
  const Text delayed = Submit(Delayed(absl::Hours(1), "b")).id;
  EXPECT_EQ(store().OldestWaiting("a")->value(), kWall - absl::Hours(1));
  EXPECT_FALSE(store().OldestWaiting("b")->has_value());
  const LeasedJob leased = Lease();
  EXPECT_EQ(leased.row.id, id);
  Lease();
  EXPECT_FALSE(store().OldestWaiting("a")->has_value());
  ASSERT_TRUE(Release(id, leased.token).ok());
  EXPECT_EQ(store().OldestWaiting("a")->value(), kWall);
  const LeasedJob again = Lease();
  ASSERT_TRUE(Retry(id, again.token, absl::Hours(1)).ok());
  EXPECT_FALSE(store().OldestWaiting("a")->has_value());
  // Its time has come when it is given back: it waits since then.
  const LeasedJob late = Lease(At(absl::Hours(1)), "b");
  EXPECT_EQ(late.row.id, delayed);
  ASSERT_TRUE(Release(delayed, late.token).ok());
  EXPECT_EQ(store().OldestWaiting("b")->value(), kWall + absl::Hours(1));
}

TEST_P(StoreConformance, OldestWaitingLooksAtTheFirstInLine) {
  for (int i = 0; i < Store::kFirstInLine; ++i) Submit();
  NewJob behind = Job();
  behind.create_time = kWall - absl::Hours(1);
  Submit(behind);
  EXPECT_EQ(store().OldestWaiting("a")->value(), kWall);
  Lease();
  EXPECT_EQ(store().OldestWaiting("a")->value(), kWall - absl::Hours(1));
}

TEST_P(StoreConformance, SecretIsOfThirtyTwoBytesAndTheStoresOwn) {
  EXPECT_EQ(store().secret().size(), 32u);
  EXPECT_EQ(store().secret(), store().secret());
  const auto other = GetParam().make({});
  EXPECT_NE(store().secret(), other->store().secret());
}

}  // namespace slipway::jobs
