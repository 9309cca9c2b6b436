#include "client/command/prepare.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/limits.h"
#include "base/status_macros.h"
#include "client/command/grpc_schema.h"
#include "client/data/metadata.h"
#include "client/data/read_file.h"
#include "client/data/request_workload.h"

namespace slipway::client {
namespace {

constexpr rpc::Duration kProbeTimeout = std::chrono::seconds(5);
/// gRPC allows no longer ones.
constexpr size_t kMostOfAMessage = UINT32_MAX;

absl::StatusOr<std::string> ReadData(const LoadOptions& options, size_t index) {
  if (options.data.empty()) return std::string();
  const std::string& data = options.data.size() == 1 ? options.data[0] : options.data[index];
  if (data.empty() || data[0] != '@') return data;
  absl::StatusOr<std::string> text = ReadFile(data.substr(1));
  if (text.ok()) return text;
  return absl::InvalidArgumentError(absl::StrCat("--data: ", text.status().message()));
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

/// OK when a switch that belongs to targets in their order was not given too often.
absl::Status CheckCount(const char* name, size_t given, size_t targets) {
  if (given <= targets) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("--%s is given %d times for %d targets", name, given, targets));
}

/// In a comparison of both protocols a switch is for the targets that it fits; one that fits none
/// is a mistake, not a wish to be ignored.
absl::Status CheckProtocols(const LoadOptions& options) {
  bool grpc = false, http = false;
  for (const std::string& url : options.targets) {
    SLIPWAY_ASSIGN_OR_RETURN(const Target target, ParseTarget(url));
    (target.scheme == Scheme::kGrpc ? grpc : http) = true;
  }
  if (!http && !options.method.empty()) {
    return absl::InvalidArgumentError("--method is for HTTP targets; gRPC's is in the URL");
  }
  if (!http && options.follow) {
    return absl::InvalidArgumentError("--follow is for HTTP targets");
  }
  if (!grpc && (!options.protoset.empty() || !options.proto_files.empty())) {
    return absl::InvalidArgumentError("--protoset and --proto are for gRPC targets");
  }
  if (!grpc && options.messages != 1) {
    return absl::InvalidArgumentError("--messages is for gRPC targets whose clients stream");
  }
  if (!grpc && options.engine == EngineChoice::kGrpcpp) {
    return absl::InvalidArgumentError("--engine grpc++ is for gRPC targets");
  }
  return absl::OkStatus();
}

absl::Status CheckSwitches(const LoadOptions& options) {
  if (!options.protoset.empty() && !options.proto_files.empty()) {
    return absl::InvalidArgumentError("--protoset and --proto exclude each other");
  }
  const size_t targets = options.targets.size();
  if (options.data.size() > 1 && options.data.size() != targets) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--data is given %d times: allowed are once for all targets, or once for "
                        "each of the %d in their order ('' for none)",
                        options.data.size(), targets));
  }
  SLIPWAY_RETURN_IF_ERROR(CheckCount("pid", options.pids.size(), targets));
  SLIPWAY_RETURN_IF_ERROR(CheckCount("start", options.start.size(), targets));
  SLIPWAY_RETURN_IF_ERROR(CheckCount("name", options.names.size(), targets));
  return CheckProtocols(options);
}

EngineKind KindOf(const LoadOptions& options, const Target& target) {
  switch (target.scheme) {
    case Scheme::kGrpc:
      return options.engine == EngineChoice::kGrpcpp ? EngineKind::kGrpcpp : EngineKind::kGrpc;
    case Scheme::kH2c:
      return EngineKind::kHttp2;
    case Scheme::kHttp:
      break;
  }
  return options.http == HttpVersion::k2 ? EngineKind::kHttp2 : EngineKind::kHttp1;
}

absl::StatusOr<std::shared_ptr<const TlsClient>> MakeTls(const LoadOptions& options,
                                                         const Target& target,
                                                         const std::vector<std::string>& alpn) {
  TlsFiles files;
  files.ca = options.tls_ca;
  files.certificate = options.tls_certificate;
  files.key = options.tls_key;
  files.server_name = options.tls_server_name;
  files.insecure = options.tls_insecure;
  return TlsClient::Make(files, target.host, alpn);
}

/// Asks the server which HTTP it speaks, where nobody has said it.
absl::Status ChooseHttp(const LoadOptions& options, const Target& target, EngineSpec* engine) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto tls, MakeTls(options, target, {"h2", "http/1.1"}));
  const absl::StatusOr<std::string> chosen = ProbeProtocol(*tls, engine->endpoint, kProbeTimeout);
  if (!chosen.ok()) return chosen.status();
  if (*chosen == "h2") engine->kind = EngineKind::kHttp2;
  return absl::OkStatus();
}

