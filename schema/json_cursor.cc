#include "schema/json_cursor.h"

#include <cstdint>
#include <utility>

#include "schema/json_text.h"

namespace slipway::schema::internal {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Moves `i` over digits; true when there was one.
bool SkipDigits(std::string_view text, size_t* i) {
  const size_t start = *i;
  while (*i < text.size() && IsDigit(text[*i])) ++*i;
  return *i > start;
}

/// The length of the number at the start of `text` (RFC 8259 §6), or 0.
size_t NumberLength(std::string_view text) {
  size_t i = 0;
  const auto next = [&](char c) { return i < text.size() && text[i] == c; };
  if (next('-')) ++i;
  if (next('0')) {
    ++i;
  } else if (!SkipDigits(text, &i)) {
    return 0;
  }
  if (next('.')) {
    ++i;
    if (!SkipDigits(text, &i)) return 0;
  }
  if (next('e') || next('E')) {
    ++i;
    if (next('+') || next('-')) ++i;
    if (!SkipDigits(text, &i)) return 0;
  }
  return i;
}

bool ContinuesWord(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
         c == '-' || c == '+';
}

}  // namespace

char JsonCursor::Peek() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c;
    ++position_;
  }
  return '\0';
}

bool JsonCursor::Consume(char c) {
  if (Peek() != c || position_ >= text_.size()) return false;
  ++position_;
  return true;
}

bool JsonCursor::Expect(char c, std::string_view expected) {
  return Consume(c) || Unexpected(expected);
}

bool JsonCursor::ReadString(std::string_view* value) {
  if (!Expect('"', "a string")) return false;
  scratch_.clear();
  size_t run = position_;
  bool escaped = false;
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c == '"') {
      *value = text_.substr(run, position_ - run);
      if (escaped) *value = scratch_.append(*value);
      ++position_;
      return true;
    }
    if (c == '\\') {
      scratch_.append(text_, run, position_ - run);
      ++position_;
      if (!ReadEscape()) return false;
      run = position_;
      escaped = true;
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x20) return Fail("a control character in a string");
    const size_t length =
        static_cast<unsigned char>(c) < 0x80 ? 1 : Utf8CharLength(text_.substr(position_));
    if (length == 0) return Fail("a string that is not valid UTF-8");
    position_ += length;
  }
  return Fail("the text ends within a string");
}

bool JsonCursor::ReadEscape() {
  if (position_ >= text_.size()) return Fail("the text ends within a string");
  switch (text_[position_++]) {
    case '"':
      scratch_.push_back('"');
      return true;
    case '\\':
      scratch_.push_back('\\');
      return true;
    case '/':
      scratch_.push_back('/');
      return true;
    case 'b':
      scratch_.push_back('\b');
      return true;
    case 'f':
      scratch_.push_back('\f');
      return true;
    case 'n':
      scratch_.push_back('\n');
      return true;
    case 'r':
      scratch_.push_back('\r');
      return true;
    case 't':
      scratch_.push_back('\t');
      return true;
    case 'u':
      return ReadUnicode();
    default:
      --position_;
      return Fail("an escape that JSON does not have");
  }
}

bool JsonCursor::ReadHex4(uint32_t* value) {
  *value = 0;
  for (int i = 0; i < 4; ++i, ++position_) {
    if (position_ >= text_.size()) return Fail("the text ends within a string");
    const char c = text_[position_];
    const char lower = static_cast<char>(c | 0x20);
    if (!IsDigit(c) && (lower < 'a' || lower > 'f')) return Fail("\\u needs four hex digits");
    *value = *value << 4 | static_cast<uint32_t>(IsDigit(c) ? c - '0' : lower - 'a' + 10);
  }
  return true;
}

