#include "client/data/metadata.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "client/data/excerpt.h"

namespace slipway::client {

absl::StatusOr<std::pair<std::string, std::string>> ToMetadata(std::string_view name,
                                                               std::string_view value) {
  std::string key = absl::AsciiStrToLower(std::string(name));
  const bool valid = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
  if (!valid || absl::StartsWith(key, "grpc-") || key == "content-type" || key == "te") {
    return absl::InvalidArgumentError(
        absl::StrFormat("\"%s\" cannot be the name of gRPC metadata", Excerpt(std::string(name))));
  }
  std::string text(value);
  if (IsBinaryMetadata(key) && value.find("{{") == std::string_view::npos) {
    std::string bytes = text;
    SLIPWAY_RETURN_IF_ERROR(DecodeMetadata(key, &bytes));
  }
  return std::pair(std::move(key), std::move(text));
}

bool IsBinaryMetadata(std::string_view name) { return name.ends_with("-bin"); }

absl::Status DecodeMetadata(std::string_view name, std::string* value) {
  std::string bytes;
  if (!absl::Base64Unescape(*value, &bytes)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the value of %s must be base64, as of all names in -bin, but it is \"%s\"",
                        std::string(name), Excerpt(*value)));
  }
  *value = std::move(bytes);
  return absl::OkStatus();
}

}  // namespace slipway::client
