#pragma once

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "outbound/admission.h"
#include "outbound/exchange.h"
#include "outbound/http_message.h"
#include "outbound/options.h"
#include "rpc/executor.h"

namespace slipway::outbound {

/// One request as libcurl performs it: the easy handle with all that it points to, and what has
/// been received. Owned by the engine; used on its thread only.
class Transfer : public Admission::Ticket {
 public:
  /// `connected` runs when a connection is there, from inside libcurl.
  Transfer(rpc::Executor& executor, std::shared_ptr<Exchange> exchange,
           const ClientOptions& options, std::function<void(Transfer&)> connected);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Exchange& exchange() { return *exchange_; }
  /// Ends the transfer when its time is over.
  rpc::Timer& timer() { return timer_; }
  /// Made at the first call: a request that waits costs no handle.
  CURL* easy();
  bool started() const { return easy_ != nullptr; }
  static Transfer& Of(CURL* easy);

  /// What to answer once libcurl has ended with `code`. Once.
  Exchange::Result Result(CURLcode code);

 private:
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, FreeList>;

  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static curl_socket_t OnOpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int OnConnected(void* self, char* remote, char* local, int remote_port, int local_port);

  template <typename Value>
  void Set(CURLoption option, Value value) {
    (curl_easy_setopt)(easy_.get(), option, value);  // the function, not the macro
  }
  void SetCallbacks();
  void SetConnection();
  void SetTls();
  void SetRequest();
  static void Append(List& list, const std::string& line);

  void ReadHeaderLine(std::string_view line);
  bool Allowed(const sockaddr& address);
  absl::Status TooLarge(std::string_view what, size_t limit) const;
  absl::Status Failure(CURLcode code) const;

  const std::shared_ptr<Exchange> exchange_;
  const ClientOptions& options_;
  const std::function<void(Transfer&)> connected_;
  rpc::Timer timer_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  List headers_;
  List resolve_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};

  HttpResponse response_;
  size_t head_bytes_ = 0;
  bool head_complete_ = false;
  absl::Status refusal_;  // why we ended it from inside a callback
};

}  // namespace slipway::outbound
