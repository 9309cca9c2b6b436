#include "jobs/work/call_target.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/reason.h"
#include "jobs/work/sleep.h"
#include "schema/loader.h"
#include "schema/reflection_client.h"

namespace slipway::jobs {
namespace {

constexpr rpc::Duration kFirstPause = std::chrono::milliseconds(100);
constexpr rpc::Duration kLongestPause = std::chrono::seconds(10);
constexpr rpc::Duration kFetchTimeout = std::chrono::seconds(20);
constexpr rpc::Duration kLook = std::chrono::milliseconds(10);

}  // namespace

CallTarget::CallTarget(CallTargetOptions options, absl::Duration refresh)
    : options_(std::move(options)),
      refresh_(absl::ToChronoNanoseconds(refresh)),
      schema_(options_.schema),
      error_(absl::UnavailableError("nobody has asked it yet")) {}

absl::StatusOr<CallTarget::Snapshot> CallTarget::Schema() const {
  const std::lock_guard lock(mutex_);
  if (schema_ != nullptr) return schema_;
  return base::MakeError(absl::StatusCode::kUnavailable, base::Reason::kBackendUnavailable,
                         absl::StrCat("call.target: \"", options_.name,
                                      "\" has not described its services yet: ", error_.message()));
}

void CallTarget::Start(rpc::IoExecutor& executor) {
  upstream_ = options_.connect(executor);
  if (options_.schema != nullptr) return;
  learner_ = Learn();
  learner_.Start();
}

void CallTarget::Stop() {
  learner_ = Root();
  upstream_.reset();
}

rpc::Task<absl::StatusOr<CallTarget::Snapshot>> CallTarget::WaitForSchema(
    rpc::CallContext& context) const {
  // Only a job that is run right after the start comes here before the first answer.
  while (options_.schema == nullptr && !asked_ && upstream_ != nullptr) {
    const rpc::Status alive = co_await context.Sleep(kLook);
    if (!alive.ok()) co_return alive.ToAbsl();
  }
  co_return Schema();
}

Root CallTarget::Learn() {
  rpc::Executor& executor = upstream_->executor();
  rpc::Duration pause = kFirstPause;
  for (;;) {
    schema::LoadOptions load;
    schema::ReflectionLimits limits;
    rpc::Task<absl::StatusOr<Snapshot>> fetch =
        schema::FetchSchema(*upstream_, executor.Now() + kFetchTimeout, std::move(load), limits);
    absl::StatusOr<Snapshot> answer = co_await std::move(fetch);
    const bool answered = answer.ok();
    Keep(std::move(answer));
    rpc::Task<void> wait = Sleep(executor, answered ? refresh_ : pause);
    co_await std::move(wait);
    pause = answered ? kFirstPause : std::min(pause * 2, kLongestPause);
  }
}

void CallTarget::Keep(absl::StatusOr<Snapshot> answer) {
  asked_ = true;
  Report(answer);
  Snapshot old;  // goes after the lock
  const std::lock_guard lock(mutex_);
  if (answer.ok()) {
    old = std::exchange(schema_, *std::move(answer));
  } else {
    error_ = answer.status();
  }
}

/// Says each change once.
void CallTarget::Report(const absl::StatusOr<Snapshot>& answer) {
  std::string complaint(answer.ok() ? "none" : answer.status().message());
  if (complaint == complaint_) return;
  complaint_ = std::move(complaint);
  if (answer.ok()) {
    base::LogInfo("job target \"{}\" has described {} services", name(),
                  (*answer)->services().size());
  } else {
    base::LogWarn("job target \"{}\" does not describe its services, asking on: {}", name(),
                  complaint_);
  }
}

}  // namespace slipway::jobs
