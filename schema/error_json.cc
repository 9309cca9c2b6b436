#include "schema/error_json.h"

#include <memory>
#include <string>
#include <string_view>

#include "google/rpc/status.pb.h"
#include "schema/json.h"
#include "schema/json_text.h"
#include "schema/json_writer.h"
#include "schema/loader.h"
#include "schema/plan.h"

namespace slipway::schema {

namespace {

/// Knows the messages that every schema knows; for errors before there is a schema.
const internal::PlanSet* LinkedPlans() {
  static const auto* schema =
      new std::shared_ptr<const Schema>(FromLinkedPool({}).value_or(nullptr));
  return *schema == nullptr ? nullptr : (*schema)->FindMessage("google.rpc.Status")->plan().set;
}

const internal::PlanSet* PlansOf(const Schema* schema) {
  if (schema == nullptr) return LinkedPlans();
  const MessageType* any = schema->FindMessage("google.protobuf.Any");
  return any == nullptr ? LinkedPlans() : any->plan().set;
}

void AppendDetail(const google::protobuf::Any& detail, const internal::PlanSet* plans,
                  std::string* out) {
  const size_t start = out->size();
  internal::JsonWriter writer(out);
  if (plans != nullptr && writer.WriteAny(*plans, detail.type_url(), detail.value())) return;
  // Decodes, but has no JSON form (a time out of range): shown as what it is.
  out->resize(start);
  writer.WriteUnknownAny(detail.type_url(), detail.value());
}

}  // namespace

std::string ErrorJson(const rpc::Status& status, const Schema* schema) {
  google::rpc::Status full;
  const bool has_details = !status.details().empty() && full.ParseFromString(status.details());
  std::string out = "{\"code\":";
  internal::AppendInt(static_cast<int>(status.code()), &out);
  out += ",\"message\":";
  AppendJsonString(has_details ? full.message() : status.message(), &out);
  out += ",\"details\":[";
  if (has_details) {
    const internal::PlanSet* plans = full.details_size() > 0 ? PlansOf(schema) : nullptr;
    for (int i = 0; i < full.details_size(); ++i) {
      if (i > 0) out.push_back(',');
      AppendDetail(full.details(i), plans, &out);
    }
  }
  out += "]}";
  return out;
}

}  // namespace slipway::schema