/// The method behind a gRPC URL. Without data it may be called without a schema: the empty message
/// is empty in every schema, and most methods are unary.
absl::StatusOr<GrpcMethod> LookUpMethod(const LoadOptions& options, const Target& target,
                                        const EngineSpec& engine, bool has_data) {
  const bool must = has_data || !options.protoset.empty() || !options.proto_files.empty();
  auto schema = LoadSchema(engine, options);
  if (schema.ok()) return FindGrpcMethod(*std::move(schema), target.path);
  if (must || absl::IsCancelled(schema.status())) return schema.status();
  GrpcMethod method;
  method.path = target.path;
  method.encode = [](std::string_view) { return std::string(); };
  method.decode = [path = target.path](std::string_view) {
    return absl::InvalidArgumentError(
        absl::StrCat("--expect needs the schema of ", path, ": give --protoset or --proto"));
  };
  return method;
}

absl::StatusOr<RequestRecipe> GrpcRecipe(const LoadOptions& options, const Target& target,
                                         const EngineSpec& engine, std::string data) {
  RequestRecipe recipe;
  SLIPWAY_ASSIGN_OR_RETURN(const HeaderList headers, ParseHeaders(options.headers));
  for (const auto& [name, value] : headers) {
    SLIPWAY_ASSIGN_OR_RETURN(recipe.texts.headers.emplace_back(), ToMetadata(name, value));
  }
  SLIPWAY_ASSIGN_OR_RETURN(recipe.grpc, LookUpMethod(options, target, engine, !data.empty()));
  recipe.texts.path = target.path;
  recipe.texts.shape = recipe.grpc->shape;
  recipe.texts.message_count = options.messages;
  recipe.texts.messages.push_back(data.empty() ? "{}" : std::move(data));
  const bool sends_many = recipe.texts.shape == CallShape::kClientStream ||
                          recipe.texts.shape == CallShape::kBidiStream;
  if (options.messages != 1 && !sends_many && options.targets.size() == 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--messages: the client of ", target.path, " sends one message only"));
  }
  return recipe;
}

absl::StatusOr<RequestRecipe> HttpRecipe(const LoadOptions& options, const Target& target,
                                         std::string data) {
  RequestRecipe recipe;
  SLIPWAY_ASSIGN_OR_RETURN(recipe.texts.headers, ParseHeaders(options.headers));
  recipe.texts.method = !options.method.empty() ? options.method : data.empty() ? "GET" : "POST";
  recipe.texts.path = target.path;
  if (!data.empty()) recipe.texts.messages.push_back(std::move(data));
  recipe.follow = options.follow;
  recipe.origin = absl::StrCat(target.tls ? "https://" : "http://", target.authority);
  return recipe;
}

/// What is sent; `recipe` says it.
absl::Status SetWorkload(const LoadOptions& options, RequestRecipe recipe, Plan* plan) {
  recipe.csv = options.csv;
  recipe.jsonl = options.jsonl;
  recipe.expect = options.expect;
  plan->target.method = recipe.texts.method;
  SLIPWAY_ASSIGN_OR_RETURN(plan->workload, MakeRequestWorkload(std::move(recipe)));
  plan->target.request_bytes = plan->workload->request_bytes();
  return absl::OkStatus();
}

/// Lets `answer` see what requests are answered. Nothing fails for its sake: of a long answer that
/// nobody else looks at the beginning is kept.
void Keep(LastAnswer* answer, LastAnswer::Decode decode, Plan* plan, EngineSpec* engine) {
  if (!engine->keep_response) {
    engine->keep_response = engine->cut_response = true;
    engine->max_response = decode ? kMostOfAMessage : LastAnswer::kMost;
  }
  plan->workload = answer->Watch(std::move(plan->workload), std::move(decode));
}

void Describe(const LoadOptions& options, size_t index, const Target& target, Plan* plan) {
  const EngineSpec& engine = plan->engines.front();
  ReportTarget& report = plan->target;
  report.url = target.url;
  report.name = index < options.names.size() && !options.names[index].empty() ? options.names[index]
                                                                              : target.url;
  report.protocol = ProtocolName(engine.kind);
  report.tls = target.tls;
  report.engine = engine.kind == EngineKind::kGrpcpp ? "grpc++" : "native";
  report.address = ToString(engine.endpoint);
  const size_t starter = StarterOf(options, index).value_or(index);
  if (starter < options.start.size()) report.command = options.start[starter];
}

}  // namespace

