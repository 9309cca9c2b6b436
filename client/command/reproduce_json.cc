#include "client/command/reproduce_json.h"

#include <string_view>

#include <google/protobuf/util/json_util.h>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace slipway::client {

absl::StatusOr<google::protobuf::ListValue> ParseJsonList(const std::string& text) {
  google::protobuf::ListValue list;
  if (google::protobuf::util::JsonStringToMessage(text, &list).ok()) return list;
  return absl::UnavailableError(absl::StrCat("no JSON array: ", text.substr(0, 200)));
}

std::string TextOf(const google::protobuf::Value& object, const std::string& name) {
  const auto& members = object.struct_value().fields();
  const auto found = members.find(name);
  return found == members.end() ? std::string() : found->second.string_value();
}

std::string UrlEncoded(const std::string& text) {
  constexpr std::string_view kPlain = "-._~";
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
        kPlain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace slipway::client
