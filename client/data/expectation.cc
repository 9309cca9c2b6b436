#include "client/data/expectation.h"

#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "client/data/excerpt.h"
#include "google/protobuf/util/message_differencer.h"
#include "rpc/status.h"

namespace slipway::client {
namespace {

constexpr int kLastGrpcCode = 16;

std::string GrpcCodeName(int code) {
  return std::string(rpc::CodeName(static_cast<absl::StatusCode>(code)));
}

/// Nothing when `text` is no status.
std::optional<int> ReadStatus(const std::string& text, bool grpc) {
  int status = 0;
  if (absl::SimpleAtoi(text, &status)) {
    const bool valid =
        grpc ? status >= 0 && status <= kLastGrpcCode : status >= 100 && status < 1000;
    return valid ? std::optional(status) : std::nullopt;
  }
  for (int code = 0; grpc && code <= kLastGrpcCode; ++code) {
    if (text == GrpcCodeName(code)) return code;
  }
  return std::nullopt;
}

absl::Status Wrong(std::string_view text, bool grpc) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "\"%s\": allowed are %s, json:PATH=VALUE, json:PATH, sha256=HEX (64 digits), body~TEXT",
      Excerpt(text),
      grpc ? "status=OK (or NOT_FOUND,… or 0 to 16)" : "status=200 (or 200,202,…: 100 to 999)"));
}

/// Where PATH of `PATH=VALUE` ends: at the first sign that is not within brackets.
size_t FindEqualSign(std::string_view text) {
  bool within = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') within = true;
    if (text[i] == ']') within = false;
    if (text[i] == '=' && !within) return i;
  }
  return std::string_view::npos;
}

bool TakePrefix(std::string_view prefix, std::string_view* text) {
  if (text->substr(0, prefix.size()) != prefix) return false;
  text->remove_prefix(prefix.size());
  return true;
}

