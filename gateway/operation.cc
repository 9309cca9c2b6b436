#include "gateway/operation.h"

#include <utility>

#include "base/reason.h"
#include "gateway/bind/request_binder.h"
#include "gateway/peer_watch.h"

namespace slipway::gateway {
namespace {

absl::Status NotFound() {
  return base::MakeError(absl::StatusCode::kNotFound, base::Reason::kNoRoute, "Not Found");
}

absl::Status MethodNotAllowed() {
  return base::MakeError(absl::StatusCode::kUnimplemented, base::Reason::kMethodMismatch,
                         "Method Not Allowed");
}

absl::Status NoSchemaYet() {
  return base::MakeError(absl::StatusCode::kUnavailable, base::Reason::kBackendUnavailable,
                         "the backend has not described its services yet");
}

absl::Status NoClientStreaming(const schema::MethodInfo& method) {
  return base::MakeError(
      absl::StatusCode::kUnimplemented, base::Reason::kMethodMismatch,
      method.path + " takes a stream of messages, which is not served over REST");
}

rpc::Status BadCardinality(bool none) {
  return {absl::StatusCode::kInternal,
          none ? "the backend answered a unary call without a message"
               : "the backend answered a unary call with several messages"};
}

}  // namespace

rpc::Task<void> Operation::Run(OperationContext context, Exchange& exchange) {
  Operation operation(std::move(context), exchange);
  operation.Route();
  if (!operation.decided() && exchange.head().has_body) co_await operation.ReadBody();
  if (!operation.decided()) operation.Bind();
  if (!operation.decided()) {
    if (operation.binding_->method->server_streaming) {
      co_await operation.CallServerStream();
    } else {
      co_await operation.CallUnary();
    }
  }
  if (operation.decided()) {
    operation.StampReply(&operation.reply_->head);
    co_await Send(exchange, std::move(*operation.reply_));
  }
}

Operation::Operation(OperationContext context, Exchange& exchange)
    : context_(std::move(context)), exchange_(exchange) {
  exchange_.set_correlation_id(CorrelationId(exchange_.head()));
}

void Operation::Route() {
  const RequestHead& head = exchange_.head();
  if (!context_.routes) return ReplyUnrouted(RouteMatch::Outcome::kNotFound);
  const absl::Status path = path_.Parse(head.path(), context_.options.routes.strict);
  if (!path.ok()) return Fail(path);
  const Router& router = context_.routes->router();
  match_ = router.Match(head.method, path_, IsFormPost(head));
  if (match_.outcome != RouteMatch::Outcome::kFound && context_.options.auto_head &&
      head.method == "HEAD") {
    match_ = router.Match("GET", path_, false);
  }
  if (match_.outcome != RouteMatch::Outcome::kFound) return ReplyUnrouted(match_.outcome);
  binding_ = &context_.routes->binding(match_.route);
  exchange_.set_route(binding_->route);
  if (binding_->method->client_streaming) Fail(NoClientStreaming(*binding_->method));
}

void Operation::ReplyUnrouted(RouteMatch::Outcome outcome) {
  const RequestHead& head = exchange_.head();
  if (outcome == RouteMatch::Outcome::kMethodMismatch) {
    Fail(MethodNotAllowed());
    reply_->AddHeader("Allow", context_.routes->router().AllowedMethods(path_));
  } else if (head.path() == "/healthz" && (head.method == "GET" || head.method == "HEAD")) {
    ReplyHealth();
  } else {
    Fail(context_.routes ? NotFound() : NoSchemaYet());
  }
}

void Operation::ReplyHealth() {
  if (context_.routes && context_.upstream.ready()) {
    Decide(MakeText(200, "ok"));
  } else {
    Decide(MakeText(502, context_.routes ? "the backend is not connected"
                                         : "the backend has not described its services yet"));
  }
}

rpc::Task<void> Operation::ReadBody() {
  // What is not bound is read and dropped; a form may stand in for the query.
  const bool keep = binding_->has_body || binding_->reads_query;
  for (;;) {
    absl::StatusOr<std::optional<std::string>> piece = co_await exchange_.ReadBody();
    if (!piece.ok()) {
      Fail(piece.status());
      co_return;
    }
    if (!piece->has_value()) co_return;
    if (!keep) continue;
    if (body_.empty()) {
      body_ = **std::move(piece);
    } else {
      body_ += **piece;
    }
  }
}

void Operation::Bind() {
  const RequestHead& head = exchange_.head();
  absl::Status read = ReadRequestMetadata(head, exchange_.correlation_id(), &metadata_);
  if (!read.ok()) return Fail(read);
  absl::StatusOr<std::string> message =
      BindRequest(*binding_, RequestParts{head, match_.captures, body_});
  if (!message.ok()) return Fail(message.status());
  message_ = *std::move(message);
}

rpc::CallSpec Operation::TakeSpec() {
  rpc::CallSpec spec;
  spec.method = binding_->method->path;
  spec.metadata = std::move(metadata_.metadata);
  if (metadata_.timeout) spec.deadline = exchange_.executor().Now() + *metadata_.timeout;
  spec.peer = exchange_.head().peer;
  return spec;
}

/// As rpc::CallUnary; but the peer may go as soon as the call is started, and not before.
rpc::Task<void> Operation::CallUnary() {
  const std::unique_ptr<rpc::ClientCall> call = context_.upstream.NewCall();
  call->Start(TakeSpec());
  const PeerWatch watch(exchange_, *call);
  co_await call->Write(std::move(message_));
  call->WritesDone();
  rpc::UnaryResult result;
  std::optional<std::string> message = co_await call->Read();
  std::optional<std::string> surplus;
  if (message) surplus = co_await call->Read();
  result.initial_metadata = co_await call->InitialMetadata();
  rpc::CallResult end = co_await call->Finish();
  result.status = std::move(end.status);
  result.trailers = std::move(end.trailers);
  if (result.status.ok() && (!message || surplus)) result.status = BadCardinality(!message);
  if (message) result.message = *std::move(message);
  ReplyUnary(result);
}

void Operation::ReplyUnary(const rpc::UnaryResult& result) {
  const bool wants_trailers = WantsTrailers(exchange_.head());
  if (!result.status.ok()) {
    return Decide(MakeCallError(result, &binding_->reply, wants_trailers, style()));
  }
  absl::StatusOr<Reply> reply = MakeSuccess(binding_->reply, result, wants_trailers);
  reply.ok() ? Decide(*std::move(reply)) : Fail(reply.status());
}

void Operation::StampReply(ResponseHead* head) const {
  head->headers.push_back({"X-Correlation-Id", exchange_.correlation_id()});
}

}  // namespace slipway::gateway
