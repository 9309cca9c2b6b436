#include "jobs/testing/store_suite.h"

#include "absl/strings/str_cat.h"
#include "base/reason.h"

namespace slipway::jobs {

NewJob StoreConformance::Job(Text kind, Text payload) {
  return NewJob{std::move(kind), std::move(payload), "correlation", kWall};
}

NewJob StoreConformance::Delayed(absl::Duration since, Text kind) {
  NewJob job = Job(std::move(kind));
  job.not_before = kWall + since;
  return job;
}

NewJob StoreConformance::WithKey(Text owner, Text key, Text fingerprint) {
  NewJob job = Job();
  job.owner = std::move(owner);
  job.idempotency_key = std::move(key);
  job.fingerprint = std::move(fingerprint);
  return job;
}

JobResult StoreConformance::Result(Text body) {
  JobResult result;
  result.content_type = "text/plain";
  result.body = std::move(body);
  result.initial_metadata = {{"x-first", "1"}, {"x-first", "2"}};
  result.trailers = {{"x-last-bin", Text("\0\xff", 2)}};
  return result;
}

rpc::Status StoreConformance::Gone() {
  return rpc::Status(absl::StatusCode::kNotFound, "gone", Text("d\0e", 3));
}

absl::StatusOr<JobRow> StoreConformance::TrySubmit(NewJob job) {
  return runner_.Run(store().Submit(runner_.executor(), std::move(job)));
}

absl::StatusOr<std::optional<JobRow>> StoreConformance::FindByKey(Text owner, Text key,
                                                                  Text fingerprint) {
  return runner_.Run(store().FindByKey(runner_.executor(), std::move(owner), std::move(key),
                                       std::move(fingerprint)));
}

JobRow StoreConformance::Submit(NewJob job) {
  auto row = TrySubmit(std::move(job));
  EXPECT_TRUE(row.ok()) << row.status();
  return row.ok() ? *row : JobRow();
}

JobRow StoreConformance::Get(const Text& id) {
  auto row = runner_.Run(store().Get(runner_.executor(), id));
  EXPECT_TRUE(row.ok()) << row.status();
  return row.ok() ? *row : JobRow();
}

absl::Status StoreConformance::GetError(const Text& id) {
  return runner_.Run(store().Get(runner_.executor(), id)).status();
}

JobOutcome StoreConformance::Outcome(const Text& id) {
  auto outcome = runner_.Run(store().GetOutcome(runner_.executor(), id));
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return outcome.ok() ? *outcome : JobOutcome();
}

LeaseAnswer StoreConformance::TryLease(JobTime now, Text kind) {
  auto answer = runner_.Run(store().LeaseNext(runner_.executor(), std::move(kind), now, kLease));
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() ? *std::move(answer) : LeaseAnswer();
}

LeasedJob StoreConformance::Lease(JobTime now, Text kind) {
  LeaseAnswer answer = TryLease(now, std::move(kind));
  EXPECT_TRUE(answer.job) << "nothing to lease";
  return answer.job ? *std::move(answer.job) : LeasedJob();
}

absl::Status StoreConformance::Extend(const Text& id, int64_t token, absl::Time until,
                                      int progress) {
  return runner_.Run(store().Extend(runner_.executor(), id, token, until, progress));
}

absl::Status StoreConformance::Complete(const Text& id, int64_t token, JobResult result) {
  return runner_.Run(
      store().Complete(runner_.executor(), id, token, kWall + absl::Seconds(2), std::move(result)));
}

absl::Status StoreConformance::Fail(const Text& id, int64_t token, rpc::Status error) {
  return runner_.Run(
      store().Fail(runner_.executor(), id, token, kWall + absl::Seconds(2), std::move(error)));
}

absl::Status StoreConformance::Retry(const Text& id, int64_t token, absl::Duration wake) {
  return runner_.Run(store().Retry(runner_.executor(), id, token, Gone(), kSteady + wake));
}

absl::Status StoreConformance::Release(const Text& id, int64_t token) {
  return runner_.Run(store().Release(runner_.executor(), id, token));
}

absl::StatusOr<JobRow> StoreConformance::Cancel(const Text& id, Text message) {
  return runner_.Run(
      store().Cancel(runner_.executor(), id, kWall + absl::Seconds(3), std::move(message)));
}

absl::Status StoreConformance::Delete(const Text& id) {
  return runner_.Run(store().Delete(runner_.executor(), id));
}

size_t StoreConformance::Purge(absl::Duration since, size_t limit) {
  const auto purged = runner_.Run(store().Purge(runner_.executor(), kWall + since, limit));
  EXPECT_TRUE(purged.ok()) << purged.status();
  return purged.value_or(0);
}

JobRow StoreConformance::Ended(NewJob job) {
  const Text kind = job.kind;
  const Text id = Submit(std::move(job)).id;
  const LeasedJob leased = Lease(At(), kind);
  EXPECT_EQ(leased.row.id, id);
  EXPECT_TRUE(Complete(id, leased.token).ok());
  return Get(id);
}

absl::StatusOr<JobPage> StoreConformance::ListPage(JobQuery query) {
  return runner_.Run(store().List(runner_.executor(), std::move(query)));
}

std::vector<StoreConformance::Text> StoreConformance::List(JobQuery query) {
  std::vector<Text> ids;
  do {
    const auto page = ListPage(query);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) break;
    EXPECT_LE(page->jobs.size(), static_cast<size_t>(query.page_size));
    for (const JobRow& row : page->jobs) ids.push_back(row.id);
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return ids;
}

std::map<std::pair<std::string, JobState>, int64_t> StoreConformance::Counts() {
  const auto counts = store().Count();
  EXPECT_TRUE(counts.ok()) << counts.status();
  std::map<std::pair<Text, JobState>, int64_t> answer;
  for (const JobCount& count : *counts) {
    EXPECT_GT(count.count, 0);
    EXPECT_TRUE(answer.emplace(std::pair(count.kind, count.state), count.count).second);
  }
  return answer;
}

void StoreConformance::ExpectRefused(const Text& id, int64_t token, absl::StatusCode code) {
  const base::Reason reason =
      code == absl::StatusCode::kNotFound ? base::Reason::kNotFound : base::Reason::kConflict;
  const auto before = runner_.Run(store().GetOutcome(runner_.executor(), id));
  const std::vector<std::pair<const char*, absl::Status>> answers = {
      {"Extend", Extend(id, token, kSteady + absl::Hours(1), 99)},
      {"Complete", Complete(id, token)},
      {"Fail", Fail(id, token)},
      {"Retry", Retry(id, token, absl::Hours(1))},
      {"Release", Release(id, token)},
  };
  for (const auto& [name, status] : answers) {
    EXPECT_EQ(status.code(), code) << name << ": " << status;
    EXPECT_EQ(base::ReasonOf(status), reason) << name;
    EXPECT_NE(std::string(status.message()).find(id), std::string::npos) << name;
  }
  const auto after = runner_.Run(store().GetOutcome(runner_.executor(), id));
  ASSERT_EQ(before.ok(), after.ok());
  if (!before.ok()) return;
  EXPECT_EQ(before->row.state, after->row.state);
  EXPECT_EQ(before->row.attempt, after->row.attempt);
  EXPECT_EQ(before->row.progress, after->row.progress);
  EXPECT_EQ(before->row.end_time, after->row.end_time);
  EXPECT_EQ(before->row.error.code(), after->row.error.code());
  EXPECT_EQ(before->result.body, after->result.body);
}

// Programs that use something else of this folder link the suite, too.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreConformance);

}  // namespace slipway::jobs
