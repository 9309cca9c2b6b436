#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/host_port.h"
#include "base/metrics.h"

namespace slipway::base {

/// What a page is asked.
struct AdminRequest {
  std::string path;
  /// The query's parameters, percent-decoded.
  std::multimap<std::string, std::string> query;
};

/// What it answers.
struct AdminReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// The port for operators and orchestrators, apart from the traffic's: `/healthz` (200 while the
/// process lives), `/readyz` (200, or 503 with the reason), `/metrics`, pages that rooms add, and
/// `/`, which lists them. GET and HEAD only; one request a connection.
///
/// Owned by main; made before the rooms and stopped after them, so that a drain can be watched.
/// Pages and the readiness function run on its two threads and must be thread-safe; a page that
/// throws answers 500. AddPage and Stop may be called from any thread.
class AdminServer {
 public:
  using Page = std::function<AdminReply(const AdminRequest&)>;
  using Readiness = std::function<absl::Status()>;

  /// `metrics` outlives this object. Without a readiness function `/readyz` is 503 "starting".
  explicit AdminServer(const Metrics& metrics);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// Binds `address` (port 0: any free one) and serves. Fails, naming the address, if it is not
  /// HOST:PORT (INVALID_ARGUMENT) or cannot be listened on (UNAVAILABLE): a second instance does
  /// not share the port.
  absl::Status Start(std::string_view address);
  absl::Status Start(const HostPort& address);
  /// The port listened on; 0 before Start.
  int port() const;

  /// Replaces what `/readyz` asks: OK means ready, the message of an error is the body.
  void SetReadiness(Readiness readiness);
  /// Serves `page` at exactly `path`, which begins with '/'; replaces an earlier one.
  void AddPage(std::string path, Page page);

  /// Ends listening, lets requests in progress end and joins the threads. Idempotent.
  void Stop();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::base
