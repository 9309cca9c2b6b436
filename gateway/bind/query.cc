#include "gateway/bind/query.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "gateway/router/request_path.h"

namespace slipway::gateway {
namespace {

absl::Status BadQuery(std::string_view part, std::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadQuery,
                         absl::StrCat("query parameter \"",
                                      absl::CHexEscape(absl::string_view(
                                          part.data(), std::min<size_t>(part.size(), 80))),
                                      "\": ", absl::string_view(what.data(), what.size())));
}

bool WellFormed(std::string_view part) {
  for (size_t i = part.find('%'); i != std::string_view::npos; i = part.find('%', i + 3)) {
    if (i + 2 >= part.size() || HexDigit(part[i + 1]) < 0 || HexDigit(part[i + 2]) < 0)
      return false;
  }
  return true;
}

absl::Status CheckPart(std::string_view part) {
  if (part.find(';') != std::string_view::npos) {
    return BadQuery(part, "';' does not separate parameters; it must be escaped");
  }
  if (!WellFormed(part)) {
    return BadQuery(part, "a '%' is not followed by two hexadecimal digits");
  }
  return absl::OkStatus();
}

/// Decodes into `buffer` only what needs it.
std::string_view Decode(std::string_view text, std::string* buffer) {
  if (text.find_first_of("%+") == std::string_view::npos) return text;
  buffer->clear();
  PercentDecode(text, true, buffer);
  return *buffer;
}

/// Calls `use` with each part between two `&` that is not empty.
absl::Status ForEachPart(std::string_view text,
                         absl::FunctionRef<absl::Status(std::string_view)> use) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    if (end > 0) SLIPWAY_RETURN_IF_ERROR(use(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadParameters(std::string_view text, ParameterSink sink) {
  SLIPWAY_RETURN_IF_ERROR(ForEachPart(text, CheckPart));
  std::string key;
  std::string value;
  return ForEachPart(text, [&](std::string_view part) {
    const size_t equals = part.find('=');
    const std::string_view raw_value =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    return sink(Decode(part.substr(0, equals), &key), Decode(raw_value, &value));
  });
}

bool IsMediaType(std::string_view content_type, std::string_view type) {
  const std::string_view media = content_type.substr(0, content_type.find(';'));
  return absl::EqualsIgnoreCase(
      absl::StripAsciiWhitespace(absl::string_view(media.data(), media.size())),
      absl::string_view(type.data(), type.size()));
}

}  // namespace slipway::gateway
