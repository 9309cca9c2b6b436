#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "jobs/work/root.h"
#include "rpc/call_context.h"
#include "rpc/client_call.h"
#include "rpc/io_executor.h"
#include "rpc/task.h"
#include "schema/schema.h"

namespace slipway::jobs {

/// A server that `call` jobs may call.
struct CallTargetOptions {
  /// As in Call.target; empty: this server.
  std::string name;
  /// Makes the way to it, on the thread that runs jobs.
  std::function<std::unique_ptr<rpc::Upstream>(rpc::IoExecutor&)> connect;
  /// Null: learned by server reflection, and learned anew now and then.
  std::shared_ptr<const schema::Schema> schema;
  /// Its methods need the caller's authorization; jobs do not keep that, so it is refused.
  bool needs_authorization = false;
};

/// One target at work: the connection that jobs use and what is known of its services. Owned by
/// CallTargets. What it knows may be asked by any thread; all else belongs to the thread of the
/// executor it was started on.
class CallTarget {
 public:
  using Snapshot = std::shared_ptr<const schema::Schema>;

  /// `refresh`: how often to ask for the schema anew.
  CallTarget(CallTargetOptions options, absl::Duration refresh);

  const std::string& name() const { return options_.name; }
  bool needs_authorization() const { return options_.needs_authorization; }

  /// The newest schema. Until there is one: UNAVAILABLE (backend_unavailable), which names the
  /// target and says why it could not be learned. Any thread.
  absl::StatusOr<Snapshot> Schema() const;

  /// Connects, and asks for the schema until it is answered if there is none. A failure later on
  /// keeps what is known.
  void Start(rpc::IoExecutor& executor);
  /// Stops asking and disconnects: calls in flight end. Idempotent.
  void Stop();

  /// Null while it is not started.
  rpc::Upstream* upstream() const { return upstream_.get(); }
  /// As Schema; but a target that has just been started is given the time to answer, until
  /// `context` ends.
  rpc::Task<absl::StatusOr<Snapshot>> WaitForSchema(rpc::CallContext& context) const;

 private:
  Root Learn();
  void Keep(absl::StatusOr<Snapshot> answer);
  void Report(const absl::StatusOr<Snapshot>& answer);

  const CallTargetOptions options_;
  const rpc::Duration refresh_;

  mutable std::mutex mutex_;
  Snapshot schema_;     // under mutex_
  absl::Status error_;  // under mutex_: why there is no schema

  bool asked_ = false;     // reflection has answered or failed at least once
  std::string complaint_;  // what was logged last
  std::unique_ptr<rpc::Upstream> upstream_;
  Root learner_;  // goes first: it uses the upstream
};

}  // namespace slipway::jobs
