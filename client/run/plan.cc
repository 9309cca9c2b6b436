#include "client/run/plan.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/limits.h"
#include "base/status_macros.h"
#include "client/engine/http1_engine.h"
#include "client/run/grpc_request.h"

namespace slipway::client {
namespace {

/// Descriptors that are no connections of the load: standard streams, epoll, timers, the report.
constexpr uint64_t kOtherFiles = 64;
constexpr rpc::Duration kProbeTimeout = std::chrono::seconds(5);
constexpr std::chrono::seconds kDefaultDuration(10);

absl::StatusOr<std::string> ReadData(const LoadOptions& options, size_t index) {
  if (options.data.empty()) return std::string();
  const std::string& data = options.data.size() == 1 ? options.data[0] : options.data[index];
  if (data.empty() || data[0] != '@') return data;
  std::ifstream file(data.substr(1), std::ios::binary);
  std::error_code unknown;
  if (!file || std::filesystem::is_directory(data.substr(1), unknown)) {
    return absl::InvalidArgumentError(absl::StrCat("--data: cannot read ", data.substr(1)));
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

absl::StatusOr<HeaderList> ParseHeaders(const std::vector<std::string>& lines) {
  HeaderList headers;
  for (const std::string& line : lines) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0) {
      return absl::InvalidArgumentError(
          absl::StrFormat("--header \"%s\": allowed is 'name: value'", line));
    }
    headers.emplace_back(line.substr(0, colon),
                         std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  }
  return headers;
}

/// Switches that have no meaning for the targets are mistakes, not wishes to be ignored.
absl::Status CheckSwitches(const LoadOptions& options, const Target& target) {
  if (!options.protoset.empty() && !options.proto_files.empty()) {
    return absl::InvalidArgumentError("--protoset and --proto exclude each other");
  }
  if (options.data.size() > 1 && options.data.size() != options.targets.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--data is given %d times: allowed are once for all targets, or once for "
                        "each of the %d in their order ('' for none)",
                        options.data.size(), options.targets.size()));
  }
  if (options.pids.size() > options.targets.size()) {
    return absl::InvalidArgumentError(absl::StrFormat("--pid is given %d times for %d targets",
                                                      options.pids.size(), options.targets.size()));
  }
  // In a comparison of both protocols a switch is for the targets that it fits.
  if (options.targets.size() > 1) return absl::OkStatus();
  const bool schema = !options.protoset.empty() || !options.proto_files.empty();
  if (target.protocol == Protocol::kGrpc && !options.method.empty()) {
    return absl::InvalidArgumentError("--method is for HTTP targets; gRPC's is in the URL");
  }
  if (target.protocol == Protocol::kHttp1 && schema) {
    return absl::InvalidArgumentError("--protoset and --proto are for gRPC targets");
  }
  return absl::OkStatus();
}

absl::Status SetNumbers(const LoadOptions& options, Plan* plan) {
  plan->requests = options.requests;
  plan->duration = options.duration;
  if (plan->requests == 0 && plan->duration.count() == 0) plan->duration = kDefaultDuration;
  plan->warmup = options.warmup;
  plan->timeout = options.timeout;
  if (plan->timeout.count() == 0) {
    return absl::InvalidArgumentError("--timeout: must be longer than 0");
  }
  plan->concurrency = options.concurrency;
  if (plan->requests > 0 && plan->warmup.count() == 0) {
    plan->concurrency = static_cast<uint32_t>(std::min<int64_t>(plan->concurrency, plan->requests));
  }
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  plan->threads = options.threads > 0 ? options.threads : cores;
  plan->threads = std::min<int>(plan->threads, static_cast<int>(plan->concurrency));
  if (plan->target.protocol == Protocol::kGrpc) {
    if (options.connections > 0) {
      plan->threads = std::min<int>(plan->threads, static_cast<int>(options.connections));
    }
    plan->connections = options.connections > 0 ? options.connections : plan->threads;
    return absl::OkStatus();
  }
  if (options.connections > 0 && options.connections < options.concurrency) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--connections %d: HTTP/1.1 carries one request at a time on a connection, so %d in flight "
        "need at least as many",
        options.connections, options.concurrency));
  }
  plan->connections = options.connections > 0 ? options.connections : plan->concurrency;
  return absl::OkStatus();
}

absl::Status CheckFileLimit(const Plan& plan) {
  SLIPWAY_ASSIGN_OR_RETURN(const base::FileLimit limit, base::RaiseFileLimit());
  const uint64_t needed = plan.connections + kOtherFiles;
  if (limit.soft >= needed) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "%d connections need %d open files, but the hard limit of this process is %d: raise it "
      "(ulimit -Hn, LimitNOFILE=, or limits.conf)",
      plan.connections, needed, limit.hard));
}

