#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "client/command/reproduce_jobs.h"
#include "client/data/location.h"

namespace slipway::client {
namespace {

/// The path that a redirect or a 202 names.
absl::StatusOr<std::string> LocationOf(const Request& request, const Response& response) {
  const std::string* const location = response.FindHeader("location");
  if (location != nullptr) return ResolveLocation(*location, request.path, "");
  return absl::UnavailableError(absl::StrCat(request.method, " ", request.path, " answered ",
                                             response.status, " without a Location"));
}

rpc::Duration PauseOf(const Response& response) {
  return absl::ToChronoNanoseconds(RetryAfter(response.FindHeader("retry-after"), absl::Now()));
}

}  // namespace

absl::Status JobConsumer::Run(const std::function<rpc::Task<void>(size_t)>& conversation) {
  SLIPWAY_RETURN_IF_ERROR(session_.RunAll(jobs_.size(), conversation));
  absl::Status first;
  for (const Job& job : jobs_) first.Update(job.status);
  return first;
}

absl::Status JobConsumer::SubmitAll() {
  return Run([this](size_t i) { return Submit(i); });
}
absl::Status JobConsumer::PollAll() {
  return Run([this](size_t i) { return Poll(i); });
}
absl::Status JobConsumer::CollectAll() {
  return Run([this](size_t i) { return Collect(i); });
}
absl::Status JobConsumer::FollowAll(const std::function<void(rpc::Time)>& ended) {
  return Run([this, &ended](size_t i) { return Follow(i, ended); });
}

rpc::Task<absl::StatusOr<Response>> JobConsumer::Timed(Request request, Histogram* histogram) {
  rpc::Duration took{};
  rpc::Task<absl::StatusOr<Response>> fetching = session_.Fetch(std::move(request), &took);
  absl::StatusOr<Response> answer = co_await std::move(fetching);
  if (answer.ok()) histogram->Record(took.count());
  co_return answer;
}

rpc::Task<void> JobConsumer::Submit(size_t i) {
  Job& job = jobs_[i];
  const Request request = HttpPost("/v1/jobs", work_.body(i));
  rpc::Task<absl::StatusOr<Response>> submitting = Timed(request, &acknowledged_);
  const absl::StatusOr<Response> answer = co_await std::move(submitting);
  job.status = answer.ok() ? ExpectStatus(request, *answer, 202) : answer.status();
  if (!job.status.ok()) co_return;
  const auto location = LocationOf(request, *answer);
  job.status = location.status();
  if (location.ok()) job.location = *location;
}

rpc::Task<void> JobConsumer::Poll(size_t i) {
  Job& job = jobs_[i];
  while (job.status.ok() && job.result.empty()) {
    const Request request = HttpGet(job.location);
    rpc::Task<absl::StatusOr<Response>> polling = Timed(request, &polled_);
    const absl::StatusOr<Response> answer = co_await std::move(polling);
    job.status = answer.status();
    if (!answer.ok()) co_return;
    if (answer->status == 202) {
      rpc::Task<void> sleeping = session_.Sleep(PauseOf(*answer));
      co_await std::move(sleeping);
      continue;
    }
    job.status = ExpectStatus(request, *answer, 302);
    if (!job.status.ok()) co_return;
    const auto location = LocationOf(request, *answer);
    job.status = location.status();
    if (location.ok()) job.result = *location;
  }
}

rpc::Task<void> JobConsumer::Collect(size_t i) {
  Job& job = jobs_[i];
  if (!job.status.ok()) co_return;
  const Request request = HttpGet(job.result);
  rpc::Task<absl::StatusOr<Response>> collecting = Timed(request, &collected_);
  const absl::StatusOr<Response> answer = co_await std::move(collecting);
  job.status = answer.ok() ? ExpectStatus(request, *answer, 200) : answer.status();
  if (job.status.ok()) job.status = work_.check(i, *answer);
}

rpc::Task<void> JobConsumer::Follow(size_t i, std::function<void(rpc::Time)> ended) {
  rpc::Task<void> submitting = Submit(i);
  co_await std::move(submitting);
  rpc::Task<void> polling = Poll(i);
  co_await std::move(polling);
  rpc::Task<void> collecting = Collect(i);
  co_await std::move(collecting);
  if (jobs_[i].status.ok()) ended(session_.Now());
}

}  // namespace slipway::client
