#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "client/measure/outcome.h"
#include "client/run/grpc_method.h"
#include "client/run/workload.h"

namespace slipway::client {

/// What the last request was answered that got an answer, for who wants to see it and not only its
/// time. Stands between the issuers of a workload and their drivers. Owned by a command, longer
/// than the workloads it watches; the threads of a run write, any thread may read.
class LastAnswer {
 public:
  /// Bytes of a body that are shown, and that are kept: one more tells that there are more.
  static constexpr size_t kShown = 64 * 1024;
  static constexpr size_t kMost = kShown + 1;

  using Decode = decltype(GrpcMethod::decode);

  /// The same workload, watched. Its engines must keep responses. `decode` makes a gRPC message
  /// JSON; of HTTP it is empty.
  std::shared_ptr<const Workload> Watch(std::shared_ptr<const Workload> workload, Decode decode);

  /// The body; of gRPC the last message of a call that succeeded, as JSON. Nothing without an
  /// answer, or when its schema is not known.
  std::optional<std::string> text() const;

  /// For the issuers.
  void Keep(const Outcome& outcome, const Decode& decode);

 private:
  mutable std::mutex mutex_;
  std::optional<std::string> text_;  // guarded by mutex_
};

}  // namespace slipway::client
