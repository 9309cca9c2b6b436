// Any bytes as the messages of a gRPC answer: wire's reader, which keeps and inflates them, and the
// load generator's counter, which only counts. However the bytes are cut, both find the messages
// that a plain walk over the prefixes finds; the reader keeps its limit and gives every byte of the
// window back.
#include <algorithm>
#include <string>
#include <vector>

#include "client/engine/grpc_message_counter.h"
#include "tests/fuzz/fuzz.h"
#include "wire/message_reader.h"

namespace slipway::client {
namespace {

using fuzz::Check;

constexpr size_t kMostBytes = 512;
constexpr size_t kPrefix = 5;

/// Where messages are, by the specification.
struct Walk {
  std::vector<std::string_view> messages;
  bool compressed = false;  // one of them is
  bool malformed = false;
  bool too_large = false;
  bool partial = false;
};

Walk WalkOver(std::string_view bytes) {
  Walk walk;
  while (bytes.size() >= kPrefix) {
    size_t length = 0;
    for (size_t i = 1; i < kPrefix; ++i) length = length << 8 | static_cast<uint8_t>(bytes[i]);
    walk.malformed = static_cast<uint8_t>(bytes[0]) > 1;
    if (walk.malformed) return walk;
    walk.too_large = walk.too_large || length > kMostBytes;
    walk.compressed = walk.compressed || bytes[0] == 1;
    if (bytes.size() - kPrefix < length) break;
    walk.messages.push_back(bytes.substr(kPrefix, length));
    bytes.remove_prefix(kPrefix + length);
  }
  walk.partial = !bytes.empty();
  return walk;
}

void CheckCounter(std::string_view bytes, fuzz::Cut cut, const Walk& walk) {
  GrpcMessageCounter counter;
  bool good = true;
  int64_t told = 0;
  fuzz::ForEachPiece(bytes, cut, [&](std::string_view piece) {
    if (good) good = counter.Feed(piece, [&] { ++told; });
  });
  Check(good == !walk.malformed, "the counter takes what is well formed");
  Check(told == counter.messages() && told == static_cast<int64_t>(walk.messages.size()),
        "the counter finds each message");
  if (good) Check(counter.partial() == walk.partial, "the counter knows that there is a rest");
}

struct Read {
  std::vector<std::string> messages;
  absl::StatusCode error = absl::StatusCode::kOk;
  bool partial = false;
  size_t released = 0;

  friend bool operator==(const Read&, const Read&) = default;
};

Read ReadAll(std::string_view bytes, fuzz::Cut cut, std::string_view encoding) {
  wire::MessageReader reader(kMostBytes);
  reader.set_encoding(encoding);
  Read read;
  fuzz::ForEachPiece(bytes, cut, [&](std::string_view piece) {
    reader.Add(piece);
    while (reader.complete()) {
      read.messages.push_back(reader.Take());
      Check(read.messages.back().size() <= kMostBytes, "messages keep their limit");
    }
    read.released += reader.TakeReleased();
  });
  read.error = reader.error().code();
  if (reader.error().ok()) {
    Check(read.released == bytes.size(), "every byte is given back");
  } else {
    reader.Clear();
    read.released += reader.TakeReleased();
    Check(read.released <= bytes.size(), "no byte is given back twice");
    read.released = 0;  // how much of the rest was not looked at
  }
  read.partial = read.error == absl::StatusCode::kOk && reader.partial();
  return read;
}

void CheckReader(std::string_view bytes, fuzz::Cut cut, const Walk& walk) {
  const Read read = ReadAll(bytes, cut, "identity");
  if (!walk.malformed && !walk.too_large && !walk.compressed) {
    Check(read.error == absl::StatusCode::kOk && read.partial == walk.partial &&
              std::equal(read.messages.begin(), read.messages.end(), walk.messages.begin(),
                         walk.messages.end()),
          "the reader finds each message");
  } else {
    Check(read.messages.size() <= walk.messages.size(), "the reader makes no messages up");
  }
  Check(ReadAll(bytes, cut, "gzip") == ReadAll(bytes, fuzz::Cut::kNowhere, "gzip"),
        "pieces inflate as the whole does");
}

}  // namespace
}  // namespace slipway::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway;
  const std::string_view bytes = fuzz::Text(data, size);
  const client::Walk walk = client::WalkOver(bytes);
  for (const fuzz::Cut cut : {fuzz::Cut::kNowhere, fuzz::Cut::kEverywhere, fuzz::Cut::kSomewhere}) {
    client::CheckCounter(bytes, cut, walk);
    client::CheckReader(bytes, cut, walk);
  }
  return 0;
}
