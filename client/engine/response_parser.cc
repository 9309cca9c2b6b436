#include "client/engine/response_parser.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace slipway::client {
namespace {

constexpr size_t kMaxHead = 256 * 1024;
constexpr size_t kMaxExcerpt = 200;

constexpr std::string_view kSpeaksHttp2 =
    "the server speaks HTTP/2 here, not HTTP/1.1: give grpc:// if it is gRPC, else h2c://";

/// What an HTTP/2 server says first, unasked (RFC 9113, 3.4): a SETTINGS frame of its connection,
/// so three bytes of a small length, the type 4, no flags, and stream 0.
bool IsHttp2(std::string_view bytes) {
  constexpr std::string_view kAfterLength{"\4\0\0\0\0\0", 6};
  return bytes.size() >= 9 && bytes[0] == 0 && bytes.substr(3, 6) == kAfterLength;
}

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

std::string_view Trim(std::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(ToAbsl(text));
  return {trimmed.data(), trimmed.size()};
}

/// Whether `list` (comma-separated) has the token `wanted`, in lower case.
bool HasToken(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (absl::EqualsIgnoreCase(ToAbsl(Trim(list.substr(0, comma))), ToAbsl(wanted))) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

/// Digits of the given base only, no sign, no overflow.
bool ParseNumber(std::string_view digits, uint64_t base, uint64_t* value) {
  if (digits.empty() || digits.size() > 15) return false;
  *value = 0;
  for (const char c : digits) {
    uint64_t digit;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (base == 16 && absl::ascii_isxdigit(c)) {
      digit = absl::ascii_tolower(c) - 'a' + 10;
    } else {
      return false;
    }
    *value = *value * base + digit;
  }
  return true;
}

}  // namespace

void ResponseParser::Start(bool head_request) {
  state_ = State::kStatusLine;
  head_request_ = head_request;
  started_ = false;
  keep_alive_ = true;
  chunked_ = false;
  has_length_ = false;
  status_ = 0;
  remaining_ = 0;
  body_bytes_ = 0;
  line_bytes_ = 0;
  partial_line_.clear();
  excerpt_.clear();
  error_ = {};
  if (kept_ != nullptr) {
    kept_->response.status = 0;
    kept_->response.headers.clear();
    kept_->response.body.clear();
  }
}

size_t ResponseParser::Feed(std::string_view bytes) {
  size_t used = 0;
  if (!bytes.empty()) started_ = true;
  while (used < bytes.size() && state_ != State::kDone && state_ != State::kFailed) {
    const bool body =
        state_ == State::kBody || state_ == State::kBodyToEnd || state_ == State::kChunkData;
    used += body ? FeedBody(bytes.substr(used)) : FeedLine(bytes.substr(used));
  }
  return used;
}

void ResponseParser::End() {
  if (state_ == State::kBodyToEnd) {
    state_ = State::kDone;
  } else if (state_ != State::kDone && state_ != State::kFailed) {
    Fail(started_ ? "the connection ended in the middle of a response"
                  : "the connection ended before a response");
  }
}

size_t ResponseParser::FeedLine(std::string_view bytes) {
  const auto* end = static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
  const size_t used = end == nullptr ? bytes.size() : end - bytes.data() + 1;
  line_bytes_ += used;
  if (line_bytes_ > kMaxHead) {
    Fail("the head of the response is longer than 256 KiB");
    return used;
  }
  if (end == nullptr) {
    partial_line_.append(bytes);
    // It ends with the connection, mostly, and has no line.
    if (state_ == State::kStatusLine && IsHttp2(partial_line_)) Fail(kSpeaksHttp2);
    return used;
  }
  std::string_view line = bytes.substr(0, used - 1);
  if (!partial_line_.empty()) line = partial_line_.append(line);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  OnLine(line);
  partial_line_.clear();
  return used;
}

size_t ResponseParser::FeedBody(std::string_view bytes) {
  const size_t used =
      state_ == State::kBodyToEnd ? bytes.size() : std::min<uint64_t>(bytes.size(), remaining_);
  body_bytes_ += used;
  if (status_ >= 400 && excerpt_.size() < kMaxExcerpt) {
    excerpt_.append(bytes.substr(0, std::min(used, kMaxExcerpt - excerpt_.size())));
  }
  if (kept_ != nullptr && !KeepBody(bytes.substr(0, used))) return used;
  if (state_ == State::kBodyToEnd) return used;
  remaining_ -= used;
  if (remaining_ == 0) OnBodyPieceEnd();
  return used;
}

void ResponseParser::OnLine(std::string_view line) {
  switch (state_) {
    case State::kStatusLine:
      return OnStatusLine(line);
    case State::kHeader:
      return line.empty() ? OnHeadEnd() : OnHeader(line);
    case State::kChunkSize:
      return OnChunkSize(line);
    case State::kChunkEnd:
      if (!line.empty()) return Fail("a chunk is longer than its size says");
      state_ = State::kChunkSize;
      return;
    case State::kTrailer:
      if (line.empty()) state_ = State::kDone;
      return;
    default:
      return;
  }
}

void ResponseParser::OnStatusLine(std::string_view line) {
  if (IsHttp2(line)) return Fail(kSpeaksHttp2);
  // HTTP/1.1 200 OK
  uint64_t status;
  if (line.size() < 12 || line.substr(0, 7) != "HTTP/1." || line[8] != ' ' ||
      (line.size() > 12 && line[12] != ' ') || !ParseNumber(line.substr(9, 3), 10, &status) ||
      status < 100) {
    return Fail("the response does not begin with an HTTP/1 status line");
  }
  status_ = static_cast<int>(status);
  keep_alive_ = line[7] != '0';
  chunked_ = has_length_ = false;
  state_ = State::kHeader;
}

void ResponseParser::OnHeader(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Fail("a header line of the response has no colon");
  if (kept_ != nullptr) KeepHeader(line, colon);
  // Only three names matter, and their lengths differ from each other's.
  const absl::string_view name = ToAbsl(line.substr(0, colon));
  if (colon == 14 && absl::EqualsIgnoreCase(name, "content-length")) {
    OnContentLength(Trim(line.substr(colon + 1)));
  } else if (colon == 17 && absl::EqualsIgnoreCase(name, "transfer-encoding")) {
    chunked_ = HasToken(line.substr(colon + 1), "chunked");
  } else if (colon == 10 && absl::EqualsIgnoreCase(name, "connection")) {
    const std::string_view value = line.substr(colon + 1);
    if (HasToken(value, "close")) keep_alive_ = false;
    if (HasToken(value, "keep-alive")) keep_alive_ = true;
  }
}

void ResponseParser::KeepHeader(std::string_view line, size_t colon) {
  std::string name = absl::AsciiStrToLower(ToAbsl(line.substr(0, colon)));
  kept_->response.headers.emplace_back(std::move(name), Trim(line.substr(colon + 1)));
}

/// False when that would be too much; the response has failed then.
bool ResponseParser::KeepBody(std::string_view bytes) {
  std::string& body = kept_->response.body;
  const size_t room = kept_->limit - body.size();
  if (bytes.size() <= room || kept_->cut) {
    body.append(bytes.substr(0, room));
    return true;
  }
  kept_->error =
      absl::StrCat("the body of the response is longer than the limit, ", kept_->limit, " bytes");
  Fail(kept_->error);
  return false;
}

void ResponseParser::OnContentLength(std::string_view value) {
  uint64_t length;
  if (!ParseNumber(value, 10, &length) || (has_length_ && length != remaining_)) {
    return Fail("the Content-Length of the response is not a number");
  }
  has_length_ = true;
  remaining_ = length;
}

void ResponseParser::OnHeadEnd() {
  if (status_ < 200 && status_ != 101) {  // an interim response: the final one follows
    state_ = State::kStatusLine;
    if (kept_ != nullptr) kept_->response.headers.clear();
    return;
  }
  if (kept_ != nullptr) kept_->response.status = status_;
  if (status_ == 101) keep_alive_ = false;  // the connection speaks something else from now on
  if (head_request_ || status_ == 101 || status_ == 204 || status_ == 304) {
    state_ = State::kDone;
  } else if (chunked_) {
    state_ = State::kChunkSize;
  } else if (has_length_) {
    state_ = remaining_ == 0 ? State::kDone : State::kBody;
  } else {
    keep_alive_ = false;
    state_ = State::kBodyToEnd;
  }
}

void ResponseParser::OnChunkSize(std::string_view line) {
  line_bytes_ = 0;
  const std::string_view digits = Trim(line.substr(0, line.find(';')));
  if (!ParseNumber(digits, 16, &remaining_)) return Fail("a chunk size is not a number");
  state_ = remaining_ == 0 ? State::kTrailer : State::kChunkData;
}

void ResponseParser::OnBodyPieceEnd() {
  state_ = state_ == State::kBody ? State::kDone : State::kChunkEnd;
}

void ResponseParser::Fail(std::string_view error) {
  error_ = error;
  state_ = State::kFailed;
}

}  // namespace slipway::client
