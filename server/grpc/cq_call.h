#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <optional>
#include <string>

#include "rpc/dispatcher.h"
#include "server/grpc/cq_executor.h"

namespace slipway::server {

/// What the calls of one completion queue share. Used on the queue's thread only.
struct CqCallHost {
  CqExecutor& executor;
  grpc::AsyncGenericService& service;
  const rpc::Dispatcher& dispatcher;
  /// Calls that exist, those that wait to be accepted included.
  int live = 0;
  /// Set once the server has been shut down: when the last call has gone the queue is closed.
  bool closing = false;
  /// Called when a call was accepted, so that the next can be.
  void Accept();
  /// Called by a call as the last thing it does.
  void Gone();
};

/// One gRPC call on a completion queue, from the wait for it to its last tag. It owns itself: it is
/// made by CqCallHost::Accept and ends when the handler has returned, Finish has completed and the
/// notification that the call is done has come. That notification is asked for before the call is,
/// and never comes for a call that did not start.
class CqCall : public rpc::ServerStream {
 public:
  explicit CqCall(CqCallHost& host);
  CqCall(const CqCall&) = delete;
  CqCall& operator=(const CqCall&) = delete;

 protected:
  bool Ready(Op op) const override;
  std::optional<std::string> TakeMessage() override;
  bool PutMessage(std::string message) override;

 private:
  struct Tag : CqTag {
    CqCall* call;
  };
  template <void (CqCall::*kOn)(bool)>
  Tag MakeTag();

  void Begin(Op op) override;
  void OnAccepted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void OnDone(bool ok);

  rpc::CallSpec Describe();
  static rpc::Task<void> Run(CqCall* call);
  void HandlerEnded(rpc::Status status);
  void Finish();
  void SendInitialMetadata();
  void DeleteIfOver();

  CqCallHost& host_;
  grpc::GenericServerContext grpc_;
  grpc::GenericServerAsyncReaderWriter stream_;
  std::optional<rpc::CallContext> context_;
  bool single_response_ = true;  // the response leaves together with the status

  Tag accepted_, read_, written_, finished_, done_;
  grpc::ByteBuffer in_;
  std::optional<std::string> message_;  // read, not yet taken
  std::optional<std::string> held_;     // the single response, until Finish
  std::optional<rpc::Status> status_;   // the handler has ended
  bool reading_ = false;
  bool read_ended_ = false;
  bool writing_ = false;
  bool write_failed_ = false;
  bool head_sent_ = false;
  bool finish_completed_ = false;
  bool done_received_ = false;
};

}  // namespace slipway::server
