#include "jobs/store/stored_answer.h"

#include <utility>

#include "jobs/store/text.h"
#include "slipway/v1/job_storage.pb.h"

namespace slipway::jobs {
namespace {

using Entries = google::protobuf::RepeatedPtrField<v1::StoredAnswer::Entry>;

void Encode(const rpc::Status& status, google::rpc::Status& out) {
  if (!out.ParseFromString(status.details())) out.Clear();
  out.set_code(static_cast<int>(status.code()));
  out.set_message(ReadableText(status.message()));
}

rpc::Status Decode(const google::rpc::Status& status) {
  return rpc::Status::FromCode(
      status.code(), status.message(),
      status.details().empty() ? std::string() : status.SerializeAsString());
}

void Encode(const rpc::Metadata& metadata, Entries& out) {
  for (const auto& [key, value] : metadata) {
    v1::StoredAnswer::Entry& entry = *out.Add();
    entry.set_key(ReadableText(key));
    entry.set_value(value);
  }
}

rpc::Metadata Decode(const Entries& entries) {
  rpc::Metadata metadata;
  metadata.Reserve(static_cast<size_t>(entries.size()));
  for (const auto& entry : entries) metadata.Add(entry.key(), entry.value());
  return metadata;
}

}  // namespace

std::string EncodeResult(JobResult result) {
  v1::StoredAnswer answer;
  if (!result.status.ok()) Encode(result.status, *answer.mutable_status());
  Encode(result.initial_metadata, *answer.mutable_initial_metadata());
  Encode(result.trailers, *answer.mutable_trailers());
  answer.set_content_type(ReadableText(result.content_type));
  answer.set_body(std::move(result.body));
  return answer.SerializeAsString();
}

JobResult DecodeResult(std::string_view bytes) {
  JobResult result;
  v1::StoredAnswer answer;
  if (!answer.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    result.status = rpc::Status(absl::StatusCode::kDataLoss, "the stored answer is not readable");
    return result;
  }
  if (answer.has_status()) result.status = Decode(answer.status());
  result.initial_metadata = Decode(answer.initial_metadata());
  result.trailers = Decode(answer.trailers());
  result.content_type = std::move(*answer.mutable_content_type());
  result.body = std::move(*answer.mutable_body());
  return result;
}

}  // namespace slipway::jobs
