#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace slipway::client {

/// The names that the slots of a template may refer to. The index of a name is that of its value.
struct TemplateNames {
  std::vector<std::string> names;
  /// What they are, for errors: `column`, `variable`.
  std::string_view kind = "column";
};

/// True of a word that means something else in a slot, so that it is a poor name: `counter`,
/// `json`.
bool IsTemplateWord(std::string_view name);

/// What a template is filled with.
struct TemplateValues {
  /// Of the request, from 0, over all threads and runs.
  int64_t number = 0;
  int thread = 0;
  /// As TemplateNames counts them.
  std::span<const std::string> named;
  /// Of the thread.
  std::mt19937_64* random = nullptr;
};

/// A text with `{{…}}` in it, compiled once into pieces that are filled in for each request:
///
///   counter, counter FROM   the number of the request over all threads, from 0 or FROM
///   random MIN MAX          an integer from MIN to MAX
///   hex N                   N random hexadecimal digits
///   uuid                    a random UUID (RFC 9562, version 4)
///   now, unix_ms            the time of day: RFC 3339 in UTC, or milliseconds since 1970
///   thread                  the number of the thread, from 0
///   choose A B C            one of the words
///   NAME, column NAME       the value of a name; the second form where the name is one of these
///   json NAME, url NAME     the same, escaped for the inside of a JSON string, or percent-encoded
///
/// `{{{{` is a literal `{{`; `}}` alone is literal. Values are put in as they are unless escaped.
/// Immutable; any thread.
class Template {
 public:
  /// INVALID_ARGUMENT names the text, the slot and what is allowed.
  static absl::StatusOr<Template> Compile(std::string_view text, const TemplateNames& names);

  /// True when there is nothing to fill in: then literal() is all of it.
  bool is_literal() const;
  /// The text before the first slot.
  std::string_view literal() const;
  /// Appends to `out`, and allocates nothing but what that may need.
  void Render(const TemplateValues& values, std::string* out) const;

 private:
  enum class Kind : uint8_t {
    kLiteral,
    kCounter,
    kRandom,
    kHex,
    kUuid,
    kNow,
    kUnixMs,
    kThread,
    kChoose,
    kName,
    kNameAsJson,
    kNameInUrl,
  };
  struct Piece {
    Kind kind = Kind::kLiteral;
    std::string text;                // kLiteral
    int64_t first = 0;               // kCounter: from; kRandom: the least
    int64_t last = 0;                // kRandom: the greatest
    size_t index = 0;                // the name's; kHex: how many
    std::vector<std::string> words;  // kChoose
  };
  class Compiler;
  static void RenderPiece(const Piece& piece, const TemplateValues& values, std::string* out);

  std::vector<Piece> pieces_;
};

/// Appends `text` as it may stand anywhere in a URL: everything but the unreserved characters is
/// percent-encoded (RFC 3986, 2.3).
void AppendPercentEncoded(std::string_view text, std::string* out);

}  // namespace slipway::client
