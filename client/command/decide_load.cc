#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/limits.h"
#include "base/status_macros.h"
#include "client/command/prepare.h"
#include "client/pace/schedule.h"

namespace slipway::client {
namespace {

/// Descriptors that are no connections of the load: standard streams, epoll, timers, the report.
constexpr uint64_t kOtherFiles = 64;
constexpr uint32_t kClosedConcurrency = 50;
constexpr uint32_t kOpenConcurrency = 1000;
constexpr std::chrono::seconds kDefaultDuration(10);

absl::Status SetModel(const LoadOptions& options, LoadShape* load) {
  load->rate = options.rate;
  load->schedule = options.schedule;
  load->poisson = options.arrivals == Arrivals::kPoisson;
  load->catch_up = options.catch_up;
  load->think = options.think;
  load->random_think = options.random_think;
  if (options.rate > 0 && !options.schedule.empty()) {
    return absl::InvalidArgumentError("--rate and --schedule exclude each other");
  }
  if (options.rate > 0) {
    load->model = load->poisson ? LoadModel::kPoisson : LoadModel::kConstant;
  } else if (!options.schedule.empty()) {
    load->model = LoadModel::kSchedule;
  }
  const bool open = load->model != LoadModel::kClosed;
  if (open && options.think.count() > 0) {
    return absl::InvalidArgumentError("--think is for the closed loop, --rate for the open one");
  }
  if (!open && (load->poisson || options.catch_up > 0)) {
    return absl::InvalidArgumentError(
        "--arrivals and --catch-up are for the open loop: give --rate or --schedule");
  }
  if (load->catch_up > 0 && load->catch_up < 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--catch-up %g: allowed are 0 (at once) and 1 or more", load->catch_up));
  }
  if (options.random_think && options.think.count() == 0) {
    return absl::InvalidArgumentError("--random-think needs --think");
  }
  return absl::OkStatus();
}

absl::Status SetEnd(const LoadOptions& options, LoadShape* load) {
  load->requests = options.requests;
  load->duration = options.duration;
  load->warmup = options.warmup;
  if (load->model == LoadModel::kSchedule) {
    const absl::StatusOr<Schedule> schedule = ParseSchedule(options.schedule);
    if (!schedule.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--schedule: ", schedule.status().message()));
    }
    if (load->duration.count() == 0) load->duration = schedule->duration();
  }
  if (load->requests == 0 && load->duration.count() == 0) load->duration = kDefaultDuration;
  load->timeout = options.timeout;
  if (load->timeout.count() == 0) {
    return absl::InvalidArgumentError("--timeout: must be longer than 0");
  }
  load->drain = options.drain.count() > 0 ? options.drain : options.timeout;
  return absl::OkStatus();
}

void SetConcurrency(const LoadOptions& options, LoadShape* load) {
  const bool closed = load->model == LoadModel::kClosed;
  load->concurrency = options.concurrency > 0 ? options.concurrency
                      : closed                ? kClosedConcurrency
                                              : kOpenConcurrency;
  if (load->requests > 0 && load->warmup.count() == 0) {
    load->concurrency = static_cast<uint32_t>(std::min<int64_t>(load->concurrency, load->requests));
  }
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  load->threads = options.threads > 0 ? options.threads : cores;
  load->threads =
      static_cast<int>(std::min<uint32_t>(static_cast<uint32_t>(load->threads), load->concurrency));
}

absl::Status SetConnections(const LoadOptions& options, EngineKind kind, LoadShape* load) {
  load->connections = options.connections;
  if (kind != EngineKind::kHttp1) {
    if (load->connections == 0) load->connections = static_cast<uint32_t>(load->threads);
    load->threads = static_cast<int>(
        std::min<uint32_t>(static_cast<uint32_t>(load->threads), load->connections));
    return absl::OkStatus();
  }
  if (load->connections == 0) load->connections = load->concurrency;
  if (load->connections >= load->concurrency) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "--connections %d: HTTP/1.1 carries one request at a time on a connection, so %d in flight "
      "need at least as many",
      load->connections, load->concurrency));
}

}  // namespace

absl::StatusOr<LoadShape> DecideLoad(const LoadOptions& options, EngineKind kind) {
  LoadShape load;
  SLIPWAY_RETURN_IF_ERROR(SetModel(options, &load));
  SLIPWAY_RETURN_IF_ERROR(SetEnd(options, &load));
  SetConcurrency(options, &load);
  SLIPWAY_RETURN_IF_ERROR(SetConnections(options, kind, &load));
  return load;
}

uint64_t CountConnections(const LoadShape& load, const std::vector<EngineSpec>& engines) {
  uint64_t count = 0;
  for (const EngineSpec& engine : engines) {
    const bool one_each = engine.kind == EngineKind::kHttp1;  // one request at a time on each
    count += one_each ? std::max(load.connections, load.concurrency) : load.connections;
  }
  return count;
}

absl::Status CheckFileLimit(const LoadShape& load, const std::vector<EngineSpec>& engines) {
  SLIPWAY_ASSIGN_OR_RETURN(const base::FileLimit limit, base::RaiseFileLimit());
  const uint64_t connections = CountConnections(load, engines);
  const uint64_t needed = connections + kOtherFiles;
  if (limit.soft >= needed) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "%d connections need %d open files, but the hard limit of this process is %d: raise it "
      "(ulimit -Hn, LimitNOFILE=, or limits.conf)",
      connections, needed, limit.hard));
}

absl::StatusOr<Plan> WithConcurrency(const Plan& plan, const LoadOptions& options,
                                     uint32_t concurrency) {
  LoadOptions changed = options;
  changed.concurrency = concurrency;
  Plan other = plan;
  SLIPWAY_ASSIGN_OR_RETURN(other.load, DecideLoad(changed, plan.engines.front().kind));
  SLIPWAY_RETURN_IF_ERROR(CheckFileLimit(other.load, other.engines));
  return other;
}

}  // namespace slipway::client
