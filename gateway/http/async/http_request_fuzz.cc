// Any bytes as the requests of one connection. However they are cut, the parser sees the same
// requests and refuses at the same one; what it hands out keeps the limits, has no control bytes in
// its headers and a target that is a path (or `*`).
#include <algorithm>
#include <string>
#include <vector>

#include "gateway/http/async/request_parser.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::gateway {
namespace {

using fuzz::Check;
using Progress = RequestParser::Progress;

/// Small, so that small inputs reach them.
EngineLimits SmallLimits() {
  EngineLimits limits;
  limits.max_head_bytes = 512;
  limits.max_target_bytes = 96;
  limits.max_header_bytes = 128;
  limits.max_headers = 6;
  limits.max_body_bytes = 64;
  return limits;
}
const EngineLimits kLimits = SmallLimits();

/// One request as far as it came.
struct Seen {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  bool has_body = false;
  bool keep_alive = false;
  bool expects_continue = false;
  std::string body;
  bool complete = false;
  int refused = 0;
};

/// What a connection does with a parser, without its socket.
class Connection {
 public:
  void Receive(std::string_view bytes) {
    waiting_.append(bytes);
    while (Step()) {
    }
  }
  const std::vector<Seen>& seen() const { return seen_; }

 private:
  /// False when more bytes are needed, or none are taken any more.
  bool Step() {
    if (refused_ || waiting_.empty()) return false;
    std::string piece;
    size_t consumed = 0;
    const Progress progress = in_body_ ? parser_.ParseBody(waiting_, &piece, &consumed)
                                       : parser_.ParseHead(waiting_, &consumed);
    Check(consumed <= waiting_.size(), "no more is consumed than was given");
    waiting_.erase(0, consumed);
    if (in_body_) seen_.back().body += piece;
    if (progress == Progress::kRefused) Refuse();
    if (progress == Progress::kDone) in_body_ ? EndRequest() : EndHead();
    return progress == Progress::kDone || (progress == Progress::kNeedMore && consumed > 0);
  }

  void EndHead() {
    const RequestHead& head = parser_.head();
    Seen seen{head.method,   head.target,          {},
              head.has_body, parser_.keep_alive(), parser_.expects_continue()};
    for (const Header& header : head.headers) seen.headers.emplace_back(header.name, header.value);
    CheckHead(seen);
    seen_.push_back(std::move(seen));
    in_body_ = true;
    if (!head.has_body) EndRequest();
  }

  static void CheckHead(const Seen& seen) {
    Check(!seen.method.empty(), "a method has letters");
    Check(seen.target == "*" || seen.target.starts_with('/'), "a target is a path", seen.target);
    Check(seen.target.size() <= kLimits.max_target_bytes + 1, "targets keep their limit");
    Check(seen.headers.size() <= kLimits.max_headers, "headers keep their number");
    for (const auto& [name, value] : seen.headers) {
      Check(!name.empty() && name.size() + value.size() <= kLimits.max_header_bytes,
            "headers keep their limit", name);
      for (const char c : name + value) {
        Check(static_cast<uint8_t>(c) >= ' ' || c == '\t', "headers have no control bytes", value);
      }
    }
  }

  void EndRequest() {
    Seen& request = seen_.back();
    Check(request.body.size() <= kLimits.max_body_bytes, "bodies keep their limit");
    request.complete = true;
    in_body_ = false;
    parser_.Reset();
  }

  void Refuse() {
    const Refusal& refusal = parser_.refusal();
    Check(refusal.status >= 400 && refusal.status < 600 && !refusal.message.empty(),
          "a refusal has a status and a reason");
    Check(parser_.head().headers.size() <= kLimits.max_headers, "headers keep their number");
    if (!in_body_) seen_.emplace_back();
    seen_.back().refused = refusal.status;
    refused_ = true;
  }

  RequestParser parser_{kLimits};
  std::string waiting_;
  bool in_body_ = false;
  bool refused_ = false;
  std::vector<Seen> seen_;
};

std::vector<Seen> Parse(std::string_view bytes, fuzz::Cut cut) {
  Connection connection;
  fuzz::ForEachPiece(bytes, cut, [&](std::string_view piece) { connection.Receive(piece); });
  return connection.seen();
}

/// A fault in a head may be noticed at once or, when the head came in pieces, at its end: then it
/// has not been noticed yet where the end is missing.
void DropRefusedHead(std::vector<Seen>* seen) {
  if (!seen->empty() && seen->back().refused != 0 && seen->back().method.empty()) seen->pop_back();
}

/// Which of several faults is noticed first may depend on what has come, and so may whether a fault
/// of a chunk's line is noticed or waited with: but what is refused is complete in no pieces.
void CheckSame(const Seen& whole, const Seen& cut) {
  Check(whole.complete == cut.complete, "a request ends where it ends");
  Check(whole.method == cut.method && whole.target == cut.target && whole.headers == cut.headers,
        "pieces have the same head", whole.target);
  Check(whole.has_body == cut.has_body && whole.keep_alive == cut.keep_alive &&
            whole.expects_continue == cut.expects_continue,
        "pieces mean the same");
  if (whole.refused == 0 && cut.refused == 0)
    Check(whole.body == cut.body, "pieces have the same body");
}

}  // namespace
}  // namespace slipway::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway;
  const std::string_view bytes = fuzz::Text(data, size);
  for (const fuzz::Cut cut : {fuzz::Cut::kEverywhere, fuzz::Cut::kSomewhere}) {
    auto whole = gateway::Parse(bytes, fuzz::Cut::kNowhere);
    auto pieces = gateway::Parse(bytes, cut);
    if (whole.size() != pieces.size()) {
      gateway::DropRefusedHead(whole.size() > pieces.size() ? &whole : &pieces);
    }
    fuzz::Check(whole.size() == pieces.size(), "pieces have as many requests");
    for (size_t i = 0; i < whole.size(); ++i) gateway::CheckSame(whole[i], pieces[i]);
  }
  return 0;
}
