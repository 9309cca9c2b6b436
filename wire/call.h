#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rpc/client_call.h"
#include "wire/connection.h"
#include "wire/message_reader.h"
#include "wire/stream.h"

namespace slipway::wire {

class Balancer;

/// One gRPC call over HTTP/2: headers, framing, deadline and status, on whatever connection the
/// Balancer gives it. Owned by its caller; one thread.
///
/// What happens on the connection is noted from inside nghttp2 and who waits is resumed through the
/// WakeList. A call that the peer has certainly not processed is routed once more, as long as its
/// first message is still here.
class Call final : public rpc::ClientCall, public Stream {
 public:
  explicit Call(std::shared_ptr<Balancer> balancer);
  ~Call() override;

  void Start(rpc::CallSpec spec) override;
  void WritesDone() override;
  void Cancel() override;

  /// For the Balancer: opens the stream.
  void SubmitTo(Connection& connection);
  /// For the Balancer: there will be no stream.
  void Fail(rpc::Status status);
  Hook queue_hook;

  void OnHeader(std::string_view name, std::string_view value) override;
  void OnHeadersEnd(bool end_stream) override;
  void OnData(std::string_view bytes) override;
  void OnDataEnd() override;
  void OnClosed(const StreamEnd& end) override;
  size_t FillBody(uint8_t* buffer, size_t size, bool* end) override;
  void Wake() override { WakeReady(); }

 protected:
  bool Ready(Op op) const override;
  const rpc::Metadata& initial_metadata() const override { return initial_metadata_; }
  std::optional<std::string> TakeMessage() override;
  bool PutMessage(std::string message) override;
  void StopReading() override;
  rpc::CallResult TakeResult() override;

 private:
  enum class State { kNew, kQueued, kOpen, kEnded };

  bool StartDeadline();
  void Changed();
  void OnGrpcHeader(std::string_view name, std::string_view value);
  void OnHead(bool end_stream);
  std::optional<rpc::Status> RefuseHead() const;
  rpc::Status StatusFromTrailers() const;
  void EndByPeer(rpc::Status status);
  void EndHere(rpc::Status status);
  void End(rpc::Status status);
  void AfterReading();
  void Rewind();
  bool DeadlinePassed() const;

  const std::shared_ptr<Balancer> balancer_;
  rpc::CallSpec spec_;
  State state_ = State::kNew;
  rpc::Timer deadline_timer_;
  rpc::CallResult result_;

  // Out: one message.
  std::array<uint8_t, 5> prefix_;
  std::string out_;
  size_t out_written_ = 0;    // of prefix_ and out_
  bool out_pending_ = false;  // not yet all written
  bool writes_done_ = false;
  size_t messages_put_ = 0;
  bool resendable_ = true;  // what has been written is still all here

  // In.
  MessageReader reader_;
  bool dropping_ = false;
  rpc::Metadata block_;  // the header block that is coming in
  size_t block_size_ = 0;
  rpc::Metadata initial_metadata_;
  bool head_seen_ = false;
  bool grpc_content_ = false;
  int http_status_ = 0;
  int grpc_status_ = kNoStatus;
  std::string grpc_message_;
  std::string grpc_details_;
  static constexpr int kNoStatus = -1;
};

}  // namespace slipway::wire
