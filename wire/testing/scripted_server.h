#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/testing/http2_server.h"

namespace slipway::wire::testing {

/// A server that does to each request what the test says, right or wrong.
class ScriptedServer {
 public:
  /// What was seen of one request.
  struct Request {
    Fields headers;
    std::string body;  // with the gRPC prefixes
    bool ended = false;
    std::optional<uint32_t> closed;  // HTTP/2 error code

    std::string_view Header(std::string_view name) const;
  };
  /// Called on the server's thread, from inside nghttp2, with the number of the request (from 0).
  using Script = std::function<void(Exchange&, size_t)>;

  /// `on_end` runs when a request is complete, `on_headers` when its headers are there.
  explicit ScriptedServer(Script on_end, Http2ServerOptions options = {}, Script on_headers = {});

  Http2Server& http2() { return server_; }
  std::string address() const { return server_.address(); }
  /// A copy of what has been seen so far. Any thread.
  std::vector<Request> requests() const;
  /// Runs `work` for each open stream on the server's thread.
  void ForEachOpen(const std::function<void(Exchange&)>& work);

 private:
  class Recorder;

  const Script on_end_;
  const Script on_headers_;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;     // guarded by mutex_
  std::map<size_t, Exchange*> open_;  // server's thread
  Http2Server server_;
};

/// One message with its gRPC prefix.
std::string Frame(std::string_view message, bool compressed = false);
/// The usual response head.
const Fields& OkHead();
/// Answers `message` and status 0.
void AnswerOk(Exchange& exchange, std::string_view message);

}  // namespace slipway::wire::testing
