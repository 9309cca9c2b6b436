#include "client/data/template.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "client/data/excerpt.h"
#include "schema/json.h"

namespace slipway::client {
namespace {

constexpr int64_t kMaxHexDigits = int64_t{1} << 20;
constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::string_view kSlots =
    "counter, counter FROM, random MIN MAX, hex N, uuid, now, unix_ms, thread, choose A B…, NAME, "
    "column NAME, json NAME, url NAME";

void AppendInteger(int64_t value, std::string* out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out->append(digits, end);
}

/// `value` in decimal, with leading zeros up to `width`.
void AppendPadded(int64_t value, size_t width, std::string* out) {
  const size_t begin = out->size();
  AppendInteger(value, out);
  const size_t length = out->size() - begin;
  if (length < width) out->insert(begin, width - length, '0');
}

void AppendHex(size_t digits, std::mt19937_64& random, std::string* out) {
  while (digits > 0) {
    uint64_t bits = random();
    for (const size_t end = digits - std::min<size_t>(digits, 16); digits > end; --digits) {
      out->push_back(kHexDigits[bits & 15]);
      bits >>= 4;
    }
  }
}

/// RFC 9562, 5.4: random but for the version, 4, and the variant, binary 10.
void AppendUuid(std::mt19937_64& random, std::string* out) {
  AppendHex(8, random, out);
  out->push_back('-');
  AppendHex(4, random, out);
  out->append("-4");
  AppendHex(3, random, out);
  out->push_back('-');
  out->push_back(kHexDigits[8 + (random() & 3)]);
  AppendHex(3, random, out);
  out->push_back('-');
  AppendHex(12, random, out);
}

/// RFC 3339 with milliseconds. absl::FormatTime would make a string.
void AppendNow(std::string* out) {
  const int64_t milliseconds = absl::ToUnixMillis(absl::Now());
  const absl::CivilSecond civil =
      absl::ToCivilSecond(absl::FromUnixMillis(milliseconds), absl::UTCTimeZone());
  const std::pair<int64_t, char> fields[] = {{civil.month(), '-'},
                                             {civil.day(), 'T'},
                                             {civil.hour(), ':'},
                                             {civil.minute(), ':'},
                                             {civil.second(), '.'}};
  AppendPadded(civil.year(), 4, out);
  out->push_back('-');
  for (const auto& [value, separator] : fields) {
    AppendPadded(value, 2, out);
    out->push_back(separator);
  }
  AppendPadded(milliseconds % 1000, 3, out);
  out->push_back('Z');
}

/// Without the quotes, so that other text may stand beside it.
void AppendInsideJsonString(std::string_view text, std::string* out) {
  const size_t begin = out->size();
  schema::AppendJsonString(text, out);
  out->erase(begin, 1);
  out->pop_back();
}

}  // namespace

bool IsTemplateWord(std::string_view name) {
  constexpr std::string_view kWords[] = {"counter", "random", "hex",    "uuid", "now", "unix_ms",
                                         "thread",  "choose", "column", "json", "url"};
  return std::find(std::begin(kWords), std::end(kWords), name) != std::end(kWords);
}

/// Reads one text from left to right.
class Template::Compiler {
 public:
  Compiler(std::string_view text, const TemplateNames& names) : text_(text), names_(names) {}

  absl::StatusOr<std::vector<Piece>> Run() {
    size_t position = 0;
    while (true) {
      size_t open = text_.find("{{", position);
      // Of three braces the first one is JSON's.
      if (open != std::string_view::npos && text_.substr(open, 3) == "{{{" &&
          text_.substr(open, 4) != "{{{{") {
        ++open;
      }
      AddLiteral(text_.substr(position, open - position));
      if (open == std::string_view::npos) return std::move(pieces_);
      if (text_.substr(open, 4) == "{{{{") {
        AddLiteral("{{");
        position = open + 4;
        continue;
      }
      const size_t close = text_.find("}}", open);
      if (close == std::string_view::npos) {
        slot_ = text_.substr(open);
        return Wrong("has no end; allowed is {{SLOT}}, and {{{{ for a literal {{");
      }
      slot_ = text_.substr(open, close + 2 - open);
      SLIPWAY_RETURN_IF_ERROR(AddSlot(text_.substr(open + 2, close - open - 2)));
      position = close + 2;
    }
  }

