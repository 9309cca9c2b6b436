// What a user gives slipway-load in files and switches. The first byte says what the rest is:
//   c CSV, j JSON lines   rows that are read are the same when they are written and read again
//   t template            the same random numbers make the same text; without slots it is the text
//   e --expect, in lines  judging an answer twice is judging it once
//   p JSON path           keeps its text, finds the same in the same document
//   l Location            what it resolves to is a path, which resolves to itself
//   r Retry-After         is a wait from nothing to a day
// Everything else is refused as INVALID_ARGUMENT, with a text.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/data/columns.h"
#include "client/data/expectation.h"
#include "client/data/json_path.h"
#include "client/data/location.h"
#include "client/data/template.h"
#include "schema/json.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::client {
namespace {

using fuzz::Check;

/// True when it is OK.
bool Taken(const absl::Status& status) {
  if (status.ok()) return true;
  Check(status.code() == absl::StatusCode::kInvalidArgument && !status.message().empty(),
        "what is wrong is said");
  return false;
}

std::string CsvField(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

std::string JsonText(const std::string& text) {
  std::string json;
  schema::AppendJsonString(text, &json);
  return json;
}

std::string WriteCsv(const Columns& columns) {
  std::string text;
  const auto add = [&text](std::span<const std::string> fields) {
    for (const std::string& field : fields) absl::StrAppend(&text, CsvField(field), ",");
    text.back() = '\n';
  };
  add(columns.names());
  for (size_t i = 0; i < columns.rows(); ++i) add(columns.row(i));
  return text;
}

std::string WriteJsonLines(const Columns& columns) {
  std::string text;
  for (size_t i = 0; i < columns.rows(); ++i) {
    const auto row = columns.row(i);
    for (size_t k = 0; k < row.size(); ++k) {
      absl::StrAppend(&text, k == 0 ? "{" : ",", JsonText(columns.names()[k]), ":",
                      JsonText(row[k]));
    }
    text += "}\n";
  }
  return text;
}

void CheckColumns(std::string_view text, bool csv) {
  const auto columns =
      csv ? Columns::ParseCsv(text, "file") : Columns::ParseJsonLines(text, "file");
  if (!Taken(columns.status())) return;
  Check(columns->rows() > 0 && !columns->names().empty(), "a file has rows");
  const std::string written = csv ? WriteCsv(*columns) : WriteJsonLines(*columns);
  const auto again =
      csv ? Columns::ParseCsv(written, "file") : Columns::ParseJsonLines(written, "file");
  Check(again.ok() && again->names() == columns->names() && again->rows() == columns->rows(),
        "what was written is read", written);
  for (size_t i = 0; i < columns->rows(); ++i) {
    Check(std::ranges::equal(columns->row(i), again->row(i)), "rows are the same", written);
  }
}

std::string Render(const Template& text) {
  const std::vector<std::string> named = {"one \"1\"", "zwei/2"};
  std::mt19937_64 random(7);
  TemplateValues values{.number = 41, .thread = 3, .named = named, .random = &random};
  std::string out;
  text.Render(values, &out);
  return out;
}

void CheckTemplate(std::string_view text) {
  const auto compiled = Template::Compile(text, {{"a", "b"}, "column"});
  if (!Taken(compiled.status())) return;
  const std::string rendered = Render(*compiled);
  if (compiled->is_literal()) {
    Check(rendered == compiled->literal(), "a text without slots stays", rendered);
    Check(absl::StrReplaceAll(rendered, {{"{{", "{{{{"}}) == text, "a text without slots is it",
          rendered);
  } else if (text.find("now") == text.npos && text.find("unix_ms") == text.npos) {
    Check(rendered == Render(*compiled), "the same numbers make the same text", rendered);
  }
}

struct Judgement {
  Outcome outcome;
  std::string message;
};

Judgement Judge(const Expectations& expectations, Outcome outcome) {
  Judgement judgement{outcome, {}};
  Answer answer(outcome, nullptr);
  expectations.Judge(answer, &judgement.outcome, &judgement.message);
  return judgement;
}

void CheckExpectations(std::string_view text) {
  const std::vector<std::string> lines =
      absl::StrSplit(absl::string_view(text.data(), text.size()), '\n');
  if (const auto grpc = Expectations::Parse(lines, true); Taken(grpc.status())) {
    Check(!grpc->empty(), "what was expected is looked at");
  }
  const auto http = Expectations::Parse(lines, false);
  if (!Taken(http.status())) return;
  Check(!http->empty(), "what was expected is looked at");
  const Response response{200, {{"a", "b"}}, R"({"a":[{"b":1},"x",null],"1":2.5})"};
  Outcome outcome{.kind = OutcomeKind::kHttpStatus, .code = 200, .ok = true};
  outcome.response = &response;
  const Judgement once = Judge(*http, outcome);
  Check(once.outcome.ok == once.message.empty(), "what is not expected is said");
  const Judgement twice = Judge(*http, outcome);
  Check(once.outcome.kind == twice.outcome.kind && once.message == twice.message,
        "an answer is judged the same");
}

void CheckPath(std::string_view text) {
  const auto path = JsonPath::Parse(text);
  if (!Taken(path.status())) return;
  Check(path->text() == text, "a path keeps its text");
  static const JsonValue document = *ParseJson(R"({"a":[{"b":1},"x"],"":{"a b":null}})");
  Check(path->Find(document) == path->Find(document), "a path finds the same");
}

void CheckLocation(std::string_view text) {
  const std::string base = "/v1/jobs/7?x=1";
  const std::string origin = "http://host:80";
  const auto path = ResolveLocation(text, base, origin);
  if (!Taken(path.status())) return;
  Check(path->starts_with('/') && path->find('#') == path->npos, "a location is a path", *path);
  const auto again = ResolveLocation(absl::StrCat(origin, *path), base, origin);
  Check(again.ok() && *again == *path, "a path resolves to itself", *path);
}

void CheckRetryAfter(std::string_view text) {
  const std::string value(text);
  const absl::Duration wait = RetryAfter(&value, absl::FromUnixSeconds(1'000'000'000));
  Check(wait >= absl::ZeroDuration() && wait <= absl::Hours(24), "a wait is within a day", text);
}

}  // namespace
}  // namespace slipway::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::client;
  if (size == 0) return 0;
  const std::string_view text = slipway::fuzz::Text(data + 1, size - 1);
  switch (data[0]) {
    case 'c':
    case 'j':
      CheckColumns(text, data[0] == 'c');
      break;
    case 't':
      CheckTemplate(text);
      break;
    case 'e':
      CheckExpectations(text);
      break;
    case 'p':
      CheckPath(text);
      break;
    case 'l':
      CheckLocation(text);
      break;
    case 'r':
      CheckRetryAfter(text);
      break;
  }
  return 0;
}
