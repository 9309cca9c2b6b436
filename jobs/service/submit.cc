#include "jobs/service/submit.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "jobs/service/bad_field.h"
#include "jobs/service/digest.h"
#include "schema/deterministic.h"

namespace slipway::jobs {
namespace {

constexpr int kMostMaxAttempts = 100;
constexpr size_t kLongestKey = 255;
constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr int64_t kMostSeconds = 315'576'000'000;  // of a Duration: 10,000 years
constexpr int32_t kMostNanos = 999'999'999;
// Ten years, leap days included.
constexpr absl::Duration kFarthestStart = absl::Hours(24 * 3653);
constexpr absl::Duration kShortestLifetime = absl::Seconds(1);

std::string Text(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

std::string SecondsNanos(int64_t seconds, int32_t nanos) {
  return absl::StrCat(seconds, " seconds and ", nanos, " nanos");
}

absl::StatusOr<const google::protobuf::FieldDescriptor*> KindOf(
    const v1::SubmitJobRequest& request) {
  const google::protobuf::OneofDescriptor* kinds =
      v1::SubmitJobRequest::descriptor()->FindOneofByName("kind");
  const google::protobuf::FieldDescriptor* kind =
      request.GetReflection()->GetOneofFieldDescriptor(request, kinds);
  if (kind != nullptr) return kind;
  std::string allowed;
  for (int i = 0; i < kinds->field_count(); ++i) {
    absl::StrAppend(&allowed, i == 0 ? "" : ", ", kinds->field(i)->json_name());
  }
  return BadField(absl::StrCat("kind: none is set; one of these must be: ", allowed));
}

absl::StatusOr<std::string> CallPayload(const v1::Call& call, const SubmitRules& rules) {
  if (rules.check_call == nullptr || *rules.check_call == nullptr) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, base::Reason::kForbiddenTarget,
                           "call: no targets: this server calls no methods as jobs");
  }
  SLIPWAY_ASSIGN_OR_RETURN(const v1::StoredCall stored, (*rules.check_call)(call));
  return stored.SerializeAsString();
}

absl::Status SetKind(const v1::SubmitJobRequest& request, const SubmitRules& rules, NewJob* job) {
  SLIPWAY_ASSIGN_OR_RETURN(const google::protobuf::FieldDescriptor* const kind, KindOf(request));
  job->kind = kind->name();
  if (request.has_call()) {
    SLIPWAY_ASSIGN_OR_RETURN(job->payload, CallPayload(request.call(), rules));
  } else {
    job->payload = request.GetReflection()->GetMessage(request, kind).SerializeAsString();
  }
  return absl::OkStatus();
}

absl::Status SetNotBefore(const google::protobuf::Timestamp& time, absl::Time now, NewJob* job) {
  if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond || time.nanos() < 0 ||
      time.nanos() > kMostNanos) {
    return BadField(absl::StrCat("notBefore: ", SecondsNanos(time.seconds(), time.nanos()),
                                 " is not a time; seconds must be in ", kFirstSecond, " to ",
                                 kLastSecond, ", nanos in 0 to ", kMostNanos));
  }
  const absl::Time start = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  if (start > now + kFarthestStart) {
    return BadField(absl::StrCat("notBefore: ", Text(start), " is more than ten years ahead; ",
                                 Text(now + kFarthestStart), " is the latest"));
  }
  if (start > now) job->not_before = start;
  return absl::OkStatus();
}

absl::Status SetMaxAttempts(int32_t attempts, NewJob* job) {
  if (attempts < 0 || attempts > kMostMaxAttempts) {
    return BadField(absl::StrCat("maxAttempts: ", attempts, " is not in 0 to ", kMostMaxAttempts,
                                 " (0 means ", job->max_attempts, ")"));
  }
  if (attempts != 0) job->max_attempts = attempts;
  return absl::OkStatus();
}