absl::Status SetServerPid(const LoadOptions& options, size_t index, Plan* plan) {
  if (index >= options.pids.size()) return absl::OkStatus();
  pid_t pid;
  if (!absl::SimpleAtoi(options.pids[index], &pid) || pid <= 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--pid \"%s\": allowed is the id of a process", options.pids[index]));
  }
  const absl::StatusOr<absl::Duration> cpu = base::ProcessCpuTime(pid);
  if (!cpu.ok()) {
    return absl::InvalidArgumentError(absl::StrFormat("--pid %d: there is no such process", pid));
  }
  plan->server_pid = pid;
  return absl::OkStatus();
}

absl::Status SetRequest(const LoadOptions& options, size_t index, Plan* plan) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string data, ReadData(options, index));
  SLIPWAY_ASSIGN_OR_RETURN(const HeaderList headers, ParseHeaders(options.headers));
  if (plan->target.protocol == Protocol::kHttp1) {
    plan->http_method = !options.method.empty() ? options.method : data.empty() ? "GET" : "POST";
    SLIPWAY_ASSIGN_OR_RETURN(Http1Request request,
                             BuildHttp1Request(plan->http_method, plan->target.authority,
                                               plan->target.path, headers, data));
    plan->http_request = std::make_shared<const Http1Request>(std::move(request));
    return absl::OkStatus();
  }
  plan->channel = ChannelTo(plan->target, plan->endpoint, options);
  const absl::Status channel = wire::Channel::Check(plan->channel);
  if (!channel.ok()) return absl::InvalidArgumentError(channel.message());
  SLIPWAY_ASSIGN_OR_RETURN(GrpcRequest request,
                           BuildGrpcRequest(plan->target, plan->endpoint, data, headers, options));
  plan->grpc_request = std::make_shared<const GrpcRequest>(std::move(request));
  return absl::OkStatus();
}

std::unique_ptr<Engine> MakeGrpcEngine(const Plan& plan, rpc::IoExecutor& executor,
                                       const Share& share) {
  wire::ChannelOptions channel_options = plan.channel;
  channel_options.connections_per_address = static_cast<int>(share.connections);
  channel_options.queue_limit = share.slots;
  auto channel = std::make_unique<wire::Channel>(executor, std::move(channel_options));
  GrpcEngine::Options options;
  options.request = plan.grpc_request;
  options.slots = share.slots;
  options.timeout = plan.timeout;
  options.connected = [channel = channel.get(), wanted = share.connections]() -> absl::Status {
    if (channel->ready_connections() >= wanted) return absl::OkStatus();
    if (!channel->last_error().ok() && !channel->ready()) {
      return absl::FailedPreconditionError(channel->last_error().message());
    }
    return absl::UnavailableError(absl::StrFormat("only %d of %d connections were established",
                                                  channel->ready_connections(), wanted));
  };
  return std::make_unique<GrpcEngine>(std::move(channel), std::move(options));
}

}  // namespace

Share Plan::ShareOf(int index) const {
  const auto part = [&](uint32_t whole) {
    const uint32_t count = static_cast<uint32_t>(threads);
    return whole / count + (static_cast<uint32_t>(index) < whole % count ? 1 : 0);
  };
  return Share{part(concurrency), part(connections)};
}

std::unique_ptr<Engine> Plan::MakeEngine(rpc::IoExecutor& executor, const Share& share) const {
  if (target.protocol == Protocol::kGrpc) return MakeGrpcEngine(*this, executor, share);
  Http1Engine::Options options;
  options.endpoint = endpoint;
  options.request = http_request;
  options.connections = share.connections;
  options.timeout = timeout;
  return std::make_unique<Http1Engine>(executor, std::move(options));
}

absl::StatusOr<Plan> PreparePlan(const LoadOptions& options, size_t index) {
  Plan plan;
  SLIPWAY_ASSIGN_OR_RETURN(plan.target, ParseTarget(options.targets[index]));
  SLIPWAY_RETURN_IF_ERROR(CheckSwitches(options, plan.target));
  SLIPWAY_RETURN_IF_ERROR(SetNumbers(options, &plan));
  SLIPWAY_RETURN_IF_ERROR(SetServerPid(options, index, &plan));
  SLIPWAY_RETURN_IF_ERROR(CheckFileLimit(plan));
  SLIPWAY_ASSIGN_OR_RETURN(plan.endpoint,
                           FindReachable(plan.target.host, plan.target.port, kProbeTimeout));
  SLIPWAY_RETURN_IF_ERROR(SetRequest(options, index, &plan));
  return plan;
}

}  // namespace slipway::client
