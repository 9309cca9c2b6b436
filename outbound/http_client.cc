#include "outbound/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>

#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "base/status_macros.h"
#include "outbound/exchange.h"
#include "outbound/url.h"

namespace slipway::outbound {
namespace {

/// libcurl wants to be started once, before its first use; it stays for the life of the process.
ClientOptions Started(ClientOptions options) {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) std::abort();
  return options;
}

/// A thread that takes no signals, and whose children (the resolver's threads) take none: they are
/// main's, and a TLS write to a connection that is gone must not end the process by SIGPIPE.
template <typename Function>
std::thread StartWithoutSignals(Function function) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(function));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

rpc::Deadline DeadlineAfter(rpc::Time now, absl::Duration timeout) {
  // What is longer than that is for ever, and would overflow.
  constexpr absl::Duration kForever = absl::Hours(24 * 365);
  return timeout > kForever ? rpc::kNoDeadline : now + absl::ToChronoNanoseconds(timeout);
}

}  // namespace

HttpClient::HttpClient(Options options)
    : engine_(executor_, Started(std::move(options))),
      thread_(StartWithoutSignals([this] { executor_.Run(); })) {}

HttpClient::~HttpClient() {
  executor_.Post([this] {
    engine_.Shutdown();
    // After the answers to tasks that wait on this very executor.
    executor_.Post([this] { executor_.Stop(); });
  });
  thread_.join();
}

rpc::Task<absl::StatusOr<HttpResponse>> HttpClient::Send(rpc::Executor& caller,
                                                         HttpRequest request) {
  SLIPWAY_CO_RETURN_IF_ERROR(CheckSendable(request));
  SLIPWAY_CO_ASSIGN_OR_RETURN(Url url, Url::Parse(request.url));
  if (request.allow) SLIPWAY_CO_RETURN_IF_ERROR(request.allow->Check(url));
  const rpc::Deadline deadline = DeadlineAfter(executor_.Now(), request.timeout);
  auto exchange = std::make_shared<Exchange>(std::move(request), std::move(url), deadline);
  // Weak, since the exchange holds the answer; the client's thread holds it until it is answered.
  auto abandon = [this, weak = std::weak_ptr<Exchange>(exchange)] {
    executor_.Post([this, exchange = weak.lock()] { engine_.Abandon(exchange); });
  };
  auto answer = std::make_shared<Exchange::Answer>(caller, std::move(abandon));
  exchange->answer = answer;
  executor_.Post([this, exchange = std::move(exchange)] { engine_.Begin(exchange); });
  auto wait = Exchange::Answer::Wait(std::move(answer));
  co_return co_await std::move(wait);
}

}  // namespace slipway::outbound
