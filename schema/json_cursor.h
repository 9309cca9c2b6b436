#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace slipway::schema::internal {

/// The deepest nesting of arrays and objects that is read.
inline constexpr int kMaxJsonDepth = 100;

/// Walks over a JSON text once, strictly after RFC 8259 (and UTF-8). The first mistake stays in
/// error(); after it nothing more must be read. The text outlives the cursor. A cheap copy is a
/// bookmark.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : text_(text) {}

  /// The next character after white space, or `\0` at the end (or at a NUL byte, which starts
  /// nothing).
  char Peek();
  /// Takes `c` if it comes next.
  bool Consume(char c);
  /// Takes `c` or fails: `expected` names what may stand here.
  bool Expect(char c, std::string_view expected);
  bool at_end() { return Peek() == '\0' && position_ >= text_.size(); }

  /// A string's value. The view is into the text, or into this cursor until the next ReadString.
  bool ReadString(std::string_view* value);
  /// A number as it stands there.
  bool ReadNumber(std::string_view* value);
  /// `true`, `false` or `null`.
  bool ReadWord(std::string_view word);
  /// Any value; checks its syntax.
  bool SkipValue();
  /// Any value, as it stands there.
  bool TakeValue(std::string_view* value);

  /// After `{` (or after a member): the next key and its colon. `*more` is false at the closing
  /// brace. `first` says whether a member has come before, and is changed.
  bool NextKey(bool* first, bool* more, std::string_view* key);
  /// The same for the elements of an array.
  bool NextElement(bool* first, bool* more);

  /// Enters or leaves an array or object; Enter fails beyond kMaxJsonDepth.
  bool Enter();
  void Leave() { --depth_; }

  /// Fails at the current position: `line 2, column 5: …`. Always false.
  bool Fail(std::string_view problem);
  /// Fails with a message that knows its place. Always false.
  bool FailWith(absl::Status error);
  const absl::Status& error() const { return error_; }

  size_t position() const { return position_; }
  std::string_view text() const { return text_; }

 private:
  bool Unexpected(std::string_view expected);
  bool ReadEscape();
  bool ReadHex4(uint32_t* value);
  bool ReadUnicode();

  std::string_view text_;
  size_t position_ = 0;
  int depth_ = 0;
  std::string scratch_;
  absl::Status error_;
};

/// What a value looks like in an error message: the text of a scalar, `an object`, `an array`.
std::string DescribeValue(JsonCursor at);

}  // namespace slipway::schema::internal
