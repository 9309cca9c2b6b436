#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/process/child.h"
#include "client/process/scratch_directory.h"
#include "client/report/report.h"
#include "client/run/load_options.h"
#include "client/run/plan.h"
#include "client/run/trial_result.h"

namespace slipway::client {

using Switches = std::vector<std::string>;

/// A server of ours under measurement. Owned by the part that started it, stopped with it.
struct LocalServer {
  Child child;
  /// 0: not served.
  uint16_t rest_port = 0;
  uint16_t grpc_port = 0;

  std::string RestUrl(const std::string& path) const;
  std::string GrpcUrl(const std::string& method) const;
  std::string grpc_address() const;
  /// `slipway-server --http-engine httplib`: what matters of its command.
  std::string shown;
};

/// What the parts of `reproduce` share: where the programs are, how much shorter everything is,
/// what has been measured. Owned by the command, used by the main thread, one part at a time.
class ReproduceRun {
 public:
  /// `programs` is the directory of slipway-server and slipway-gateway; `report`, whose seed is the
  /// run's, outlives this.
  ReproduceRun(bool quick, std::string programs, ScratchDirectory scratch, Report* report)
      : quick_(quick),
        programs_(std::move(programs)),
        scratch_(std::move(scratch)),
        report_(*report) {}

  bool quick() const { return quick_; }
  uint64_t seed() const { return report_.seed; }
  /// A delay or a time-out as it is meant in the full run: a tenth of it in the quick one.
  std::chrono::milliseconds Scaled(std::chrono::milliseconds full) const {
    return quick_ ? full / 10 : full;
  }

  /// Starts slipway-server with REST and gRPC on free ports, a data directory of its own, and
  /// `switches`; it answers when this returns. Errors have the end of its log.
  absl::StatusOr<LocalServer> StartServer(const Switches& switches);
  /// Starts slipway-gateway in front of `backend`; it answers when this returns.
  absl::StatusOr<LocalServer> StartGateway(const LocalServer& backend, const Switches& switches);

  /// One trial, with lines that say how far it is.
  absl::StatusOr<TrialResult> Trial(const Plan& plan, const std::string& what);
  /// A line for whoever waits.
  void Say(const std::string& text) const;
  /// The user has interrupted a trial and wants to end; what it has measured by then counts.
  bool interrupted() const { return interrupted_; }

  /// A row that could not be measured: a warning says why, and the run is not complete.
  void NotMeasured(const std::string& row, const std::string& why);
  /// Whether all that was tried has been measured.
  bool complete() const { return complete_; }

  /// What is measured is added here.
  Report& report() { return report_; }

  /// What part (a) has found with one blocking worker, to be seen beside part (e).
  struct OneWorker {
    int64_t answered = 0;
    int64_t timed_out = 0;
    std::chrono::nanoseconds last_answer{0};
  };
  std::optional<OneWorker> one_worker;

 private:
  absl::StatusOr<Child> StartProgram(const std::string& program, const Switches& fixed,
                                     const Switches& switches);

  const bool quick_;
  const std::string programs_;
  const ScratchDirectory scratch_;
  Report& report_;
  int started_ = 0;  // for the names of logs and data
  bool interrupted_ = false;
  bool complete_ = true;
};

/// `500ms`, as the servers' switches take it.
std::string DurationText(std::chrono::milliseconds duration);

/// What fits into a table: the beginning of the last line.
std::string Shortened(const std::string& text);

/// CPU time that a process has used so far; zero when it has ended.
std::chrono::nanoseconds CpuTimeOf(const Child& child);

/// The parts. Each fills `table`, a row for each measurement; on an error the rows so far stay, and
/// the caller adds one that says what went wrong. CANCELLED when the user has interrupted.
absl::Status ReproduceWaiting(ReproduceRun& run, ReportTable* table);
absl::Status ReproduceDocking(ReproduceRun& run, ReportTable* table);
absl::Status ReproduceFacts(ReproduceRun& run, ReportTable* table);
absl::Status ReproduceJobs(ReproduceRun& run, ReportTable* table);
absl::Status ReproduceAsyncLayer(ReproduceRun& run, ReportTable* table);
absl::Status ReproduceWork(ReproduceRun& run, ReportTable* table);
absl::Status ReproduceProtocols(ReproduceRun& run, ReportTable* table);

}  // namespace slipway::client
