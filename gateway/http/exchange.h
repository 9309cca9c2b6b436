#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::gateway {

struct Header {
  std::string name;
  std::string value;
};

/// The head of one request after its framing was checked: whatever the engine, the rest of the
/// gateway sees only this.
struct RequestHead {
  /// As sent, such as `GET`.
  std::string method;
  /// Origin form as sent, escapes included: path, and query after the first `?`.
  std::string target;
  std::vector<Header> headers;
  /// `address:port` of the client.
  std::string peer;
  /// False when there can be no body: ReadBody answers the end at once.
  bool has_body = false;

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  /// Without the `?`; empty when there is none.
  std::string_view query() const {
    const size_t mark = target.find('?');
    return mark == std::string::npos ? std::string_view()
                                     : std::string_view(target).substr(mark + 1);
  }
  /// The first value of a header, its name in any case.
  std::optional<std::string_view> Find(std::string_view name) const;
};

struct ResponseHead {
  int status = 200;
  /// The engine adds Date, Connection and the framing headers itself.
  std::vector<Header> headers;
  /// Known: Content-Length. Unknown: chunked (HTTP/1.1), or the end of the connection (1.0).
  std::optional<uint64_t> content_length;
};

/// One HTTP request and its answer, whatever the engine. Made by the engine for each request, used
/// by one ExchangeHandler on the executor's thread, gone when Handle has returned.
///
/// The order is SendHead, SendBody any number of times, and SendTrailers or a SendBody with `end`.
/// ReadBody may be called before and between. An engine that finds the answer unfinished when
/// Handle returns closes the connection.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const RequestHead& head() const = 0;
  virtual rpc::Executor& executor() = 0;

  /// The next piece of the body, never empty; nothing at its end. Errors: RESOURCE_EXHAUSTED over
  /// the limit, DEADLINE_EXCEEDED when it comes too slowly, INVALID_ARGUMENT for bad framing,
  /// CANCELLED when the peer is gone; base::ReasonOf tells them apart for the answer.
  virtual rpc::Task<absl::StatusOr<std::optional<std::string>>> ReadBody() = 0;

  /// Queues the head; it leaves with the first piece of the body.
  virtual void SendHead(ResponseHead head) = 0;
  /// Sends a piece, waiting while the peer takes no more. False when the peer is gone. `end`
  /// finishes the answer. For HEAD, 204 and 304 the engine drops the bytes.
  virtual rpc::Task<bool> SendBody(std::string data, bool end) = 0;
  /// Finishes a chunked answer with trailer fields.
  virtual rpc::Task<bool> SendTrailers(std::vector<Header> trailers) = 0;

  /// `callback` runs on the executor's thread, at most once, when the peer goes before the answer
  /// is finished; at once if it has gone. nullptr takes it back.
  virtual void OnPeerGone(rpc::Executor::Work callback) = 0;

  /// For metrics and the access line: the binding that matched, `template` of the route such as
  /// `/users/{id}`; must outlive the exchange. Empty means none matched.
  void set_route(std::string_view route) { route_ = route; }
  std::string_view route() const { return route_; }
  /// For the access line.
  void set_correlation_id(std::string id) { correlation_id_ = std::move(id); }
  const std::string& correlation_id() const { return correlation_id_; }

 private:
  std::string_view route_;
  std::string correlation_id_;
};

/// Answers exchanges. One for each thread of an engine; Handle is called for many exchanges that
/// are in flight at the same time on that thread, and must send an answer in every case.
class ExchangeHandler {
 public:
  virtual ~ExchangeHandler() = default;
  virtual rpc::Task<void> Handle(Exchange& exchange) = 0;
};

}  // namespace slipway::gateway