absl::Status CheckKey(const std::string& key) {
  constexpr char kAllowed[] = "1 to 255 printable ASCII characters are allowed";
  if (key.size() > kLongestKey) {
    return BadField(absl::StrCat("idempotencyKey: \"", absl::CHexEscape(key.substr(0, 32)),
                                 "…\" has ", key.size(), " bytes; ", kAllowed));
  }
  const bool printable =
      std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (!printable) {
    return BadField(absl::StrCat("idempotencyKey: \"", absl::CHexEscape(key), "\"; ", kAllowed));
  }
  return absl::OkStatus();
}

absl::Status SetLifetime(const v1::SubmitJobRequest& request, absl::Duration longest, NewJob* job) {
  if (!request.has_result_lifetime()) {
    job->result_lifetime = std::min(job->result_lifetime, longest);
    return absl::OkStatus();
  }
  const int64_t seconds = request.result_lifetime().seconds();
  const int32_t nanos = request.result_lifetime().nanos();
  const bool valid = seconds >= -kMostSeconds && seconds <= kMostSeconds && nanos >= -kMostNanos &&
                     nanos <= kMostNanos && !(seconds > 0 && nanos < 0) &&
                     !(seconds < 0 && nanos > 0);
  const absl::Duration lifetime = absl::Seconds(seconds) + absl::Nanoseconds(nanos);
  if (!valid || lifetime < kShortestLifetime || lifetime > longest) {
    return BadField(absl::StrCat("resultLifetime: ", SecondsNanos(seconds, nanos),
                                 valid ? "" : " is not a duration", "; 1s to ",
                                 absl::ToInt64Seconds(longest), "s are allowed"));
  }
  job->result_lifetime = lifetime;
  return absl::OkStatus();
}

/// One form for calls that are the same call whatever their method is.
void Normalize(v1::Call* call) {
  if (absl::StartsWith(call->method(), "/")) call->mutable_method()->erase(0, 1);
  const google::protobuf::Value& request = call->request();
  const bool no_members = request.has_struct_value() && request.struct_value().ByteSizeLong() == 0;
  const bool no_bytes = call->has_request_bytes() && call->request_bytes().empty();
  if (no_members || no_bytes) call->clear_input();  // all mean an empty message
}

std::string Fingerprint(v1::SubmitJobRequest request) {
  const NewJob defaults;
  request.clear_idempotency_key();
  if (request.max_attempts() == 0) request.set_max_attempts(defaults.max_attempts);
  if (!request.has_result_lifetime()) {
    request.mutable_result_lifetime()->set_seconds(absl::ToInt64Seconds(defaults.result_lifetime));
  }
  if (request.has_call()) Normalize(request.mutable_call());
  std::string all;
  // It came in one message, so it has a size. Fields of a newer contract count as they came.
  schema::AppendDeterministic(request, &all);
  return Sha256Hex(all);
}

}  // namespace

absl::StatusOr<SubmitKey> KeyOf(const v1::SubmitJobRequest& request) {
  SubmitKey key;
  if (request.idempotency_key().empty()) return key;
  SLIPWAY_RETURN_IF_ERROR(CheckKey(request.idempotency_key()));
  key.key = request.idempotency_key();
  key.fingerprint = Fingerprint(request);
  return key;
}

absl::StatusOr<NewJob> ToNewJob(const v1::SubmitJobRequest& request, SubmitKey key,
                                Submitter submitter, const SubmitRules& rules) {
  NewJob job;
  job.idempotency_key = std::move(key.key);
  job.fingerprint = std::move(key.fingerprint);
  job.owner = std::move(submitter.owner);
  job.correlation_id = std::move(submitter.correlation_id);
  job.create_time = rules.now;
  if (request.has_not_before()) {
    SLIPWAY_RETURN_IF_ERROR(SetNotBefore(request.not_before(), rules.now, &job));
  }
  SLIPWAY_RETURN_IF_ERROR(SetMaxAttempts(request.max_attempts(), &job));
  SLIPWAY_RETURN_IF_ERROR(SetLifetime(request, rules.longest_result_lifetime, &job));
  SLIPWAY_RETURN_IF_ERROR(SetKind(request, rules, &job));
  return job;
}

}  // namespace slipway::jobs
