#pragma once

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "outbound/http_message.h"
#include "outbound/url.h"
#include "rpc/completion.h"
#include "rpc/executor.h"

namespace slipway::outbound {

/// One request on its way between the caller's coroutine and the client's thread, with the way back
/// of its answer. Both sides hold it; once the client's thread has it, the request is that
/// thread's.
struct Exchange {
  using Result = absl::StatusOr<HttpResponse>;
  using Answer = rpc::Completion<Result>;

  Exchange(HttpRequest request, Url url, rpc::Time deadline)
      : request(std::move(request)), url(std::move(url)), deadline(deadline) {}

  const HttpRequest request;
  const Url url;
  const rpc::Time deadline;
  /// Set before the client's thread has the exchange.
  std::shared_ptr<Answer> answer;
};

}  // namespace slipway::outbound
