#include "gateway/router/request_path.h"

#include <algorithm>
#include <cstdint>

#include "base/reason.h"

namespace slipway::gateway {
namespace {

absl::Status BadPath(std::string message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadPath,
                         std::move(message));
}

constexpr size_t kMaxStrictSegments = 256;

bool IsControl(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }

}  // namespace

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool PercentDecode(std::string_view text, bool plus_is_space, std::string* out) {
  out->reserve(out->size() + text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out->push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out->push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return true;
}

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length == 0 || lead > 0xf4 || i + length > text.size()) return false;
    uint32_t point = length == 1 ? lead : lead & (0xff >> (length + 1));
    for (size_t k = 1; k < length; ++k) {
      const auto byte = static_cast<uint8_t>(text[i + k]);
      if ((byte & 0xc0) != 0x80) return false;
      point = point << 6 | (byte & 0x3f);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (overlong || (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff) return false;
    i += length;
  }
  return true;
}

absl::Status RequestPath::Parse(std::string_view raw, bool strict) {
  if (raw.empty() || raw[0] != '/') return BadPath("the path of a request begins with '/'");
  if (absl::Status decoded = Decode(raw); !decoded.ok()) return decoded;
  Split();
  return strict ? CheckStrictly(raw) : absl::OkStatus();
}

absl::Status RequestPath::Decode(std::string_view raw) {
  decoded_ = raw;
  if (raw.find('%') != std::string_view::npos) {
    buffer_.clear();
    if (!PercentDecode(raw, false, &buffer_)) {
      return BadPath("the path has a '%' that is not followed by two hexadecimal digits");
    }
    decoded_ = buffer_;
  }
  if (std::any_of(decoded_.begin(), decoded_.end(), IsControl)) {
    return BadPath("the path has a control character");
  }
  return absl::OkStatus();
}

void RequestPath::Split() {
  segments_.clear();
  size_t begin = 1;
  for (;;) {
    const size_t slash = decoded_.find('/', begin);
    segments_.push_back(decoded_.substr(begin, slash - begin));
    if (slash == std::string_view::npos) return;
    begin = slash + 1;
  }
}

absl::Status RequestPath::CheckStrictly(std::string_view raw) const {
  if (!IsUtf8(decoded_)) return BadPath("the path is not UTF-8");
  if (decoded_.find('\\') != std::string_view::npos) return BadPath("the path has a '\\'");
  if (std::count(raw.begin(), raw.end(), '/') !=
      std::count(decoded_.begin(), decoded_.end(), '/')) {
    return BadPath("the path has an escaped '/'");
  }
  if (segments_.size() > kMaxStrictSegments) return BadPath("the path has too many segments");
  for (size_t i = 0; i < segments_.size(); ++i) {
    if (segments_[i] == "." || segments_[i] == "..") return BadPath("the path has dot segments");
    if (segments_[i].empty() && i + 1 < segments_.size()) {
      return BadPath("the path has an empty segment");
    }
  }
  return absl::OkStatus();
}

}  // namespace slipway::gateway