std::string ProtocolName(EngineKind kind) {
  switch (kind) {
    case EngineKind::kHttp1:
      return "http/1.1";
    case EngineKind::kHttp2:
      return "http/2";
    case EngineKind::kGrpc:
    case EngineKind::kGrpcpp:
      break;
  }
  return "grpc";
}

absl::StatusOr<std::optional<pid_t>> ServerPid(const LoadOptions& options, size_t index) {
  if (index >= options.pids.size() || options.pids[index].empty()) return std::nullopt;
  pid_t pid;
  if (!absl::SimpleAtoi(options.pids[index], &pid) || pid <= 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--pid \"%s\": allowed is the id of a process", options.pids[index]));
  }
  if (!base::ProcessCpuTime(pid).ok()) {
    return absl::InvalidArgumentError(absl::StrFormat("--pid %d: there is no such process", pid));
  }
  return pid;
}

absl::StatusOr<size_t> StarterOf(const LoadOptions& options, size_t index) {
  const std::vector<std::string>& start = options.start;
  if (index >= start.size() || start[index].empty() || start[index][0] != '=') return index;
  const size_t known = std::min(start.size(), options.targets.size());
  size_t number = 0;
  if (absl::SimpleAtoi(start[index].substr(1), &number) && number >= 1 && number <= known &&
      !start[number - 1].empty() && start[number - 1][0] != '=') {
    return number - 1;
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "--start \"%s\": allowed after = is the number of a target, from 1, whose own --start is a "
      "command",
      start[index]));
}

absl::StatusOr<EngineSpec> ResolveEngine(const LoadOptions& options, const Target& target) {
  EngineSpec engine;
  engine.kind = KindOf(options, target);
  engine.authority = target.authority;
  engine.timeout = options.timeout;
  SLIPWAY_ASSIGN_OR_RETURN(engine.endpoint, FindReachable(target.host, target.port, kProbeTimeout));
  if (!target.tls) return engine;
  if (target.scheme == Scheme::kHttp && options.http == HttpVersion::kAuto) {
    SLIPWAY_RETURN_IF_ERROR(ChooseHttp(options, target, &engine));
  }
  const std::string alpn = engine.kind == EngineKind::kHttp1 ? "http/1.1" : "h2";
  SLIPWAY_ASSIGN_OR_RETURN(engine.tls, MakeTls(options, target, {alpn}));
  return engine;
}

absl::StatusOr<Plan> PreparePlan(const LoadOptions& options, size_t index, LastAnswer* answer) {
  Plan plan;
  LastAnswer::Decode decode;
  SLIPWAY_ASSIGN_OR_RETURN(const Target target, ParseTarget(options.targets[index]));
  SLIPWAY_RETURN_IF_ERROR(CheckSwitches(options));
  // Before the target is looked for, so that mistakes show at once.
  SLIPWAY_RETURN_IF_ERROR(DecideLoad(options, KindOf(options, target)).status());
  SLIPWAY_ASSIGN_OR_RETURN(plan.server_pid, ServerPid(options, index));
  SLIPWAY_ASSIGN_OR_RETURN(std::string data, ReadData(options, index));
  if (target.scheme != Scheme::kGrpc) {
    SLIPWAY_ASSIGN_OR_RETURN(RequestRecipe recipe, HttpRecipe(options, target, std::move(data)));
    SLIPWAY_RETURN_IF_ERROR(SetWorkload(options, std::move(recipe), &plan));
  }
  SLIPWAY_ASSIGN_OR_RETURN(EngineSpec engine, ResolveEngine(options, target));
  SLIPWAY_ASSIGN_OR_RETURN(plan.load, DecideLoad(options, engine.kind));
  SLIPWAY_RETURN_IF_ERROR(CheckFileLimit(plan.load, {engine}));
  if (target.scheme == Scheme::kGrpc) {
    SLIPWAY_ASSIGN_OR_RETURN(RequestRecipe recipe,
                             GrpcRecipe(options, target, engine, std::move(data)));
    decode = recipe.grpc->decode;
    SLIPWAY_RETURN_IF_ERROR(SetWorkload(options, std::move(recipe), &plan));
  }
  engine.keep_response = plan.workload->reads_responses();
  if (answer != nullptr) Keep(answer, std::move(decode), &plan, &engine);
  plan.engines.push_back(std::move(engine));
  plan.seed = options.seed;
  Describe(options, index, target, &plan);
  return plan;
}

}  // namespace slipway::client