bool JsonCursor::ReadUnicode() {
  uint32_t unit = 0;
  if (!ReadHex4(&unit)) return false;
  if (unit >= 0xDC00 && unit <= 0xDFFF) return Fail("half of a surrogate pair");
  if (unit >= 0xD800 && unit <= 0xDBFF) {
    uint32_t low = 0;
    if (text_.substr(position_, 2) != "\\u") return Fail("half of a surrogate pair");
    position_ += 2;
    if (!ReadHex4(&low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return Fail("half of a surrogate pair");
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  }
  AppendUtf8(unit, &scratch_);
  return true;
}

bool JsonCursor::ReadNumber(std::string_view* value) {
  Peek();
  const size_t length = NumberLength(text_.substr(position_));
  const size_t end = position_ + length;
  if (length == 0 || (end < text_.size() && ContinuesWord(text_[end]))) {
    return Unexpected("a number");
  }
  *value = text_.substr(position_, length);
  position_ = end;
  return true;
}

bool JsonCursor::ReadWord(std::string_view word) {
  Peek();
  const size_t end = position_ + word.size();
  if (text_.substr(position_, word.size()) != word ||
      (end < text_.size() && ContinuesWord(text_[end]))) {
    return Unexpected("a JSON value");
  }
  position_ = end;
  return true;
}

bool JsonCursor::Enter() {
  if (++depth_ <= kMaxJsonDepth) return true;
  return Fail("nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
}

bool JsonCursor::NextKey(bool* first, bool* more, std::string_view* key) {
  *more = false;
  if (Consume('}')) return true;
  if (!*first && !Expect(',', "',' or '}'")) return false;
  if (Peek() != '"')
    return Unexpected(*first ? "a field name in quotes or '}'" : "a field name in quotes");
  *first = false;
  *more = true;
  return ReadString(key) && Expect(':', "':'");
}

bool JsonCursor::NextElement(bool* first, bool* more) {
  *more = false;
  if (Consume(']')) return true;
  if (!*first && !Expect(',', "',' or ']'")) return false;
  *first = false;
  *more = true;
  return true;
}

bool JsonCursor::SkipValue() {
  std::string_view ignored;
  bool first = true;
  bool more = false;
  switch (Peek()) {
    case '{':
      ++position_;
      if (!Enter()) return false;
      while (NextKey(&first, &more, &ignored) && more) {
        if (!SkipValue()) return false;
      }
      Leave();
      return error_.ok();
    case '[':
      ++position_;
      if (!Enter()) return false;
      while (NextElement(&first, &more) && more) {
        if (!SkipValue()) return false;
      }
      Leave();
      return error_.ok();
    case '"':
      return ReadString(&ignored);
    case 't':
      return ReadWord("true");
    case 'f':
      return ReadWord("false");
    case 'n':
      return ReadWord("null");
    default:
      if (Peek() != '-' && !IsDigit(Peek())) return Unexpected("a JSON value");
      return ReadNumber(&ignored);
  }
}

bool JsonCursor::TakeValue(std::string_view* value) {
  Peek();
  const size_t start = position_;
  if (!SkipValue()) return false;
  *value = text_.substr(start, position_ - start);
  return true;
}

bool JsonCursor::Unexpected(std::string_view expected) {
  const bool end = at_end();
  std::string problem = "expected " + std::string(expected) + " but ";
  if (end) return Fail(problem + "the text ends here");
  const size_t length = Utf8CharLength(text_.substr(position_));
  return Fail(problem + "found " + QuoteShort(text_.substr(position_, length == 0 ? 1 : length)));
}

bool JsonCursor::Fail(std::string_view problem) {
  size_t line = 1;
  size_t column = 1;
  for (const char c : text_.substr(0, position_)) {
    if (c == '\n') {
      ++line;
      column = 1;
    } else if ((c & 0xC0) != 0x80) {
      ++column;  // columns are characters, not bytes
    }
  }
  return FailWith(absl::InvalidArgumentError("invalid JSON at line " + std::to_string(line) +
                                             ", column " + std::to_string(column) + ": " +
                                             std::string(problem)));
}

bool JsonCursor::FailWith(absl::Status error) {
  if (error_.ok()) error_ = std::move(error);
  return false;
}

std::string DescribeValue(JsonCursor at) {
  switch (at.Peek()) {
    case '{':
      return "an object";
    case '[':
      return "an array";
    case '"': {
      std::string_view value;
      return at.ReadString(&value) ? QuoteShort(value) : "a string";
    }
    default: {
      std::string_view value;
      return at.TakeValue(&value) ? std::string(value.substr(0, 40)) : "the value";
    }
  }
}

}  // namespace slipway::schema::internal
