#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace slipway::gateway {

/// The path template of one HTTP rule, parsed: `/v1/{name=shelves/*}/books/{id}:read`. A value
/// type, immutable after Parse.
///
/// The grammar is that of grpc-gateway's parser, which is wider than the one of
/// google/api/http.proto: one `**` may stand anywhere, with fixed segments behind it, and the same
/// variable may appear twice. Literals are runs of RFC 3986 pchar with well-formed escapes.
class PathTemplate {
 public:
  struct Segment {
    enum class Kind { kLiteral, kStar, kDoubleStar };
    Kind kind = Kind::kLiteral;
    std::string literal;  ///< as written, escapes included
  };
  /// A variable: the field it names and the segments [begin, end) it takes.
  struct Variable {
    std::string field_path;  ///< dotted, as written
    size_t begin = 0;
    size_t end = 0;
  };
  static constexpr size_t kNone = static_cast<size_t>(-1);

  /// INVALID_ARGUMENT names the template and what is wrong with it.
  static absl::StatusOr<PathTemplate> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  /// At least one; `/` is one empty literal.
  const std::vector<Segment>& segments() const { return segments_; }
  const std::vector<Variable>& variables() const { return variables_; }
  /// What follows the last colon; empty when there is none.
  const std::string& verb() const { return verb_; }
  /// The index of the `**` segment, or kNone.
  size_t double_star() const { return double_star_; }
  bool is_root() const { return segments_.size() == 1 && IsEmptyLiteral(segments_[0]); }

 private:
  friend class TemplateParser;
  static bool IsEmptyLiteral(const Segment& segment) {
    return segment.kind == Segment::Kind::kLiteral && segment.literal.empty();
  }

  std::string text_;
  std::vector<Segment> segments_;
  std::vector<Variable> variables_;
  std::string verb_;
  size_t double_star_ = kNone;
};

}  // namespace slipway::gateway