 private:
  using Words = std::vector<std::string>;

  void AddLiteral(std::string_view text) {
    if (text.empty()) return;
    if (pieces_.empty() || pieces_.back().kind != Kind::kLiteral) pieces_.emplace_back();
    pieces_.back().text += text;
  }

  absl::Status AddSlot(std::string_view inside) {
    // At just what StripAsciiWhitespace takes away, too: words are parts of what it leaves.
    const Words words = absl::StrSplit(absl::string_view(inside.data(), inside.size()),
                                       absl::ByAnyChar(" \t\r\n\v\f"), absl::SkipEmpty());
    Piece piece;
    if (words.empty()) return Unknown();
    const auto trimmed =
        absl::StripAsciiWhitespace(absl::string_view(inside.data(), inside.size()));
    SLIPWAY_RETURN_IF_ERROR(Read(words, std::string(trimmed), &piece));
    pieces_.push_back(std::move(piece));
    return absl::OkStatus();
  }

  absl::Status Read(const Words& words, const std::string& inside, Piece* piece) {
    const std::string& what = words[0];
    if (what == "counter") return ReadCounter(words, piece);
    if (what == "random") return ReadRandom(words, piece);
    if (what == "hex") return ReadHex(words, piece);
    if (what == "uuid") return ReadBare(words, Kind::kUuid, piece);
    if (what == "now") return ReadBare(words, Kind::kNow, piece);
    if (what == "unix_ms") return ReadBare(words, Kind::kUnixMs, piece);
    if (what == "thread") return ReadBare(words, Kind::kThread, piece);
    if (what == "choose") return ReadChoose(words, piece);
    if (words.size() > 1) {
      // Names of columns may have spaces.
      const std::string name(absl::StripLeadingAsciiWhitespace(inside.substr(what.size())));
      if (what == "column") return ReadName(name, Kind::kName, piece);
      if (what == "json") return ReadName(name, Kind::kNameAsJson, piece);
      if (what == "url") return ReadName(name, Kind::kNameInUrl, piece);
    }
    return ReadName(inside, Kind::kName, piece);
  }

  absl::Status ReadBare(const Words& words, Kind kind, Piece* piece) {
    if (words.size() > 1)
      return Wrong(absl::StrCat("takes nothing; allowed is {{", words[0], "}}"));
    piece->kind = kind;
    return absl::OkStatus();
  }

  absl::Status ReadCounter(const Words& words, Piece* piece) {
    piece->kind = Kind::kCounter;
    // Half of the range is left for counting.
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 2;
    if (words.size() > 2 ||
        (words.size() == 2 && (!absl::SimpleAtoi(words[1], &piece->first) ||
                               piece->first < -kMost || piece->first > kMost))) {
      return Wrong(absl::StrCat("allowed is {{counter}} or {{counter FROM}}, FROM an integer from ",
                                -kMost, " to ", kMost));
    }
    return absl::OkStatus();
  }

  absl::Status ReadRandom(const Words& words, Piece* piece) {
    piece->kind = Kind::kRandom;
    if (words.size() != 3 || !absl::SimpleAtoi(words[1], &piece->first) ||
        !absl::SimpleAtoi(words[2], &piece->last) || piece->first > piece->last) {
      return Wrong("allowed is {{random MIN MAX}}, two integers of 64 bits, MAX at least MIN");
    }
    return absl::OkStatus();
  }

