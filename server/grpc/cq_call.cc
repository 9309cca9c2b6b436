#include "server/grpc/cq_call.h"

#include <grpc/support/time.h>

#include <utility>
#include <vector>

#include "server/grpc/bytes.h"

namespace slipway::server {
namespace {

rpc::Deadline DeadlineOf(const grpc::ServerContext& context) {
  const gpr_timespec raw = context.raw_deadline();
  if (gpr_time_cmp(raw, gpr_inf_future(raw.clock_type)) == 0) return rpc::kNoDeadline;
  const gpr_timespec left = gpr_time_sub(raw, gpr_now(raw.clock_type));
  // A deadline of centuries, as some clients send, is none.
  constexpr int64_t kForever = 100LL * 365 * 24 * 3600;
  if (left.tv_sec > kForever) return rpc::kNoDeadline;
  return rpc::Clock::now() + std::chrono::seconds(left.tv_sec) +
         std::chrono::nanoseconds(left.tv_nsec);
}

rpc::Metadata MetadataOf(const grpc::ServerContext& context) {
  rpc::Metadata metadata;
  metadata.Reserve(context.client_metadata().size());
  for (const auto& [key, value] : context.client_metadata()) {
    metadata.Add(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
  return metadata;
}

bool HasSingleResponse(const rpc::Method* method) {
  return method == nullptr || method->kind == rpc::MethodKind::kUnary ||
         method->kind == rpc::MethodKind::kClientStreaming;
}

}  // namespace

void CqCallHost::Accept() {
  ++live;
  new CqCall(*this);  // owns itself
}

void CqCallHost::Gone() {
  --live;
  if (closing && live == 0) executor.Close();
}

template <void (CqCall::*kOn)(bool)>
CqCall::Tag CqCall::MakeTag() {
  Tag tag;
  tag.call = this;
  tag.complete = [](CqTag* self, bool ok) { (static_cast<Tag*>(self)->call->*kOn)(ok); };
  return tag;
}

CqCall::CqCall(CqCallHost& host)
    : host_(host),
      stream_(&grpc_),
      accepted_(MakeTag<&CqCall::OnAccepted>()),
      read_(MakeTag<&CqCall::OnRead>()),
      written_(MakeTag<&CqCall::OnWritten>()),
      finished_(MakeTag<&CqCall::OnFinished>()),
      done_(MakeTag<&CqCall::OnDone>()) {
  grpc_.AsyncNotifyWhenDone(&done_);
  grpc::ServerCompletionQueue* queue = host_.executor.queue();
  host_.service.RequestCall(&grpc_, &stream_, queue, queue, &accepted_);
}

void CqCall::OnAccepted(bool ok) {
  if (!ok) {  // the server is shutting down
    CqCallHost& host = host_;
    delete this;
    host.Gone();
    return;
  }
  host_.Accept();
  context_.emplace(host_.executor, Describe());
  single_response_ = HasSingleResponse(host_.dispatcher.Find(context_->method()));
  rpc::Spawn(Run(this));
}

rpc::CallSpec CqCall::Describe() {
  return rpc::CallSpec{grpc_.method(), MetadataOf(grpc_), DeadlineOf(grpc_), grpc_.peer()};
}

rpc::Task<void> CqCall::Run(CqCall* call) {
  rpc::Status status = co_await call->host_.dispatcher.Serve(*call->context_, *call);
  call->HandlerEnded(std::move(status));
}

void CqCall::Begin(Op op) {
  if (op != Op::kRead || reading_) return;
  reading_ = true;
  stream_.Read(&in_, &read_);
}

bool CqCall::Ready(Op op) const {
  if (op == Op::kRead) return message_ || read_ended_;
  return !writing_;
}

std::optional<std::string> CqCall::TakeMessage() { return std::exchange(message_, std::nullopt); }

bool CqCall::PutMessage(std::string message) {
  if (write_failed_ || context_->cancelled()) return false;
  if (single_response_) {
    held_ = std::move(message);
    return true;
  }
  SendInitialMetadata();
  writing_ = true;
  stream_.Write(ToByteBuffer(std::move(message)), &written_);
  return true;
}

void CqCall::OnRead(bool ok) {
  reading_ = false;
  if (ok) {
    message_ = ToString(in_);
    in_.Clear();
  } else {
    read_ended_ = true;
  }
  if (status_) return DeleteIfOver();
  WakeReady();
}

void CqCall::OnWritten(bool ok) {
  writing_ = false;
  write_failed_ = !ok;
  if (status_) return Finish();
  WakeReady();
}

void CqCall::HandlerEnded(rpc::Status status) {
  status_ = std::move(status);
  if (!writing_) Finish();
}

void CqCall::SendInitialMetadata() {
  if (std::exchange(head_sent_, true)) return;
  for (const auto& [key, value] : context_->initial_metadata()) {
    grpc_.AddInitialMetadata(key, value);
  }
}

void CqCall::Finish() {
  SendInitialMetadata();
  for (const auto& [key, value] : context_->trailers()) grpc_.AddTrailingMetadata(key, value);
  if (status_->ok() && held_) {
    stream_.WriteAndFinish(ToByteBuffer(*std::move(held_)), grpc::WriteOptions(), grpc::Status::OK,
                           &finished_);
    return;
  }
  stream_.Finish(grpc::Status(static_cast<grpc::StatusCode>(status_->code()), status_->message(),
                              status_->details()),
                 &finished_);
}

void CqCall::OnFinished(bool) {
  finish_completed_ = true;
  DeleteIfOver();
}

void CqCall::OnDone(bool) {
  done_received_ = true;
  if (!status_ && grpc_.IsCancelled()) {
    context_->Cancel();
    WakeReady();
  }
  DeleteIfOver();
}

void CqCall::DeleteIfOver() {
  if (!finish_completed_ || !done_received_ || reading_) return;
  CqCallHost& host = host_;
  delete this;
  host.Gone();
}

}  // namespace slipway::server
