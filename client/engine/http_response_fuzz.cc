// Any bytes as the answers on one connection, to GET and to HEAD. However they are cut, the parser
// sees the same answers with the same errors; it uses no more than it is given, leaves a rest only
// behind an answer or an error, and keeps no more of bodies than it may.
#include <string>
#include <vector>

#include "client/engine/response_parser.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::client {
namespace {

using fuzz::Check;

constexpr size_t kBodyLimit = 300;
constexpr size_t kMostExcerpt = 200;

struct Seen {
  int status = 0;
  bool keep_alive = false;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string excerpt;
  std::string error;

  friend bool operator==(const Seen&, const Seen&) = default;
};

class Connection {
 public:
  explicit Connection(bool head_request) : head_request_(head_request) {
    kept_.limit = kBodyLimit;
    parser_.Keep(&kept_);
    parser_.Start(head_request_);
  }

  void Receive(std::string_view bytes) {
    while (!bytes.empty() && !failed_) {
      const size_t used = parser_.Feed(bytes);
      Check(used <= bytes.size(), "no more is used than was given");
      Check(used == bytes.size() || parser_.done() || !parser_.error().empty(),
            "a rest is left only at the end");
      bytes.remove_prefix(used);
      Look();
    }
  }
  std::vector<Seen> End() {
    if (!failed_) {
      const bool started = parser_.started();
      parser_.End();
      Check(parser_.done() || !parser_.error().empty(), "the end ends the answer");
      if (started) Look();
    }
    return std::move(seen_);
  }

 private:
  void Look() {
    Check(!parser_.done() || parser_.error().empty(), "an answer is done or wrong");
    Check(kept_.response.body.size() <= kBodyLimit, "kept bodies keep their limit");
    Check(parser_.excerpt().size() <= kMostExcerpt, "excerpts are short");
    failed_ = !parser_.error().empty();
    if (failed_) {
      Seen seen;
      seen.error = parser_.error();
      seen_.push_back(std::move(seen));
    } else if (parser_.done()) {
      Check(parser_.status() >= 100 && parser_.status() <= 999, "a status has three digits");
      seen_.push_back({parser_.status(), parser_.keep_alive(), kept_.response.headers,
                       kept_.response.body, std::string(parser_.excerpt()), ""});
      parser_.Start(head_request_);
    }
  }

  const bool head_request_;
  KeptResponse kept_;
  ResponseParser parser_;
  bool failed_ = false;
  std::vector<Seen> seen_;
};

std::vector<Seen> Parse(std::string_view bytes, bool head_request, fuzz::Cut cut) {
  Connection connection(head_request);
  fuzz::ForEachPiece(bytes, cut, [&](std::string_view piece) { connection.Receive(piece); });
  return connection.End();
}

}  // namespace
}  // namespace slipway::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway;
  const std::string_view bytes = fuzz::Text(data, size);
  for (const bool head : {false, true}) {
    const auto whole = client::Parse(bytes, head, fuzz::Cut::kNowhere);
    for (const fuzz::Cut cut : {fuzz::Cut::kEverywhere, fuzz::Cut::kSomewhere}) {
      fuzz::Check(whole == client::Parse(bytes, head, cut), "pieces are the same answers");
    }
  }
  return 0;
}