std::string HexOf(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

/// With its kind: "5" is not 5.
bool Equal(const JsonValue& a, const JsonValue& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

}  // namespace

std::string Shown(const JsonValue& value) {
  const absl::StatusOr<std::string> text = TextOf(value);
  if (!text.ok()) return std::string(text.status().message());
  const std::string excerpt = Excerpt(*text);
  return value.kind_case() == JsonValue::kStringValue ? absl::StrCat("\"", excerpt, "\"") : excerpt;
}

absl::StatusOr<Expectations> Expectations::Parse(const std::vector<std::string>& texts, bool grpc) {
  Expectations expectations;
  for (const std::string& text : texts) {
    std::string_view rest = text;
    if (TakePrefix("status=", &rest)) {
      SLIPWAY_RETURN_IF_ERROR(expectations.ParseStatuses(rest, grpc));
      continue;
    }
    SLIPWAY_ASSIGN_OR_RETURN(Check check, ParseCheck(text, grpc));
    expectations.checks_.push_back(std::move(check));
  }
  return expectations;
}

absl::Status Expectations::ParseStatuses(std::string_view list, bool grpc) {
  const std::vector<std::string> names =
      absl::StrSplit(absl::string_view(list.data(), list.size()), ',');
  for (const std::string& name : names) {
    const std::optional<int> status = ReadStatus(name, grpc);
    if (!status) return Wrong(absl::StrCat("status=", std::string(list)), grpc);
    statuses_.push_back(*status);
  }
  return absl::OkStatus();
}

absl::StatusOr<Expectations::Check> Expectations::ParseCheck(const std::string& text, bool grpc) {
  std::string_view rest = text;
  if (TakePrefix("json:", &rest)) return ParseField(rest);
  if (TakePrefix("body~", &rest) && !rest.empty()) return Contains{std::string(rest)};
  if (TakePrefix("sha256=", &rest) && rest.size() == 2 * SHA256_DIGEST_LENGTH &&
      std::all_of(rest.begin(), rest.end(), absl::ascii_isxdigit)) {
    return Digest{absl::AsciiStrToLower(std::string(rest))};
  }
  return Wrong(text, grpc);
}

absl::StatusOr<Expectations::Check> Expectations::ParseField(std::string_view text) {
  const size_t end = FindEqualSign(text);
  Field field;
  SLIPWAY_ASSIGN_OR_RETURN(field.path, JsonPath::Parse(text.substr(0, end)));
  if (end != std::string_view::npos) {
    field.text = text.substr(end + 1);
    const absl::StatusOr<JsonValue> json = ParseJson(*field.text);
    if (json.ok()) field.json = *json;
  }
  return field;
}

bool Expectations::Allows(int status) const {
  return std::find(statuses_.begin(), statuses_.end(), status) != statuses_.end();
}

std::string Expectations::WantedStatuses(bool grpc) const {
  return absl::StrJoin(statuses_, ",", [grpc](std::string* out, int status) {
    absl::StrAppend(out, grpc ? GrpcCodeName(status) : absl::StrCat(status));
  });
}

void Expectations::Judge(Answer& answer, Outcome* outcome, std::string* message) const {
  const bool grpc = outcome->kind == OutcomeKind::kGrpcStatus;
  if (!grpc && outcome->kind != OutcomeKind::kHttpStatus) return;
  message->clear();
  if (!statuses_.empty()) {
    outcome->ok = Allows(outcome->code);
    if (!outcome->ok) {
      *message = absl::StrCat("status: found ",
                              grpc ? GrpcCodeName(outcome->code) : absl::StrCat(outcome->code),
                              ", wanted ", WantedStatuses(grpc));
      if (!outcome->message.empty()) {
        absl::StrAppend(message, "; ", Excerpt(outcome->message));
      }
    }
  }
  if (!outcome->ok && message->empty()) return;
  for (const Check& check : checks_) {
    if (!message->empty()) break;
    *message = std::visit([&answer](const auto& one) { return Verify(one, answer); }, check);
  }
  if (message->empty()) return;
  outcome->kind = OutcomeKind::kUnexpected;
  outcome->code = 0;
  outcome->ok = false;
  outcome->message = *message;
}

std::string Expectations::Verify(const Field& field, Answer& answer) {
  const std::string& path = field.path.text();
  const std::string wanted =
      field.text ? absl::StrCat("wanted ", Excerpt(*field.text)) : "wanted something";
  const absl::StatusOr<const JsonValue*> document = answer.json();
  if (!document.ok()) {
    return absl::StrFormat("json:%s: found %s, %s", path, document.status().message(), wanted);
  }
  const JsonValue* value = field.path.Find(**document);
  if (value == nullptr) return absl::StrFormat("json:%s: found nothing, %s", path, wanted);
  if (!field.text) return "";
  if (field.json && Equal(*value, *field.json)) return "";
  const absl::StatusOr<std::string> text = TextOf(*value);
  if (text.ok() && *text == *field.text) return "";
  return absl::StrFormat("json:%s: found %s, %s", path, Shown(*value), wanted);
}

std::string Expectations::Verify(const Digest& digest, Answer& answer) {
  const std::string found = HexOf(answer.bytes());
  if (found == digest.hex) return "";
  return absl::StrFormat("sha256: found %s of %d bytes, wanted %s", found, answer.bytes().size(),
                         digest.hex);
}

std::string Expectations::Verify(const Contains& contains, Answer& answer) {
  const absl::StatusOr<std::string_view> text = answer.text();
  if (!text.ok()) {
    return absl::StrFormat("body: found %s, wanted \"%s\" in it", text.status().message(),
                           Excerpt(contains.text));
  }
  if (text->find(contains.text) != std::string_view::npos) return "";
  return absl::StrFormat("body: found \"%s\", wanted \"%s\" in it", Excerpt(*text),
                         Excerpt(contains.text));
}

}  // namespace slipway::client
