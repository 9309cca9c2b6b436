#pragma once

#include <curl/curl.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <unordered_map>

#include "outbound/admission.h"
#include "outbound/curl_multi.h"
#include "outbound/exchange.h"
#include "outbound/options.h"
#include "outbound/transfer.h"
#include "rpc/executor.h"
#include "rpc/io_executor.h"

namespace slipway::outbound {

/// What happens on the client's thread: requests come in, wait, are performed by libcurl, and are
/// answered. Owned by HttpClient; used on the executor's thread, except for the two counts.
class Engine {
 public:
  Engine(rpc::IoExecutor& executor, ClientOptions options);

  void Begin(std::shared_ptr<Exchange> exchange);
  /// The caller has left: the connection is closed, or the place in the line given up.
  void Abandon(const std::shared_ptr<Exchange>& exchange);
  /// Answers everybody with UNAVAILABLE (shutting_down); later requests too.
  void Shutdown();

  /// Requests that use, or wait for, a connection. Any thread.
  size_t under_way() const { return under_way_.load(std::memory_order_relaxed); }
  size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

 private:
  void StartWaiting();
  void OnConnected(Transfer& transfer);
  void OnDone(CURL* easy, CURLcode code);
  void OnDeadline(Transfer& transfer);
  /// Stops the transfer if it has begun, answers, and lets the next ones begin.
  void End(Transfer& transfer, Exchange::Result result);
  /// The same without an answer.
  void Forget(Transfer& transfer);
  void Publish();

  rpc::IoExecutor& executor_;
  const ClientOptions options_;
  Admission admission_;
  CurlMulti multi_;
  rpc::Timer idle_timer_;
  std::unordered_map<const Exchange*, std::unique_ptr<Transfer>> transfers_;
  bool closed_ = false;
  std::atomic<size_t> under_way_{0};
  std::atomic<size_t> waiting_{0};
};

}  // namespace slipway::outbound
