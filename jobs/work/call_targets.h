#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "jobs/work/call_target.h"
#include "rpc/io_executor.h"
#include "schema/schema.h"
#include "slipway/v1/job_storage.pb.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {

/// What `call` jobs may call: every unary method of this server and of the configured targets that
/// has an HTTP binding, so is meant for callers from outside, or that is allowed by name. The
/// services of jobs are never callable, so that jobs do not make jobs without end.
///
/// Shared by the service, which checks calls on any thread when they are submitted, and by the
/// handler (CallHandler), which makes them on the thread that runs jobs. Start and Stop belong to
/// that thread: Start before the first handler runs, Stop after the last has ended.
class CallTargets {
 public:
  using Target = CallTargetOptions;

  struct Options {
    /// Names are unique.
    std::vector<Target> targets;
    /// `pkg.Service/Method`: callable although they have no HTTP binding; see CheckAllow.
    std::vector<std::string> allow;
    /// Of the encoded request message.
    size_t max_request_bytes = 4 << 20;
    /// How often to ask a target for its schema anew.
    absl::Duration refresh = absl::Seconds(60);
  };

  explicit CallTargets(Options options);
  CallTargets(const CallTargets&) = delete;
  CallTargets& operator=(const CallTargets&) = delete;

  /// What is wrong with `allow`, which the switch --job-allow gave: a line for each bad value.
  static absl::Status CheckAllow(const std::vector<std::string>& allow);

  /// The payload of a `call` job; nothing is sent. Errors name the field of the call, its value and
  /// what is allowed: INVALID_ARGUMENT for an unknown target, an unknown or streaming method, a
  /// request that does not fit it or is too large (body_too_large); PERMISSION_DENIED
  /// (forbidden_target) for a method that jobs may not call; FAILED_PRECONDITION for a target that
  /// needs the caller's authorization; UNAVAILABLE (backend_unavailable) for one that has not
  /// described its services yet. Any thread.
  absl::StatusOr<v1::StoredCall> Check(const v1::Call& call) const;

  void Start(rpc::IoExecutor& executor);
  /// Idempotent, and safe without Start.
  void Stop();

  /// nullptr when there is none. Any thread.
  CallTarget* Find(std::string_view name) const;

 private:
  absl::StatusOr<const CallTarget*> TargetOf(const v1::Call& call) const;
  absl::StatusOr<const schema::MethodInfo*> MethodOf(const v1::Call& call,
                                                     const schema::Schema& schema) const;
  bool Callable(const schema::MethodInfo& method) const;
  /// The callable method whose name resembles `path` most, as the end of an error message; empty
  /// when there is none.
  std::string Suggestion(const schema::Schema& schema, std::string_view path) const;

  absl::flat_hash_set<std::string> allow_;  // `/pkg.Service/Method`
  const size_t max_request_bytes_;
  std::vector<std::unique_ptr<CallTarget>> targets_;
};

}  // namespace slipway::jobs
