#include "client/engine/grpcpp_call.h"

#include <grpcpp/support/slice.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/engine/http2_request.h"

namespace slipway::client {
namespace {

bool Streams(CallShape shape) { return shape != CallShape::kUnary; }

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

void Append(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata, HeaderList* out) {
  for (const auto& [key, value] : metadata) {
    out->emplace_back(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
}

}  // namespace

GrpcppRequest::GrpcppRequest(const Request& request) : path_(request.path), shape_(request.shape) {
  for (const auto& [key, value] : request.headers) metadata_.emplace_back(LowerCase(key), value);
  const bool many = shape_ == CallShape::kClientStream || shape_ == CallShape::kBidiStream;
  if (many) message_count_ = request.message_count;
  for (const std::string& message : request.messages) {
    const grpc::Slice slice(message);
    messages_.emplace_back(&slice, 1);
  }
}

template <void (GrpcppCall::*kHandler)(bool)>
GrpcppCall::Tag* GrpcppCall::Begin(Tag& tag) {
  ++pending_;
  tag.call = this;
  tag.complete = [](CqTag* self, bool ok) {
    GrpcppCall* const call = static_cast<Tag*>(self)->call;
    --call->pending_;
    (call->*kHandler)(ok);
  };
  return &tag;
}

void GrpcppCall::MakeContext(rpc::Time now) {
  context_.emplace();
  // The library knows system time only.
  const auto left =
      now + std::chrono::duration_cast<rpc::Duration>(spec_.timeout) - rpc::Clock::now();
  context_->set_deadline(std::chrono::system_clock::now() +
                         std::chrono::duration_cast<std::chrono::system_clock::duration>(left));
  for (const auto& [key, value] : request_->metadata()) context_->AddMetadata(key, value);
}

void GrpcppCall::Start(const GrpcppRequest& request, grpc::GenericStub& stub, rpc::Time now) {
  request_ = &request;
  message_mark_ = now;
  written_ = received_ = 0;
  bytes_received_ = 0;
  read_all_ = false;
  response_ = {};
  status_ = {};
  MakeContext(now);
  if (Streams(request.shape())) {
    stream_ = stub.PrepareCall(&*context_, request.path(), queue_);
    stream_->StartCall(Begin<&GrpcppCall::OnStarted>(start_tag_));
    return;
  }
  written_ = 1;
  bytes_sent_ += request.message(0).Length();
  reader_ = stub.PrepareUnaryCall(&*context_, request.path(), request.message(0), queue_);
  reader_->StartCall();
  reader_->Finish(&answer_, &status_, Begin<&GrpcppCall::OnFinished>(finish_tag_));
}

void GrpcppCall::Cancel() {
  if (running()) context_->TryCancel();
}

void GrpcppCall::OnStarted(bool ok) {
  if (!ok) {
    read_all_ = true;
    return FinishIfDone();
  }
  stream_->Read(&answer_, Begin<&GrpcppCall::OnRead>(read_tag_));
  WriteNext();
}

void GrpcppCall::WriteNext() {
  const int64_t count = request_->message_count();
  writing_ = true;
  if (count == 0) return stream_->WritesDone(Begin<&GrpcppCall::OnWritten>(write_tag_));
  const grpc::ByteBuffer& message = request_->message(written_++);
  bytes_sent_ += message.Length();
  grpc::WriteOptions options;
  if (written_ == count) options.set_last_message();
  stream_->Write(message, options, Begin<&GrpcppCall::OnWritten>(write_tag_));
}

void GrpcppCall::OnWritten(bool ok) {
  writing_ = false;
  if (read_all_) return FinishIfDone();
  if (!ok || written_ == request_->message_count()) return;
  // Where client and server take turns, the next goes when the answer is there; it may be already.
  if (request_->shape() == CallShape::kClientStream || received_ >= written_) WriteNext();
}

void GrpcppCall::OnRead(bool ok) {
  if (!ok) {
    read_all_ = true;
    return FinishIfDone();
  }
  NoteMessage();
  stream_->Read(&answer_, Begin<&GrpcppCall::OnRead>(read_tag_));
  const bool turn = request_->shape() == CallShape::kBidiStream && !writing_;
  if (turn && received_ >= written_ && written_ < request_->message_count()) WriteNext();
}

void GrpcppCall::NoteMessage() {
  ++received_;
  bytes_received_ += answer_.Length();
  if (spec_.keep_response) response_.body = Bytes(answer_);
  if (request_->shape() == CallShape::kClientStream) return;
  const rpc::Time now = rpc::Clock::now();
  owner_.OnMessage(*this, now - std::exchange(message_mark_, now));
}

/// The library wants no Finish while a write is under way.
void GrpcppCall::FinishIfDone() {
  if (!read_all_ || writing_) return;
  stream_->Finish(&status_, Begin<&GrpcppCall::OnFinished>(finish_tag_));
}

void GrpcppCall::OnFinished(bool) {
  if (request_->shape() == CallShape::kUnary) TakeUnaryAnswer();
  const CallShape shape = request_->shape();
  const bool one = shape == CallShape::kUnary || shape == CallShape::kClientStream;
  if (one && status_.ok() && received_ != 1) {
    status_ = grpc::Status(
        grpc::StatusCode::INTERNAL,
        absl::StrCat("the server answered with ", received_, " messages instead of exactly one"));
  }
  if (spec_.keep_response) KeepResponse();
  Report();
}

/// The generic stub does not mind an OK without a message.
void GrpcppCall::TakeUnaryAnswer() {
  if (!answer_.Valid()) return;
  received_ = 1;
  bytes_received_ = answer_.Length();
  if (spec_.keep_response) response_.body = Bytes(answer_);
}

void GrpcppCall::KeepResponse() {
  response_.status = status_.error_code();
  // A trailers-only answer has no other metadata, and the library wants none asked for.
  if (received_ > 0) Append(context_->GetServerInitialMetadata(), &response_.headers);
  Append(context_->GetServerTrailingMetadata(), &response_.headers);
}

void GrpcppCall::Report() {
  // The next call may start within the report, so everything that it uses goes before.
  const grpc::Status status = std::exchange(status_, {});
  const Response response = std::exchange(response_, {});
  Outcome outcome;
  outcome.kind = OutcomeKind::kGrpcStatus;
  outcome.code = status.error_code();
  outcome.ok = status.ok();
  const std::string message = status.error_message();
  outcome.message = message;
  outcome.bytes_received = bytes_received_;
  if (spec_.keep_response) outcome.response = &response;
  answer_.Clear();
  reader_.reset();
  stream_.reset();
  context_.reset();
  owner_.OnEnd(*this, outcome);
}

}  // namespace slipway::client
