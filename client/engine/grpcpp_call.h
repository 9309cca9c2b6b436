#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/engine/engine.h"
#include "client/engine/engine_spec.h"
#include "client/engine/grpcpp_loop.h"
#include "client/engine/request.h"
#include "rpc/executor.h"

namespace slipway::client {

/// A request as the gRPC C++ library takes it: its slices share the bytes of the messages.
class GrpcppRequest final : public Engine::Encoded {
 public:
  explicit GrpcppRequest(const Request& request);

  const std::string& path() const { return path_; }
  const HeaderList& metadata() const { return metadata_; }
  CallShape shape() const { return shape_; }
  /// How many are sent, `message` over and over.
  int64_t message_count() const { return message_count_; }
  const grpc::ByteBuffer& message(int64_t number) const {
    return messages_[number % messages_.size()];
  }

 private:
  const std::string path_;
  HeaderList metadata_;
  const CallShape shape_;
  int64_t message_count_ = 1;
  std::vector<grpc::ByteBuffer> messages_;
};

/// One slot of a GrpcppEngine: one call after the other through the library, as its user would
/// write them. The library's tags point into it, so it stays until no call is under way.
class GrpcppCall {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// `call` is free again. `outcome` is valid during the call.
    virtual void OnEnd(GrpcppCall& call, const Outcome& outcome) = 0;
    virtual void OnMessage(GrpcppCall& call, rpc::Duration latency) = 0;
  };

  GrpcppCall(const EngineSpec& spec, grpc::CompletionQueue* queue, uint32_t slot, Owner& owner)
      : spec_(spec), queue_(queue), slot_(slot), owner_(owner) {}
  GrpcppCall(const GrpcppCall&) = delete;
  GrpcppCall& operator=(const GrpcppCall&) = delete;

  uint32_t slot() const { return slot_; }
  bool running() const { return pending_ > 0; }
  uint64_t bytes_sent() const { return bytes_sent_; }

  /// Only when not running().
  void Start(const GrpcppRequest& request, grpc::GenericStub& stub, rpc::Time now);
  void Cancel();

 private:
  using Reader = grpc::ClientAsyncResponseReader<grpc::ByteBuffer>;
  using Stream = grpc::ClientAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;
  struct Tag : CqTag {
    GrpcppCall* call = nullptr;
  };

  template <void (GrpcppCall::*kHandler)(bool)>
  Tag* Begin(Tag& tag);
  void MakeContext(rpc::Time now);
  void OnStarted(bool ok);
  void WriteNext();
  void OnWritten(bool ok);
  void OnRead(bool ok);
  void OnFinished(bool ok);
  void FinishIfDone();
  void TakeUnaryAnswer();
  void NoteMessage();
  void Report();
  void KeepResponse();

  const EngineSpec& spec_;
  grpc::CompletionQueue* const queue_;
  const uint32_t slot_;
  Owner& owner_;

  const GrpcppRequest* request_ = nullptr;
  std::optional<grpc::ClientContext> context_;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<Stream> stream_;
  grpc::ByteBuffer answer_;
  grpc::Status status_;
  Tag start_tag_;
  Tag write_tag_;
  Tag read_tag_;
  Tag finish_tag_;
  int pending_ = 0;  // tags that have not come
  bool writing_ = false;
  bool read_all_ = false;
  int64_t written_ = 0;  // messages handed to the library
  int64_t received_ = 0;
  uint64_t bytes_received_ = 0;
  rpc::Time message_mark_;
  Response response_;
  uint64_t bytes_sent_ = 0;
};

}  // namespace slipway::client
