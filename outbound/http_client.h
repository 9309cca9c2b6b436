#pragma once

#include <cstddef>
#include <thread>

#include "absl/status/statusor.h"
#include "outbound/engine.h"
#include "outbound/http_message.h"
#include "outbound/options.h"
#include "rpc/executor.h"
#include "rpc/io_executor.h"
#include "rpc/task.h"

namespace slipway::outbound {

/// HTTP out: hundreds of requests at a time through libcurl, on one thread of its own. Connections
/// are kept and used again. It follows no redirects, keeps no cookies, asks no proxy, sends no
/// signals, and calls nothing but http and https.
///
/// Owned by main; any thread may Send. Destroying it answers whoever waits with UNAVAILABLE; it
/// must outlive the start of the tasks it made, not their end.
class HttpClient {
 public:
  using Options = ClientOptions;

  HttpClient() : HttpClient(Options()) {}
  explicit HttpClient(Options options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends `request` and waits for the whole answer; any final status is an answer. Awaited on
  /// `caller`'s thread, resumes there. Destroying the task while it waits ends the request and
  /// closes its connection. A kept connection that turns out to be closed by the server before
  /// anything of the answer came is replaced and the request sent again; nothing else is tried
  /// twice.
  ///
  /// Errors: INVALID_ARGUMENT for a request that cannot be sent (names the part), PERMISSION_DENIED
  /// (forbidden_target) where its AllowList says so, UNAVAILABLE with libcurl's text when there was
  /// no connection (name, refused, TLS, connect timeout) or no whole and valid answer (reset,
  /// garbage), DEADLINE_EXCEEDED after `timeout`, RESOURCE_EXHAUSTED for an answer that is too long
  /// (response_too_large) or when too many requests wait (queue_full), UNAVAILABLE (shutting_down).
  rpc::Task<absl::StatusOr<HttpResponse>> Send(rpc::Executor& caller, HttpRequest request);

  /// The client's own thread, for what belongs to a request and must not be tied to a caller's.
  /// Work there must not block.
  rpc::Executor& executor() { return executor_; }

  /// Requests that use, or wait for, a connection. Any thread.
  size_t under_way() const { return engine_.under_way(); }
  size_t waiting() const { return engine_.waiting(); }

 private:
  rpc::IoExecutor executor_;
  Engine engine_;
  std::thread thread_;
};

}  // namespace slipway::outbound
