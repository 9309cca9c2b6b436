#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "gateway/bind/request_metadata.h"
#include "gateway/bind/route_table.h"
#include "gateway/gateway.h"
#include "gateway/http/exchange.h"
#include "gateway/reply/reply.h"
#include "rpc/client_call.h"
#include "rpc/task.h"

namespace slipway::gateway {

/// What a request needs of the thread that serves it. `routes` pins the table; null when there is
/// none yet.
struct OperationContext {
  const GatewayOptions& options;
  rpc::Upstream& upstream;
  std::shared_ptr<const RouteTable> routes;
};

/// One exchange on its way through the gateway: route, read the body, bind, call, reply. Lives in
/// the frame of Run; each stage runs only if none before it has decided the reply.
class Operation {
 public:
  /// The whole way; always sends an answer unless the peer is gone.
  static rpc::Task<void> Run(OperationContext context, Exchange& exchange);

 private:
  Operation(OperationContext context, Exchange& exchange);

  /// Stage 1: which binding; or the reply for none.
  void Route();
  void ReplyUnrouted(RouteMatch::Outcome outcome);
  void ReplyHealth();
  /// Stage 2: the whole body, also one that is not wanted, so that the peer can be heard leaving.
  rpc::Task<void> ReadBody();
  /// Stage 3: the request message and what goes with it.
  void Bind();
  /// Stage 4: the call, and its reply.
  rpc::Task<void> CallUnary();
  void ReplyUnary(const rpc::UnaryResult& result);
  rpc::Task<void> CallServerStream();
  rpc::Task<void> ReplyEmptyStream(rpc::ClientCall& call);
  rpc::Task<void> RelayStream(rpc::ClientCall& call, std::string first);
  rpc::Task<void> EndStream(rpc::ClientCall& call, rpc::Status status);

  bool decided() const { return reply_.has_value(); }
  void Decide(Reply reply) { reply_ = std::move(reply); }
  void Fail(const absl::Status& status) { Decide(MakeError(status, style())); }
  ErrorStyle style() const {
    return {context_.options.error_format, context_.routes ? &context_.routes->schema() : nullptr};
  }
  rpc::CallSpec TakeSpec();
  void StampReply(ResponseHead* head) const;

  OperationContext context_;
  Exchange& exchange_;
  RequestPath path_;
  RouteMatch match_;
  const Binding* binding_ = nullptr;
  std::string body_;
  RequestMetadata metadata_;
  std::string message_;
  std::optional<Reply> reply_;
};

}  // namespace slipway::gateway
