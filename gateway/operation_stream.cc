// The part of Operation that serves streams of the backend.
#include <utility>

#include "gateway/operation.h"
#include "gateway/peer_watch.h"
#include "gateway/reply/metadata_headers.h"
#include "gateway/reply/stream_lines.h"

namespace slipway::gateway {

rpc::Task<void> Operation::CallServerStream() {
  const std::unique_ptr<rpc::ClientCall> call = context_.upstream.NewCall();
  call->Start(TakeSpec());
  const PeerWatch watch(exchange_, *call);
  co_await call->Write(std::move(message_));
  call->WritesDone();
  // The head waits for the first message, so that an error before it still has its own status.
  std::optional<std::string> message = co_await call->Read();
  if (message) {
    co_await RelayStream(*call, *std::move(message));
  } else {
    co_await ReplyEmptyStream(*call);
  }
}

rpc::Task<void> Operation::ReplyEmptyStream(rpc::ClientCall& call) {
  rpc::UnaryResult result;
  result.initial_metadata = co_await call.InitialMetadata();
  rpc::CallResult end = co_await call.Finish();
  result.status = std::move(end.status);
  result.trailers = std::move(end.trailers);
  if (result.status.ok()) {
    Decide(Reply{MakeSuccessHead(binding_->reply, "", result.initial_metadata), {}, {}});
  } else {
    Decide(MakeStreamError(result, binding_->reply, WantsTrailers(exchange_.head()), style()));
  }
}

rpc::Task<void> Operation::RelayStream(rpc::ClientCall& call, std::string first) {
  const absl::StatusOr<std::string> type = StreamContentType(binding_->reply, first);
  if (!type.ok()) {
    Fail(type.status());
    co_return;
  }
  const rpc::Metadata& metadata = co_await call.InitialMetadata();
  ResponseHead head = MakeSuccessHead(binding_->reply, *type, metadata);
  StampReply(&head);
  exchange_.SendHead(std::move(head));
  std::optional<std::string> message = std::move(first);
  rpc::Status status;
  while (message) {
    std::string line;
    status = rpc::Status(AppendStreamLine(binding_->reply, *message, &line));
    if (!status.ok()) break;
    const bool sent = co_await exchange_.SendBody(std::move(line), false);
    if (!sent) co_return;  // destroying the call cancels it
    message = co_await call.Read();
  }
  co_await EndStream(call, std::move(status));
}

rpc::Task<void> Operation::EndStream(rpc::ClientCall& call, rpc::Status status) {
  std::vector<Header> trailers;
  if (status.ok()) {
    rpc::CallResult end = co_await call.Finish();
    status = std::move(end.status);
    if (WantsTrailers(exchange_.head())) trailers = TrailerFields(end.trailers);
  }
  std::string last = status.ok() ? std::string() : ErrorLine(status, style());
  if (trailers.empty()) {
    co_await exchange_.SendBody(std::move(last), true);
    co_return;
  }
  bool sent = true;
  if (!last.empty()) sent = co_await exchange_.SendBody(std::move(last), false);
  if (sent) co_await exchange_.SendTrailers(std::move(trailers));
}

}  // namespace slipway::gateway
