#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>

#include "rpc/executor.h"
#include "rpc/io_executor.h"

namespace slipway::outbound {

/// libcurl's multi interface on an executor: waits for its sockets, keeps its timer, and says which
/// transfers have ended. Owned by the engine; used on the executor's thread only.
class CurlMulti {
 public:
  /// Runs for each transfer that has ended, never from inside a callback of libcurl; it must Remove
  /// the transfer.
  using Done = std::function<void(CURL*, CURLcode)>;
  struct Limits {
    long connections;           // NOLINT: libcurl's type
    long connections_per_host;  // NOLINT
  };

  CurlMulti(rpc::IoExecutor& executor, Limits limits, Done done);
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  /// Starts a transfer. Not from inside a callback of libcurl, and so for the others.
  void Add(CURL* easy);
  /// Ends one at once; its connection is closed unless the answer was complete.
  void Remove(CURL* easy);
  /// Closes all kept connections. Only while there are no transfers.
  void CloseConnections();

 private:
  struct Socket;

  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int OnTimer(CURLM* multi, long milliseconds, void* self);  // NOLINT

  void Open();
  void Close();
  void Watch(curl_socket_t fd, int what);
  void Unwatch(curl_socket_t fd);
  void Arm(const std::shared_ptr<Socket>& socket);
  void Ready(const std::shared_ptr<Socket>& socket, int event);
  void Act(curl_socket_t fd, int events);

  rpc::IoExecutor& executor_;
  const Limits limits_;
  const Done done_;
  rpc::Timer timer_;
  CURLM* multi_ = nullptr;
  std::unordered_map<curl_socket_t, std::shared_ptr<Socket>> sockets_;
};

}  // namespace slipway::outbound
