#include "jobs/work/call_handler.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "jobs/work/call_answer.h"
#include "jobs/work/call_request.h"
#include "rpc/client_call.h"
#include "slipway/v1/job_storage.pb.h"

namespace slipway::jobs {
namespace {

struct Setup {
  std::shared_ptr<const CallTargets> targets;
  std::set<absl::StatusCode> retry;
  size_t max_response_bytes;
};

absl::Status Undecodable() {
  return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadBody,
                         "the payload does not decode as slipway.v1.StoredCall");
}

absl::Status NoSuchTarget(const std::string& name) {
  return absl::FailedPreconditionError(
      absl::StrCat("call.target: ", QuoteShort(name), " is no target any more"));
}

absl::Status Disconnected(const std::string& name) {
  return base::MakeError(absl::StatusCode::kUnavailable, base::Reason::kBackendUnavailable,
                         absl::StrCat("call.target: \"", name, "\" is not connected"));
}

/// Whether an answer with this code may come from the end of the attempt itself.
bool MayBeOurs(absl::StatusCode code) {
  return code == absl::StatusCode::kCancelled || code == absl::StatusCode::kDeadlineExceeded;
}

/// Whether the answer was given up because its message is larger than the way to the target takes.
/// That way is ours, but it words this, as gRPC does, with the code of a target that has no
/// resources now, and only the text tells the one from the other. Servers that refuse a request for
/// its size word it otherwise.
bool TooLargeForTheWay(const rpc::Status& status) {
  return status.code() == absl::StatusCode::kResourceExhausted &&
         absl::StartsWith(status.message(), "received message larger than max");
}

absl::Status TooLarge(const rpc::Status& status, size_t max_bytes) {
  return base::MakeError(absl::StatusCode::kOutOfRange, base::Reason::kResponseTooLarge,
                         absl::StrCat("the answer is too large, a job keeps at most ", max_bytes,
                                      " bytes: ", status.message()));
}

rpc::Task<rpc::UnaryResult> Call(rpc::Upstream& upstream, rpc::CallContext& context,
                                 v1::StoredCall stored) {
  const std::unique_ptr<rpc::ClientCall> call = upstream.NewCall();
  const rpc::CallContext::CancelHook cancel(context, [&call] { call->Cancel(); });
  rpc::CallSpec spec;
  spec.method = stored.method();
  spec.metadata.Add(std::string(rpc::kCorrelationIdKey), context.correlation_id());
  spec.deadline = context.deadline();
  spec.peer = context.peer();
  rpc::Task<rpc::UnaryResult> unary =
      rpc::CallUnary(*call, std::move(spec), std::move(*stored.mutable_request()));
  rpc::UnaryResult answer = co_await std::move(unary);
  co_return answer;
}

rpc::Task<absl::StatusOr<JobResult>> Run(std::shared_ptr<const Setup> setup, Attempt& attempt) {
  v1::StoredCall stored;
  if (!stored.ParseFromString(attempt.payload())) co_return Undecodable();
  const CallTarget* target = setup->targets->Find(stored.target());
  if (target == nullptr) co_return NoSuchTarget(stored.target());
  // Nothing is called before it is known that its answer can be read.
  rpc::Task<absl::StatusOr<CallTarget::Snapshot>> described = target->WaitForSchema(attempt.call());
  absl::StatusOr<CallTarget::Snapshot> schema = co_await std::move(described);
  if (!schema.ok()) co_return schema.status();
  if (target->upstream() == nullptr) co_return Disconnected(stored.target());
  rpc::Status alive = attempt.call().Alive();
  if (!alive.ok()) co_return alive.ToAbsl();

  const std::string method = stored.method();
  rpc::Task<rpc::UnaryResult> call = Call(*target->upstream(), attempt.call(), std::move(stored));
  rpc::UnaryResult answer = co_await std::move(call);
  alive = attempt.call().Alive();
  if (!alive.ok() && MayBeOurs(answer.status.code())) co_return alive.ToAbsl();
  if (TooLargeForTheWay(answer.status)) {
    co_return TooLarge(answer.status, setup->max_response_bytes);
  }
  if (setup->retry.contains(answer.status.code())) co_return answer.status.ToAbsl();
  schema = target->Schema();  // it may have been learned anew meanwhile
  co_return KeepAnswer(**schema, method, std::move(answer), setup->max_response_bytes);
}

}  // namespace

JobHandler CallHandler(std::shared_ptr<const CallTargets> targets, std::set<absl::StatusCode> retry,
                       size_t max_response_bytes) {
  auto setup = std::make_shared<const Setup>(
      Setup{std::move(targets), std::move(retry), max_response_bytes});
  return [setup = std::move(setup)](Attempt& attempt) { return Run(setup, attempt); };
}

}  // namespace slipway::jobs
