#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "rpc/decode.h"
#include "schema/json_writer.h"
#include "schema/message.h"
#include "schema/scratch_message.h"

namespace slipway::schema {

namespace pb = google::protobuf;
using internal::FieldPlan;
using internal::JsonWriter;
using internal::MessagePlan;

namespace {

absl::Status NotDecoded(const MessagePlan& plan) {
  return absl::InternalError("the response does not decode as " + plan.descriptor->full_name());
}

/// The contents of the last length-delimited field of each number in `numbers`, as views into
/// `wire`; empty when a field is not there. False when `wire` does not decode.
template <size_t kCount>
bool FindFields(std::string_view wire, const int (&numbers)[kCount],
                std::string_view (&contents)[kCount]) {
  pb::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(wire.data()),
                                 static_cast<int>(wire.size()));
  using Wire = pb::internal::WireFormatLite;
  while (const uint32_t tag = input.ReadTag()) {
    if (Wire::GetTagWireType(tag) != Wire::WIRETYPE_LENGTH_DELIMITED) {
      if (!Wire::SkipField(&input, tag)) return false;
      continue;
    }
    uint32_t length = 0;
    if (!input.ReadVarint32(&length)) return false;
    const auto start = static_cast<size_t>(input.CurrentPosition());
    if (length > wire.size() - start || !input.Skip(static_cast<int>(length))) return false;
    for (size_t i = 0; i < kCount; ++i) {
      if (Wire::GetTagFieldNumber(tag) == numbers[i]) contents[i] = wire.substr(start, length);
    }
  }
  return input.ConsumedEntireMessage();
}

}  // namespace

ResponseFormat::ResponseFormat(const MessageType& type, FieldPath response_body)
    : plan_(&type.plan()),
      response_body_(std::move(response_body)),
      is_http_body_(type.IsHttpBody(response_body_)) {}

absl::Status ResponseFormat::AppendJson(std::string_view wire, std::string* out) const {
  const internal::ScratchMessage scratch(*plan_);
  if (!rpc::DecodePartial(wire, scratch.get())) return NotDecoded(*plan_);
  const size_t start = out->size();
  JsonWriter writer(out);
  bool written = false;
  if (response_body_.empty()) {
    written = writer.WriteMessage(*plan_, *scratch.get());
  } else {
    const pb::Message* at = scratch.get();
    for (size_t i = 0; i + 1 < response_body_.depth(); ++i) {
      at = &at->GetReflection()->GetMessage(*at, response_body_.parts()[i]->field);
    }
    written = writer.WriteField(*response_body_.parts().back(), *at, /*bare_integers=*/true);
  }
  if (written) return absl::OkStatus();
  out->resize(start);
  return writer.error();
}

absl::StatusOr<HttpBodyView> ResponseFormat::ReadHttpBody(std::string_view wire) const {
  for (const FieldPlan* field : response_body_.parts()) {
    std::string_view inner[1];
    if (!FindFields(wire, {field->field->number()}, inner)) return NotDecoded(*plan_);
    wire = inner[0];
  }
  std::string_view parts[2];
  if (!FindFields(wire, {1, 2}, parts)) return NotDecoded(*plan_);
  return HttpBodyView{parts[0], parts[1]};
}

}  // namespace slipway::schema
