// Any bytes as the JSON values of a client stream. However they are cut, the framer finds the same
// values up to the one that is too long; in their order, with white space between them at most,
// they are the input; none is empty, none above the limit.
#include <string>
#include <vector>

#include "schema/json_framer.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::schema {
namespace {

using fuzz::Check;

constexpr size_t kMostBytes = 64;

struct Values {
  std::vector<std::string> texts;
  bool too_long = false;

  friend bool operator==(const Values&, const Values&) = default;
};

void Collect(JsonFramer& framer, Values* values) {
  while (!values->too_long) {
    const auto next = framer.Next();
    values->too_long = !next.ok();
    if (!next.ok()) {
      Check(next.status().code() == absl::StatusCode::kResourceExhausted, "too long is the fault");
      return;
    }
    if (!next->has_value()) return;
    values->texts.emplace_back(**next);
  }
}

Values Frame(std::string_view bytes, fuzz::Cut cut) {
  JsonFramer framer(kMostBytes);
  Values values;
  fuzz::ForEachPiece(bytes, cut, [&](std::string_view piece) {
    if (values.too_long) return;
    framer.Append(piece);
    Collect(framer, &values);
  });
  framer.End();
  Collect(framer, &values);
  return values;
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void CheckValues(std::string_view rest, const Values& values) {
  const auto skip = [&rest] {
    while (!rest.empty() && IsSpace(rest.front())) rest.remove_prefix(1);
  };
  for (const std::string& text : values.texts) {
    Check(!text.empty() && text.size() <= kMostBytes, "a value has one to that many bytes", text);
    skip();
    Check(rest.starts_with(text), "values are the input", text);
    rest.remove_prefix(text.size());
  }
  skip();
  Check(rest.empty() || values.too_long, "nothing is left out", rest);
}

}  // namespace
}  // namespace slipway::schema

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway;
  const std::string_view bytes = fuzz::Text(data, size);
  const schema::Values whole = schema::Frame(bytes, fuzz::Cut::kNowhere);
  schema::CheckValues(bytes, whole);
  fuzz::Check(whole == schema::Frame(bytes, fuzz::Cut::kEverywhere), "bytes are the same values");
  fuzz::Check(whole == schema::Frame(bytes, fuzz::Cut::kSomewhere), "pieces are the same values");
  return 0;
}
