#include "gateway/http/async/request_parser.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <charconv>
#include <functional>
#include <limits>

#include "absl/strings/match.h"
#include "gateway/http/async/request_target.h"

namespace slipway::gateway {
namespace {

namespace http = boost::beast::http;
using base::Reason;

/// The longest registered method has 17 letters.
constexpr size_t kLongestMethod = 64;
/// A chunk header, or all trailers, must fit in this; so must all chunk extensions of a body.
constexpr size_t kLongestChunkLine = 16 * 1024;

std::string_view ToStd(boost::beast::string_view text) { return {text.data(), text.size()}; }
absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

bool HasControlByte(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

std::optional<uint64_t> ParseLength(std::string_view digits) {
  uint64_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return length;
}

/// True for a name that a peer which maps `_` to `-` would take for a framing header.
bool LooksLikeFraming(std::string_view name) {
  if (name.find('_') == std::string_view::npos) return false;
  std::string mapped(name);
  std::replace(mapped.begin(), mapped.end(), '_', '-');
  return absl::EqualsIgnoreCase(mapped, "content-length") ||
         absl::EqualsIgnoreCase(mapped, "transfer-encoding");
}

/// True when the request line ends in a version that has the right form but a number we do not
/// serve.
bool HasOtherVersion(std::string_view line) {
  line = line.substr(0, line.find('\r'));
  const size_t first = std::min(line.find(' '), line.size() - 1);
  const std::string_view version = line.substr(std::min(line.find(' ', first + 1), line.size()));
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() == 9 && version.starts_with(" HTTP/") && digit(version[6]) &&
         version[7] == '.' && digit(version[8]) && !version.ends_with("1.1") &&
         !version.ends_with("1.0");
}

std::string Allowed(std::string_view what, size_t most) {
  return std::string(what) + "; at most " + std::to_string(most) + " are allowed";
}

}  // namespace

// ---- What Beast calls ----

void RequestParser::Grammar::on_request_impl(http::verb, View method, View target, int version,
                                             Error& error) {
  owner_.OnRequestLine(ToStd(method), ToStd(target), version);
  if (owner_.refusal_) error = http::error::bad_target;
}

void RequestParser::Grammar::on_field_impl(http::field field, View name, View value, Error& error) {
  owner_.OnField(field, ToStd(name), ToStd(value));
  if (owner_.refusal_) error = http::error::bad_field;
}

std::size_t RequestParser::Grammar::on_body_impl(View bytes, Error&) {
  if (owner_.piece_ != nullptr) owner_.piece_->append(bytes.data(), bytes.size());
  return bytes.size();
}

void RequestParser::Grammar::on_chunk_header_impl(std::uint64_t size, View extension,
                                                  Error& error) {
  owner_.chunk_left_ = size;
  owner_.OnChunkExtension(ToStd(extension));
  if (owner_.refusal_) error = http::error::bad_chunk_extension;
}

std::size_t RequestParser::Grammar::on_chunk_body_impl(std::uint64_t left, View bytes,
                                                       Error& error) {
  owner_.chunk_left_ = left - bytes.size();
  return on_body_impl(bytes, error);
}

// ---- The head ----

void RequestParser::Reset() {
  beast_.emplace(*this);
  // The limits of the head are checked here, since Beast's does not count what it has used already.
  beast_->header_limit(std::numeric_limits<std::uint32_t>::max());
  beast_->body_limit(limits_.max_body_bytes);
  head_.method.clear();
  head_.target.clear();
  head_.has_body = false;
  refusal_.reset();
  head_bytes_ = header_count_ = trailer_count_ = extension_bytes_ = 0;
  chunk_left_ = 0;
  host_.reset();
  content_length_.reset();
  http_minor_ = 1;
  started_ = skipped_empty_line_ = line_done_ = head_done_ = false;
  keep_alive_ = expects_continue_ = false;
}

RequestParser::Progress RequestParser::ParseHead(std::string_view input, size_t* consumed) {
  *consumed = 0;
  // RFC 9112 section 2.2: one empty line before the request is from a client that ended the body of
  // the last one with it.
  if (!started_ && !skipped_empty_line_ && input.starts_with('\r')) {
    if (input.size() == 1) return Progress::kNeedMore;
    if (input[1] == '\n') {
      skipped_empty_line_ = true;
      *consumed = 2;
      input.remove_prefix(2);
    }
  }
  if (input.empty()) return Progress::kNeedMore;
  started_ = true;
  input_ = input;
  Error error;
  const size_t used = beast_->put({input.data(), input.size()}, error);
  *consumed += used;
  head_bytes_ += used;
  if (error == http::error::need_more) return CheckPartialHead(input.substr(used));
  if (error) return RefuseFor(error, input.substr(used));
  return FinishHead();
}

RequestParser::Progress RequestParser::CheckPartialHead(std::string_view unused) {
  // Beast looks at a line that came in pieces again when the whole head is there.
  const size_t longest_line = limits_.max_target_bytes + kLongestMethod;
  const bool has_line = unused.substr(0, longest_line).find('\n') != std::string_view::npos;
  if (!line_done_ && !has_line && unused.size() > longest_line) {
    Refuse(414, Reason::kTargetTooLong,
           Allowed("the request target is too long in bytes", limits_.max_target_bytes));
  } else if (head_bytes_ + unused.size() > limits_.max_head_bytes) {
    Refuse(431, Reason::kHeadTooLarge,
           Allowed("the request line and the headers have too many bytes", limits_.max_head_bytes));
  } else {
    return Progress::kNeedMore;
  }
  return RefuseFor({}, {});
}

void RequestParser::OnRequestLine(std::string_view method, std::string_view target, int version) {
  line_done_ = true;
  http_minor_ = version - 10;
  head_.method.assign(method.substr(0, kLongestMethod));
  head_.target.assign(target.substr(0, limits_.max_target_bytes));
  if (method.size() > kLongestMethod) {
    Refuse(501, Reason::kUnsupportedMethod,
           Allowed("the method has " + std::to_string(method.size()) + " letters", kLongestMethod));
  } else if (target.size() > limits_.max_target_bytes) {
    Refuse(414, Reason::kTargetTooLong,
           Allowed("the request target has " + std::to_string(target.size()) + " bytes",
                   limits_.max_target_bytes));
  }
}

void RequestParser::OnField(http::field field, std::string_view name, std::string_view value) {
  if (Folded(name, value)) {
    Refuse(400, Reason::kBadHeader,
           "the header " + Quoted(name) + " is folded over two lines, which is not allowed");
    return;
  }
  if (head_done_) {  // a trailer: none is passed on, so none can change what was checked
    if (++trailer_count_ > limits_.max_headers) {
      Refuse(400, Reason::kBadFraming, Allowed("too many trailers", limits_.max_headers));
    }
    return;
  }
  if (header_count_ == limits_.max_headers) {
    Refuse(431, Reason::kHeadTooLarge, Allowed("too many headers", limits_.max_headers));
  } else if (name.size() + value.size() + 4 > limits_.max_header_bytes) {
    Refuse(431, Reason::kHeadTooLarge,
           Allowed("the header " + Quoted(name) + " has too many bytes", limits_.max_header_bytes));
  } else {
    CheckFraming(field, name, value);
    AddHeader(name, value);
  }
}

bool RequestParser::Folded(std::string_view name, std::string_view value) const {
  // Beast joins folded lines in a buffer of its own, or leaves the first out when it is empty; else
  // only blanks stand between the colon and the value.
  const std::less<const char*> before;
  const char* const colon = name.data() + name.size();
  if (before(value.data(), colon) || before(input_.data() + input_.size(), value.data())) {
    return true;
  }
  return std::find(colon, value.data(), '\r') != value.data();
}

void RequestParser::CheckFraming(http::field field, std::string_view name, std::string_view value) {
  switch (field) {
    case http::field::content_length:
      if (content_length_) {
        Refuse(400, Reason::kBadFraming, "there are two Content-Length headers; one is allowed");
      } else if (!(content_length_ = ParseLength(value))) {
        Refuse(400, Reason::kBadFraming,
               "Content-Length is " + Quoted(value) + "; it must be one decimal number");
      }
      return;
    case http::field::transfer_encoding:
      if (http_minor_ == 0) {
        Refuse(400, Reason::kBadFraming, "Transfer-Encoding is not allowed in HTTP/1.0");
      } else if (!absl::EqualsIgnoreCase(ToAbsl(value), "chunked")) {
        Refuse(400, Reason::kBadFraming,
               "Transfer-Encoding is " + Quoted(value) + "; only \"chunked\" is allowed");
      }
      return;
    case http::field::host:
      if (host_) Refuse(400, Reason::kBadHost, "there are two Host headers; one is allowed");
      host_ = header_count_;
      return;
    case http::field::expect:
      if (absl::EqualsIgnoreCase(ToAbsl(value), "100-continue")) {
        expects_continue_ = true;
      } else if (http_minor_ > 0) {
        Refuse(417, Reason::kExpectationFailed,
               "Expect is " + Quoted(value) + "; only \"100-continue\" is known");
      }
      return;
    case http::field::unknown:
      if (LooksLikeFraming(name)) {
        Refuse(400, Reason::kBadHeader,
               "the header " + Quoted(name) + " could be taken for the one with dashes");
      }
      return;
    default:
      return;
  }
}

void RequestParser::AddHeader(std::string_view name, std::string_view value) {
  if (header_count_ == head_.headers.size()) head_.headers.emplace_back();
  Header& header = head_.headers[header_count_++];
  header.name.assign(name);
  header.value.assign(value);
}

RequestParser::Progress RequestParser::FinishHead() {
  head_done_ = true;
  head_.headers.resize(header_count_);
  head_.has_body = !beast_->is_done();
  keep_alive_ = beast_->keep_alive();
  expects_continue_ = expects_continue_ && head_.has_body && http_minor_ > 0;
  beast_->eager(true);
  CheckHead();
  return refusal_ ? RefuseFor({}, {}) : Progress::kDone;
}

void RequestParser::CheckHead() {
  if (head_bytes_ > limits_.max_head_bytes) {
    Refuse(
        431, Reason::kHeadTooLarge,
        Allowed("the request line and the headers have " + std::to_string(head_bytes_) + " bytes",
                limits_.max_head_bytes));
    return;
  }
  std::optional<std::string_view> host;
  if (host_) {
    host = head_.headers[*host_].value;
    refusal_ = CheckHost(*host);
  } else if (http_minor_ > 0) {
    Refuse(400, Reason::kBadHost, "the Host header is missing");
  }
  if (!refusal_) refusal_ = NormalizeTarget(head_.method, host, &head_.target);
}

// ---- The body ----

RequestParser::Progress RequestParser::ParseBody(std::string_view input, std::string* piece,
                                                 size_t* consumed) {
  *consumed = 0;
  if (IsPartOfEnd(input)) return Progress::kNeedMore;
  input_ = input;
  piece_ = piece;
  Error error;
  *consumed = beast_->put({input.data(), input.size()}, error);
  piece_ = nullptr;
  if (error == http::error::need_more) {
    if (input.size() - *consumed < kLongestChunkLine) return Progress::kNeedMore;
    Refuse(400, Reason::kBadFraming,
           Allowed("a chunk header or the trailers have too many bytes", kLongestChunkLine));
  }
  if (error) return RefuseFor(error, {});
  return beast_->is_done() ? Progress::kDone : Progress::kNeedMore;
}

/// Beast asserts that a last chunk that it has seen a part of is there with both of its line ends.
bool RequestParser::IsPartOfEnd(std::string_view input) const {
  constexpr std::string_view kShortestEnd = "0\r\n\r\n";
  return beast_->chunked() && chunk_left_ == 0 && input.size() < kShortestEnd.size() &&
         input.starts_with('0');
}

void RequestParser::OnChunkExtension(std::string_view extension) {
  extension_bytes_ += extension.size();
  if (extension_bytes_ > kLongestChunkLine) {
    Refuse(400, Reason::kBadFraming,
           Allowed("the chunk extensions have too many bytes", kLongestChunkLine));
  } else if (HasControlByte(extension)) {
    Refuse(400, Reason::kBadFraming, "a chunk extension contains a control byte");
  }
}

// ---- Errors ----

void RequestParser::Refuse(int status, Reason reason, std::string message) {
  if (!refusal_) refusal_ = Refusal{status, reason, std::move(message)};
}

RequestParser::Progress RequestParser::RefuseFor(const Error& error, std::string_view unused) {
  head_.headers.resize(header_count_);
  if (error == http::error::body_limit) {
    const std::string bytes = content_length_ ? std::to_string(*content_length_) : "too many";
    Refuse(413, Reason::kBodyTooLarge,
           Allowed("the body has " + bytes + " bytes", limits_.max_body_bytes));
  } else if (error == http::error::bad_version && HasOtherVersion(unused)) {
    Refuse(505, Reason::kUnsupportedVersion,
           "the version of HTTP is not known; HTTP/1.1 and HTTP/1.0 are");
  } else if (error == http::error::bad_content_length) {
    Refuse(400, Reason::kBadFraming,
           "Content-Length must be one decimal number, and not beside Transfer-Encoding");
  } else if (error == http::error::bad_transfer_encoding) {
    Refuse(400, Reason::kBadFraming,
           "Transfer-Encoding must be one \"chunked\", and not beside Content-Length");
  } else if (error == http::error::header_limit) {
    Refuse(431, Reason::kHeadTooLarge,
           Allowed("a header has too many bytes", limits_.max_header_bytes));
  } else if (!line_done_) {
    Refuse(400, Reason::kBadRequestLine,
           "the request line must be a method, a target and a version, with one space between");
  } else if (head_done_) {
    Refuse(400, Reason::kBadFraming, "the chunked body is malformed: " + error.message());
  } else {
    Refuse(400, Reason::kBadHeader, "a header line is malformed: " + error.message());
  }
  return Progress::kRefused;
}

}  // namespace slipway::gateway