  absl::Status ReadHex(const Words& words, Piece* piece) {
    piece->kind = Kind::kHex;
    int64_t digits = 0;
    if (words.size() != 2 || !absl::SimpleAtoi(words[1], &digits) || digits < 1 ||
        digits > kMaxHexDigits) {
      return Wrong(absl::StrCat("allowed is {{hex N}}, N from 1 to ", kMaxHexDigits));
    }
    piece->index = static_cast<size_t>(digits);
    return absl::OkStatus();
  }

  absl::Status ReadChoose(const Words& words, Piece* piece) {
    if (words.size() < 2) return Wrong("allowed is {{choose A B…}}, at least one word");
    piece->kind = Kind::kChoose;
    piece->words.assign(words.begin() + 1, words.end());
    return absl::OkStatus();
  }

  absl::Status ReadName(const std::string& name, Kind kind, Piece* piece) {
    const auto found = std::find(names_.names.begin(), names_.names.end(), name);
    if (found == names_.names.end()) return Unknown();
    piece->kind = kind;
    piece->index = static_cast<size_t>(found - names_.names.begin());
    return absl::OkStatus();
  }

  absl::Status Unknown() const {
    const std::string kind(names_.kind);
    return Wrong(absl::StrCat(
        "is not known; allowed are ", std::string(kSlots), "; ",
        names_.names.empty()
            ? absl::StrCat("there is no ", kind, " here")
            : absl::StrCat("as NAME the ", kind, "s ", absl::StrJoin(names_.names, ", "))));
  }
  absl::Status Wrong(const std::string& why) const {
    return absl::InvalidArgumentError(
        absl::StrFormat("\"%s\": the slot %s %s", Excerpt(text_), Excerpt(slot_), why));
  }

  const std::string_view text_;
  const TemplateNames& names_;
  std::string_view slot_;
  std::vector<Piece> pieces_;
};

absl::StatusOr<Template> Template::Compile(std::string_view text, const TemplateNames& names) {
  Template compiled;
  SLIPWAY_ASSIGN_OR_RETURN(compiled.pieces_, Compiler(text, names).Run());
  return compiled;
}

bool Template::is_literal() const {
  return pieces_.empty() || (pieces_.size() == 1 && pieces_[0].kind == Kind::kLiteral);
}

std::string_view Template::literal() const {
  return pieces_.empty() ? std::string_view() : std::string_view(pieces_[0].text);
}

void Template::Render(const TemplateValues& values, std::string* out) const {
  for (const Piece& piece : pieces_) RenderPiece(piece, values, out);
}

void Template::RenderPiece(const Piece& piece, const TemplateValues& values, std::string* out) {
  switch (piece.kind) {
    case Kind::kLiteral:
      out->append(piece.text);
      return;
    case Kind::kCounter:
      return AppendInteger(piece.first + values.number, out);
    case Kind::kRandom: {
      std::uniform_int_distribution<int64_t> distribution(piece.first, piece.last);
      return AppendInteger(distribution(*values.random), out);
    }
    case Kind::kHex:
      return AppendHex(piece.index, *values.random, out);
    case Kind::kUuid:
      return AppendUuid(*values.random, out);
    case Kind::kNow:
      return AppendNow(out);
    case Kind::kUnixMs:
      return AppendInteger(absl::ToUnixMillis(absl::Now()), out);
    case Kind::kThread:
      return AppendInteger(values.thread, out);
    case Kind::kChoose: {
      std::uniform_int_distribution<size_t> distribution(0, piece.words.size() - 1);
      out->append(piece.words[distribution(*values.random)]);
      return;
    }
    case Kind::kName:
      out->append(values.named[piece.index]);
      return;
    case Kind::kNameAsJson:
      return AppendInsideJsonString(values.named[piece.index], out);
    case Kind::kNameInUrl:
      return AppendPercentEncoded(values.named[piece.index], out);
  }
}

void AppendPercentEncoded(std::string_view text, std::string* out) {
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out->push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out->push_back('%');
    out->push_back(absl::ascii_toupper(kHexDigits[byte >> 4]));
    out->push_back(absl::ascii_toupper(kHexDigits[byte & 15]));
  }
}

}  // namespace slipway::client
