#include "jobs/service/render.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "jobs/store/text.h"
#include "jobs/store/transport_key.h"

namespace slipway::jobs {
namespace {

void SetTime(absl::Time time, google::protobuf::Timestamp* out) {
  const int64_t micros = absl::ToUnixMicros(time);
  const int64_t seconds = absl::ToUnixSeconds(time);  // rounds down, so nanos are not negative
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int32_t>((micros - seconds * 1'000'000) * 1000));
}

/// With the details as they travelled, if they are readable.
void SetError(const rpc::Status& error, google::rpc::Status* out) {
  if (!out->ParseFromString(error.details())) out->Clear();
  out->set_code(static_cast<int32_t>(error.code()));
  out->set_message(ReadableText(error.message()));
}

/// While it runs, and once it has succeeded, how an attempt before ended is of no interest.
bool ShowsError(const JobRow& row) {
  return !row.error.ok() && row.state != JobState::kRunning && row.state != JobState::kSucceeded;
}

}  // namespace

v1::Job ToProto(const JobRow& row) {
  v1::Job job;
  job.set_id(row.id);
  job.set_kind(row.kind);
  job.set_state(static_cast<v1::Job::State>(row.state));
  job.set_attempt(row.attempt);
  job.set_max_attempts(row.max_attempts);
  job.set_progress(row.progress);
  job.set_correlation_id(row.correlation_id);
  SetTime(row.create_time, job.mutable_create_time());
  if (row.not_before) SetTime(*row.not_before, job.mutable_not_before());
  if (row.start_time) SetTime(*row.start_time, job.mutable_start_time());
  if (row.end_time) SetTime(*row.end_time, job.mutable_end_time());
  if (row.expire_time) SetTime(*row.expire_time, job.mutable_expire_time());
  if (ShowsError(row)) SetError(row.error, job.mutable_error());
  return job;
}

absl::Status ExpiredError(const JobRow& row) {
  const absl::Time since = row.expire_time.value_or(row.create_time);
  return base::MakeError(
      absl::StatusCode::kNotFound, base::Reason::kExpired,
      absl::StrCat("job ", row.id, ": its result expired at ",
                   absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", since, absl::UTCTimeZone()),
                   " and is not kept any more"));
}

absl::StatusOr<google::api::HttpBody> Replay(JobResult result, rpc::CallContext& context) {
  for (const auto& [key, value] : result.initial_metadata) {
    if (!BelongsToTransport(key)) context.AddInitialMetadata(key, value);
  }
  for (const auto& [key, value] : result.trailers) {
    if (!BelongsToTransport(key)) context.AddTrailer(key, value);
  }
  if (!result.status.ok()) return result.status.ToAbsl();
  google::api::HttpBody body;
  body.set_content_type(ReadableText(result.content_type));
  body.set_data(std::move(result.body));
  return body;
}

}  // namespace slipway::jobs
