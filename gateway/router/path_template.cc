#include "gateway/router/path_template.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "absl/strings/str_cat.h"

namespace slipway::gateway {
namespace {

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

bool IsHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// unreserved, sub-delims, `:` and `@` of RFC 3986; `%` only before two hexadecimal digits.
bool IsPcharRun(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !IsHex(text[i + 1]) || !IsHex(text[i + 2])) return false;
      i += 2;
    } else if (!IsAlnum(text[i]) &&
               std::string_view("-._~!$&'()*+,;=:@").find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  return !text.empty();
}

bool IsIdentifier(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0]))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return IsAlnum(c) || c == '_'; });
}

}  // namespace

/// One pass over one template.
class TemplateParser {
 public:
  explicit TemplateParser(std::string_view text) : text_(text) {}

  absl::StatusOr<PathTemplate> Parse() {
    result_.text_ = std::string(text_);
    if (text_.empty() || text_[0] != '/') return Error("it must begin with '/'");
    rest_ = text_.substr(1);
    SplitVerb();
    absl::Status parsed = rest_.empty() ? RootSegment() : Segments('\0');
    if (!parsed.ok()) return parsed;
    return std::move(result_);
  }

 private:
  using Segment = PathTemplate::Segment;

  absl::Status Error(std::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("path template \"", ToAbsl(text_), "\": ", ToAbsl(what)));
  }

  /// The verb stands in the text behind the last `/` or `}` outside of variables. Directly after a
  /// variable it begins at the first colon, because nothing else may follow a variable; after a
  /// literal at the last, because literals may contain colons.
  void SplitVerb() {
    const size_t close = rest_.rfind('}');
    const size_t slash = rest_.rfind('/');
    const bool after_variable =
        close != std::string_view::npos && (slash == std::string_view::npos || slash < close);
    const size_t tail = after_variable                    ? close + 1
                        : slash == std::string_view::npos ? 0
                                                          : slash + 1;
    const std::string_view last = rest_.substr(tail);
    if (last.find('{') != std::string_view::npos) return;  // an unclosed variable: fails later
    const size_t colon = after_variable ? last.find(':') : last.rfind(':');
    if (colon == std::string_view::npos) return;
    result_.verb_ = std::string(last.substr(colon + 1));
    rest_ = rest_.substr(0, tail + colon);
  }

  absl::Status RootSegment() {
    result_.segments_.push_back(Segment{});
    return absl::OkStatus();
  }

  /// Segments separated by `/` up to `end` (which is taken) or, for '\0', to the end of the text.
  absl::Status Segments(char end) {
    for (;;) {
      absl::Status segment = OneSegment(end == '}');
      if (!segment.ok()) return segment;
      if (rest_.empty()) {
        return end == '\0' ? absl::OkStatus() : Error("a variable is not closed with '}'");
      }
      const char next = rest_[0];
      rest_.remove_prefix(1);
      if (next == end) return absl::OkStatus();
      if (next != '/') return Error("a variable must be a whole segment");
    }
  }

  absl::Status OneSegment(bool inside_variable) {
    if (!rest_.empty() && rest_[0] == '{') {
      if (inside_variable) return Error("a variable inside a variable");
      rest_.remove_prefix(1);
      return OneVariable();
    }
    const size_t length =
        std::min(rest_.find_first_of(inside_variable ? "/}" : "/{"), rest_.size());
    const std::string_view token = rest_.substr(0, length);
    rest_.remove_prefix(length);
    if (token.empty()) return Error("an empty segment (or a '/' at the end)");
    return AddSegment(token);
  }

  absl::Status AddSegment(std::string_view token) {
    if (token == "*") {
      result_.segments_.push_back({Segment::Kind::kStar, {}});
    } else if (token == "**") {
      if (result_.double_star_ != PathTemplate::kNone) return Error("more than one '**'");
      result_.double_star_ = result_.segments_.size();
      result_.segments_.push_back({Segment::Kind::kDoubleStar, {}});
    } else if (IsPcharRun(token)) {
      result_.segments_.push_back({Segment::Kind::kLiteral, std::string(token)});
    } else {
      return Error(absl::StrCat("\"", ToAbsl(token), "\" is not a literal of a path"));
    }
    return absl::OkStatus();
  }

  absl::Status OneVariable() {
    PathTemplate::Variable variable;
    variable.begin = result_.segments_.size();
    const size_t length = rest_.find_first_of("=}/");
    if (length == std::string_view::npos) return Error("a variable is not closed with '}'");
    variable.field_path = std::string(rest_.substr(0, length));
    if (!IsFieldPath(variable.field_path)) {
      return Error(absl::StrCat("\"", variable.field_path, "\" is not the path of a field"));
    }
    const char next = rest_[length];
    rest_.remove_prefix(length + 1);
    if (next == '/') return Error("a variable is not closed with '}'");
    absl::Status inner = next == '=' ? Segments('}') : AddSegment("*");
    if (!inner.ok()) return inner;
    variable.end = result_.segments_.size();
    result_.variables_.push_back(std::move(variable));
    return absl::OkStatus();
  }

  static bool IsFieldPath(std::string_view path) {
    for (;;) {
      const size_t dot = path.find('.');
      if (!IsIdentifier(path.substr(0, dot))) return false;
      if (dot == std::string_view::npos) return true;
      path.remove_prefix(dot + 1);
    }
  }

  const std::string_view text_;
  std::string_view rest_;
  PathTemplate result_;
};

absl::StatusOr<PathTemplate> PathTemplate::Parse(std::string_view text) {
  return TemplateParser(text).Parse();
}

}  // namespace slipway::gateway
