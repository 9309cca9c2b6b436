#include "jobs/service/http_answer.h"

#include "base/reason.h"

namespace slipway::jobs {
namespace {

void SayRetryAfter(rpc::CallContext& context) {
  constexpr char kSeconds[] = "1";
  context.AddInitialMetadata("retry-after", kSeconds);
}

}  // namespace

void SayPending(rpc::CallContext& context) {
  context.AddInitialMetadata("x-http-code", "202");
  SayRetryAfter(context);
}

absl::Status RefuseSubmission(rpc::CallContext& context, JobObserver* observer, absl::Status why) {
  const base::Reason reason = base::ReasonOf(why);
  if (observer != nullptr) observer->Refused(reason);
  if (reason == base::Reason::kQueueFull || reason == base::Reason::kStoreFull) {
    SayRetryAfter(context);
  }
  return why;
}

}  // namespace slipway::jobs
