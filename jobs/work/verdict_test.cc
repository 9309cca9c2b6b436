#include "jobs/work/verdict.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "jobs/work/result_size.h"

namespace slipway::jobs {
namespace {

using Type = Verdict::Type;

JobRow Row(int attempt) {
  JobRow row;
  row.attempt = attempt;
  row.max_attempts = 3;
  return row;
}

Verdict After(Interruption interruption, std::optional<absl::StatusOr<JobResult>> answer,
              int attempt = 1) {
  return Judge(interruption, std::move(answer), Row(attempt), WorkerOptions());
}

TEST(Verdict, AnswerCompletes) {
  JobResult result;
  result.body = "body";
  for (const Interruption any :
       {Interruption::kNone, Interruption::kTimeUp, Interruption::kStopping}) {
    const Verdict verdict = After(any, result);
    EXPECT_EQ(verdict.type, Type::kComplete);
    EXPECT_EQ(verdict.result.body, "body");
  }
}

TEST(Verdict, AnswerThatIsAnErrorCompletes) {
  JobResult result;
  result.status = rpc::Status(absl::StatusCode::kUnavailable, "closed on Sundays");
  const Verdict verdict = After(Interruption::kNone, result);
  EXPECT_EQ(verdict.type, Type::kComplete);
  EXPECT_EQ(verdict.result.status.message(), "closed on Sundays");
}

TEST(Verdict, AnswerThatIsTooLargeToBeFetchedFails) {
  JobResult result;
  result.content_type = "text/html";
  result.body.resize(kMaxResultBytes - result.content_type.size());
  EXPECT_EQ(After(Interruption::kNone, result).type, Type::kComplete);
  for (std::string JobResult::*part : {&JobResult::content_type, &JobResult::body}) {
    JobResult larger = result;
    larger.*part += 'l';
    for (const Interruption any : {Interruption::kNone, Interruption::kStopping}) {
      const Verdict verdict = After(any, larger);
      EXPECT_EQ(verdict.type, Type::kFail);
      EXPECT_EQ(verdict.error.code(), absl::StatusCode::kOutOfRange);
      EXPECT_EQ(verdict.error.message(),
                "the answer has 4193281 bytes; a job keeps at most 4193280");
    }
  }
}

TEST(Verdict, ErrorThatMayPassIsTriedAgain) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted,
        absl::StatusCode::kAborted, absl::StatusCode::kDeadlineExceeded}) {
    const Verdict verdict = After(Interruption::kNone, absl::Status(code, "m"), 2);
    EXPECT_EQ(verdict.type, Type::kRetry) << code;
    EXPECT_EQ(verdict.error.code(), code);
    EXPECT_EQ(verdict.error.message(), "m");
  }
}

TEST(Verdict, LastAttemptFailsAndSaysHowManyThereWere) {
  absl::Status error = absl::UnavailableError("down");
  error.SetPayload("type.googleapis.com/google.rpc.Status", absl::Cord("details"));
  const Verdict verdict = After(Interruption::kNone, error, 3);
  EXPECT_EQ(verdict.type, Type::kFail);
  EXPECT_EQ(verdict.error.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(verdict.error.message(), "down (after 3 attempts)");
  EXPECT_EQ(verdict.error.details(), "details");
  JobRow once;
  once.attempt = once.max_attempts = 1;
  EXPECT_EQ(
      Judge(Interruption::kNone, absl::AbortedError(""), once, WorkerOptions()).error.message(),
      "(after 1 attempt)");
}

TEST(Verdict, OtherErrorsFailAtOnce) {
  for (const absl::Status& error :
       {absl::NotFoundError("m"), absl::InternalError("m"), absl::CancelledError("m")}) {
    const Verdict verdict = After(Interruption::kNone, error);
    EXPECT_EQ(verdict.type, Type::kFail) << error;
    EXPECT_EQ(verdict.error.code(), error.code());
    EXPECT_EQ(verdict.error.message(), "m");
  }
}

TEST(Verdict, TimeUpIsDeadlineExceeded) {
  for (const absl::Status& error :
       {absl::CancelledError("m"), absl::DeadlineExceededError("Deadline Exceeded")}) {
    const Verdict verdict = After(Interruption::kTimeUp, error);
    EXPECT_EQ(verdict.type, Type::kRetry);
    EXPECT_EQ(verdict.error.code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(verdict.error.message(), "the attempt took longer than 5m");
  }
  EXPECT_EQ(After(Interruption::kTimeUp, absl::NotFoundError("m")).error.message(), "m");
}

TEST(Verdict, AbandonedHandlerExceededItsDeadline) {
  const Verdict verdict = After(Interruption::kTimeUp, std::nullopt);
  EXPECT_EQ(verdict.type, Type::kRetry);
  EXPECT_EQ(verdict.error.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(verdict.error.message(),
            "the attempt took longer than 5m and did not heed its cancellation");
}

TEST(Verdict, StoppingGivesBackWhatWasCancelledOrAbandoned) {
  EXPECT_EQ(After(Interruption::kStopping, absl::CancelledError("")).type, Type::kGiveBack);
  EXPECT_EQ(After(Interruption::kStopping, std::nullopt).type, Type::kGiveBack);
  EXPECT_EQ(After(Interruption::kStopping, absl::NotFoundError("")).type, Type::kFail);
}

TEST(Verdict, LostJobIsDropped) {
  EXPECT_EQ(After(Interruption::kLost, JobResult()).type, Type::kDrop);
  EXPECT_EQ(After(Interruption::kLost, absl::CancelledError("")).type, Type::kDrop);
  EXPECT_EQ(After(Interruption::kLost, std::nullopt).type, Type::kDrop);
}

}  // namespace
}  // namespace slipway::jobs
