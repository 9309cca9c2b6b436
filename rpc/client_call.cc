#include "rpc/client_call.h"

namespace slipway::rpc {

Task<UnaryResult> CallUnary(ClientCall& call, CallSpec spec, std::string request) {
  UnaryResult result;
  call.Start(std::move(spec));
  co_await call.Write(std::move(request));
  call.WritesDone();
  std::optional<std::string> message = co_await call.Read();
  // A second message is looked for only so that a broken server is noticed.
  std::optional<std::string> surplus;
  if (message) surplus = co_await call.Read();
  result.initial_metadata = co_await call.InitialMetadata();
  CallResult end = co_await call.Finish();
  result.status = std::move(end.status);
  result.trailers = std::move(end.trailers);
  if (result.status.ok() && (!message || surplus)) {
    result.status = Status(absl::StatusCode::kInternal,
                           surplus ? "the server answered a unary call with several messages"
                                   : "the server answered a unary call without a message");
  }
  if (message) result.message = *std::move(message);
  co_return result;
}

}  // namespace slipway::rpc
