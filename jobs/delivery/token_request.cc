#include "jobs/delivery/token_request.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "jobs/delivery/object_json.h"
#include "jobs/service/bad_field.h"
#include "outbound/url.h"

namespace slipway::jobs {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr std::array<std::string_view, 5> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
constexpr char kLocation[] = "redirect_location";

const char* KindName(const Value& value) {
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return "a number";
    case Value::kStringValue:
      return "a string";
    case Value::kBoolValue:
      return "a boolean";
    case Value::kStructValue:
      return "an object";
    case Value::kListValue:
      return "an array";
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      break;
  }
  return "null";
}

/// Null when it is absent or JSON's null.
const Value* Member(const Struct& object, const char* name) {
  const auto found = object.fields().find(name);
  if (found == object.fields().end()) return nullptr;
  const Value& value = found->second;
  const bool null = value.has_null_value() || value.kind_case() == Value::KIND_NOT_SET;
  return null ? nullptr : &value;
}

/// `place` is how messages call it.
absl::StatusOr<std::string> Text(const Struct& object, const char* name, const char* place,
                                 std::string absent) {
  const Value* value = Member(object, name);
  if (value == nullptr) return absent;
  if (value->has_string_value()) return value->string_value();
  return BadField(absl::StrCat(place, ": is ", KindName(*value), "; a string is allowed"));
}

absl::StatusOr<std::string> Method(const Struct& location) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string text,
                           Text(location, "method", "redirect_location.method", "POST"));
  std::string method = absl::AsciiStrToUpper(text);
  if (std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end()) return method;
  return BadField(absl::StrCat("redirect_location.method: ", outbound::Quoted(text),
                               " is not one of GET, POST, PUT, PATCH, DELETE"));
}

/// The list's messages begin with `url`, which is the member's name.
absl::Status Below(const absl::Status& status) {
  if (status.ok()) return status;
  return base::MakeError(status.code(), base::ReasonOf(status),
                         absl::StrCat(kLocation, ".", status.message()));
}

absl::StatusOr<std::string> Url(const Struct& location, const outbound::AllowList* allow) {
  if (Member(location, "url") == nullptr) {
    return BadField("redirect_location.url: is missing; the URL to send the result to is needed");
  }
  SLIPWAY_ASSIGN_OR_RETURN(std::string url,
                           Text(location, "url", "redirect_location.url", std::string()));
  SLIPWAY_RETURN_IF_ERROR(
      Below(allow != nullptr ? allow->Check(url) : outbound::Url::Parse(url).status()));
  return url;
}

}  // namespace

absl::StatusOr<TokenRequest> ReadTokenRequest(const Struct& object,
                                              const outbound::AllowList* allow) {
  TokenRequest request;
  SLIPWAY_ASSIGN_OR_RETURN(request.name, Text(object, "name", "name", ""));
  SLIPWAY_ASSIGN_OR_RETURN(request.service_name, Text(object, "service_name", "service_name", ""));
  const Value* location = Member(object, kLocation);
  if (location == nullptr || !location->has_struct_value()) {
    return BadField(absl::StrCat(kLocation, ": is ",
                                 location == nullptr ? "missing" : KindName(*location),
                                 "; an object with `url`, and perhaps `method`, is needed"));
  }
  SLIPWAY_ASSIGN_OR_RETURN(request.method, Method(location->struct_value()));
  SLIPWAY_ASSIGN_OR_RETURN(request.url, Url(location->struct_value(), allow));
  if (!IsFinite(object)) {
    return BadField(
        "a number in the object is infinite or NaN; JSON, in which it is sent, has none");
  }
  return request;
}

}  // namespace slipway::jobs
