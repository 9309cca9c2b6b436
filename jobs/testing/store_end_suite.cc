// What every store must do: ends, cancellation, forgetting, idempotency and limits.
#include <string>
#include <vector>

#include "base/reason.h"
#include "google/rpc/status.pb.h"
#include "jobs/testing/store_suite.h"

namespace slipway::jobs {

TEST_P(StoreConformance, CompletedJobHasItsResult) {
  NewJob job = Job();
  job.result_lifetime = absl::Minutes(7);
  job.attachment = "kept";
  const Text id = Ended(job).id;
  const JobOutcome outcome = Outcome(id);
  EXPECT_EQ(outcome.row.state, JobState::kSucceeded);
  EXPECT_EQ(outcome.row.progress, 100);
  EXPECT_EQ(outcome.row.end_time, kWall + absl::Seconds(2));
  EXPECT_EQ(outcome.row.expire_time, kWall + absl::Seconds(2) + absl::Minutes(7));
  EXPECT_TRUE(outcome.row.error.ok());
  EXPECT_TRUE(outcome.result.status.ok());
  EXPECT_EQ(outcome.result.content_type, "text/plain");
  EXPECT_EQ(outcome.result.body, Text("a\0b", 3));
  const std::vector<rpc::Metadata::Entry> initial(outcome.result.initial_metadata.begin(),
                                                  outcome.result.initial_metadata.end());
  EXPECT_EQ(initial, (std::vector<rpc::Metadata::Entry>{{"x-first", "1"}, {"x-first", "2"}}));
  EXPECT_EQ(outcome.result.trailers.Find("x-last-bin"), Text("\0\xff", 2));
  EXPECT_EQ(outcome.attachment, "kept");
  EXPECT_FALSE(TryLease(At(absl::Hours(1))).job);
}

TEST_P(StoreConformance, AnswerMayBeAnError) {
  google::rpc::Status details;
  details.set_code(9);
  details.set_message("not now");
  details.add_details()->set_value("why");
  JobResult result;
  result.status =
      rpc::Status(absl::StatusCode::kFailedPrecondition, "not now", details.SerializeAsString());
  const Text id = Submit().id;
  ASSERT_TRUE(Complete(id, Lease().token, result).ok());
  const JobOutcome outcome = Outcome(id);
  EXPECT_EQ(outcome.row.state, JobState::kSucceeded);
  EXPECT_TRUE(outcome.row.error.ok());
  EXPECT_EQ(outcome.result.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(outcome.result.status.message(), "not now");
  EXPECT_EQ(outcome.result.status.details(), details.SerializeAsString());
  EXPECT_TRUE(outcome.result.body.empty());
}

TEST_P(StoreConformance, ResultMayBeEmpty) {
  const Text id = Submit().id;
  EXPECT_FALSE(Outcome(id).has_result);
  const LeasedJob leased = Lease();
  EXPECT_FALSE(Outcome(id).has_result);
  ASSERT_TRUE(Complete(id, leased.token, JobResult()).ok());
  EXPECT_TRUE(Outcome(id).has_result);
  EXPECT_TRUE(Outcome(id).result.status.ok());
}

TEST_P(StoreConformance, FailedJobHasItsError) {
  const Text id = Submit().id;
  ASSERT_TRUE(Fail(id, Lease().token).ok());
  const JobRow row = Get(id);
  EXPECT_EQ(row.state, JobState::kFailed);
  EXPECT_EQ(row.end_time, kWall + absl::Seconds(2));
  EXPECT_EQ(row.expire_time, kWall + absl::Seconds(2) + absl::Hours(1));
  EXPECT_EQ(row.error.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(row.error.message(), "gone");
  EXPECT_EQ(row.error.details(), Text("d\0e", 3));
  EXPECT_TRUE(Outcome(id).result.body.empty());
  EXPECT_FALSE(TryLease(At(absl::Hours(1))).job);
}

TEST_P(StoreConformance, JobEndsOnce) {
  for (const bool succeeds : {true, false}) {
    const Text id = Submit().id;
    const int64_t token = Lease().token;
    ASSERT_TRUE((succeeds ? Complete(id, token) : Fail(id, token)).ok());
    ExpectRefused(id, token, absl::StatusCode::kAborted);
    const JobRow before = Get(id);
    const auto cancelled = Cancel(id);
    ASSERT_TRUE(cancelled.ok()) << cancelled.status();
    EXPECT_EQ(cancelled->state, before.state);
    EXPECT_EQ(cancelled->end_time, before.end_time);
    EXPECT_EQ(Get(id).state, before.state);
  }
}

TEST_P(StoreConformance, CancelledWhileItWaits) {
  const std::vector<Text> ids = {Submit().id, Submit(Delayed(absl::Hours(1))).id};
  for (const Text& id : ids) {
    const auto row = Cancel(id, "changed my mind");
    ASSERT_TRUE(row.ok()) << row.status();
    for (const JobRow& seen : {*row, Get(id)}) {
      EXPECT_EQ(seen.state, JobState::kCancelled);
      EXPECT_EQ(seen.error.code(), absl::StatusCode::kCancelled);
      EXPECT_EQ(seen.error.message(), "changed my mind");
      EXPECT_EQ(seen.end_time, kWall + absl::Seconds(3));
      EXPECT_EQ(seen.expire_time, kWall + absl::Seconds(3) + absl::Hours(1));
      EXPECT_FALSE(seen.not_before);
      EXPECT_EQ(seen.attempt, 0);
    }
  }
  const LeaseAnswer answer = TryLease(At(absl::Hours(2)));
  EXPECT_FALSE(answer.job);
  EXPECT_EQ(answer.ask_again, absl::InfiniteFuture());
}

TEST_P(StoreConformance, CancelledWhileItRunsVoidsTheLease) {
  const Text id = Submit().id;
  const int64_t token = Lease().token;
  const auto row = Cancel(id);
  ASSERT_TRUE(row.ok()) << row.status();
  EXPECT_EQ(row->state, JobState::kCancelled);
  EXPECT_EQ(row->attempt, 1);
  ExpectRefused(id, token, absl::StatusCode::kAborted);
  EXPECT_FALSE(TryLease(At(absl::Hours(1))).job);
  const auto again = Cancel(id, "another reason");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->error.message(), "not needed") << "as it was when it had ended already";
}

TEST_P(StoreConformance, DeletedJobIsForgottenButNotBeforeItHasEnded) {
  const Text id = Submit().id;
  for (const bool running : {false, true}) {
    if (running) Lease();
    const absl::Status status = Delete(id);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kConflict);
    EXPECT_NE(Text(status.message()).find(running ? "running" : "accepted"), Text::npos);
  }
  ASSERT_TRUE(Cancel(id).ok());
  EXPECT_TRUE(Delete(id).ok());
  EXPECT_EQ(GetError(id).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Delete(id).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(List({.now = kWall}).empty());
  EXPECT_TRUE(Counts().empty());
}

TEST_P(StoreConformance, ResultExpiresThenTheJobIsForgotten) {
  Limit({.remember = absl::Hours(5)});
  NewJob job = Job();
  job.attachment = "beside";
  job.result_lifetime = absl::Hours(1);
  const JobRow row = Ended(job);
  const absl::Duration expire = *row.expire_time - kWall;
  EXPECT_EQ(Purge(expire - absl::Microseconds(1)), 0u);
  EXPECT_EQ(Outcome(row.id).result.body, Result().body);

  EXPECT_EQ(Purge(expire), 1u);
  JobOutcome outcome = Outcome(row.id);
  EXPECT_EQ(outcome.row.state, JobState::kSucceeded) << "answered until it is forgotten";
  EXPECT_EQ(outcome.row.expire_time, row.expire_time);
  EXPECT_FALSE(outcome.has_result);
  EXPECT_TRUE(outcome.result.body.empty());
  EXPECT_TRUE(outcome.result.content_type.empty());
  EXPECT_TRUE(outcome.result.initial_metadata.empty());
  EXPECT_TRUE(outcome.attachment.empty());

  EXPECT_EQ(Purge(expire), 0u) << "dropped once";
  EXPECT_EQ(Purge(expire + absl::Hours(5) - absl::Microseconds(1)), 0u);
  EXPECT_EQ(Get(row.id).state, JobState::kSucceeded);
  EXPECT_EQ(Purge(expire + absl::Hours(5)), 1u);
  EXPECT_EQ(GetError(row.id).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Counts().empty());
}

TEST_P(StoreConformance, LongExpiredJobIsForgottenAtOnce) {
  const JobRow row = Ended();
  EXPECT_EQ(Purge(absl::Hours(24 * 30)), 1u);
  EXPECT_EQ(GetError(row.id).code(), absl::StatusCode::kNotFound);
}

TEST_P(StoreConformance, PurgeIsBoundedAndLeavesWhatHasNotEnded) {
  for (int i = 0; i < 5; ++i) Ended();
  const Text waiting = Submit().id;
  const Text running = Submit().id;
  EXPECT_EQ(Lease().row.id, waiting);
  EXPECT_EQ(Purge(absl::Hours(2), 2), 2u);
  EXPECT_EQ(Purge(absl::Hours(2), 2), 2u);
  EXPECT_EQ(Purge(absl::Hours(2), 2), 1u);
  EXPECT_EQ(Purge(absl::Hours(2), 2), 0u);
  EXPECT_EQ(Purge(absl::Hours(48), 3), 3u);
  EXPECT_EQ(Purge(absl::Hours(48), 3), 2u);
  EXPECT_EQ(Purge(absl::Hours(48), 3), 0u);
  EXPECT_EQ(List({.now = kWall}), (std::vector<Text>{running, waiting}));
}

TEST_P(StoreConformance, NothingIsRememberedWhenThatIsTheLimit) {
  Limit({.remember = absl::ZeroDuration()});
  const JobRow row = Ended();
  EXPECT_EQ(Purge(*row.expire_time - kWall), 1u);
  EXPECT_EQ(GetError(row.id).code(), absl::StatusCode::kNotFound);
}

TEST_P(StoreConformance, EqualKeysNameOneJob) {
  const JobRow first = Submit(WithKey("ann", "key", "print"));
  EXPECT_EQ(Submit(WithKey("ann", "key", "print")).id, first.id);
  EXPECT_NE(Submit(WithKey("ann", "other key", "print")).id, first.id);
  EXPECT_NE(Submit(WithKey("bob", "key", "other print")).id, first.id);
  EXPECT_NE(Submit(WithKey("", "key", "other print")).id, first.id);
  EXPECT_NE(Submit(WithKey("ann", "", "print")).id, Submit(WithKey("ann", "", "print")).id);
  EXPECT_EQ(List({.now = kWall}).size(), 6u);
}

TEST_P(StoreConformance, JobOfAKeyIsAnsweredAsItStands) {
  const Text id = Ended(WithKey("ann", "key", "print")).id;
  const JobRow row = Submit(WithKey("ann", "key", "print"));
  EXPECT_EQ(row.id, id);
  EXPECT_EQ(row.state, JobState::kSucceeded);
  EXPECT_EQ(row.end_time, kWall + absl::Seconds(2));
}

TEST_P(StoreConformance, KeyOfAnotherRequestIsRefused) {
  const Text id = Submit(WithKey("ann", "key", "print")).id;
  const absl::Status status = TrySubmit(WithKey("ann", "key", "another")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
  EXPECT_EQ(base::ReasonOf(status), base::Reason::kConflict);
  EXPECT_NE(Text(status.message()).find("\"key\""), Text::npos) << status;
  EXPECT_EQ(List({.now = kWall}), std::vector<Text>{id});
}

TEST_P(StoreConformance, JobOfAKeyIsFoundBeforeAnythingIsSubmitted) {
  EXPECT_FALSE(FindByKey("ann", "key", "print")->has_value());
  const Text id = Ended(WithKey("ann", "key", "print")).id;
  const auto found = FindByKey("ann", "key", "print");
  ASSERT_TRUE(found.ok() && *found) << found.status();
  EXPECT_EQ((*found)->id, id);
  EXPECT_EQ((*found)->state, JobState::kSucceeded);
  const absl::Status used = FindByKey("ann", "key", "another").status();
  EXPECT_EQ(used, TrySubmit(WithKey("ann", "key", "another")).status());
  EXPECT_EQ(used.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(FindByKey("bob", "key", "print")->has_value());
  EXPECT_FALSE(FindByKey("ann", "other key", "print")->has_value());
  Submit(WithKey("ann", "", "print"));
  EXPECT_FALSE(FindByKey("ann", "", "print")->has_value());
}

TEST_P(StoreConformance, KeyIsFreeOnceItsJobIsForgotten) {
  const JobRow row = Ended(WithKey("ann", "key", "print"));
  Purge(*row.expire_time - kWall);
  EXPECT_EQ(Submit(WithKey("ann", "key", "print")).id, row.id) << "expired, not forgotten";
  ASSERT_TRUE(Delete(row.id).ok());
  EXPECT_NE(Submit(WithKey("ann", "key", "another")).id, row.id);
}

TEST_P(StoreConformance, RefusesMoreThanMayWait) {
  Limit({.max_waiting = 3});
  const Text first = Submit(WithKey("ann", "key", "print")).id;
  Submit(Delayed(absl::Hours(1)));
  Submit();
  const absl::Status status = TrySubmit(Job()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(base::ReasonOf(status), base::Reason::kQueueFull);
  EXPECT_NE(Text(status.message()).find('3'), Text::npos) << status;
  EXPECT_EQ(List({.now = kWall}).size(), 3u) << "nothing stored";
  EXPECT_EQ(Submit(WithKey("ann", "key", "print")).id, first) << "stored already";

  // Running jobs do not wait; one that comes back is not refused.
  const LeasedJob leased = Lease();
  Submit();
  EXPECT_FALSE(TrySubmit(Job()).ok());
  ASSERT_TRUE(Release(leased.row.id, leased.token).ok());
  Lease();
  EXPECT_FALSE(TrySubmit(Job()).ok());
  ASSERT_TRUE(Cancel(List({.state = JobState::kAccepted, .now = kWall})[0]).ok());
  Submit();
  EXPECT_FALSE(TrySubmit(Job()).ok());
}

}  // namespace slipway::jobs
