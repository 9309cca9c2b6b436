#include "gateway/config.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "wire/channel.h"

namespace slipway::gateway {
namespace {

std::chrono::milliseconds ToMilliseconds(absl::Duration duration) {
  return absl::ToChronoMilliseconds(duration);
}

absl::Status CheckBackend(std::string_view target) {
  wire::ChannelOptions options;
  options.target = std::string(target);
  return wire::Channel::Check(options);
}

absl::Status CheckJobsPath(std::string_view path) {
  if (path.starts_with('/') && path.size() > 1 && !path.ends_with('/')) return absl::OkStatus();
  return absl::InvalidArgumentError("a path such as /v1/jobs, without a '/' at its end");
}

void DeclareLimits(base::ConfigParser& parser, HttpConfig* config) {
  EngineLimits& limits = config->limits;
  constexpr int64_t kMega = 1 << 20;
  parser.AddInt("max-head-bytes", &limits.max_head_bytes, 512, 16 * kMega,
                "request line and headers of one request (431)");
  parser.AddInt("max-target-bytes", &limits.max_target_bytes, 64, kMega,
                "path and query of one request (414)");
  parser.AddInt("max-header-bytes", &limits.max_header_bytes, 64, kMega, "one header line (431)");
  parser.AddInt("max-headers", &limits.max_headers, 1, 10'000, "headers of one request (431)");
  parser.AddInt("max-body-bytes", &limits.max_body_bytes, 0, 2048 * kMega,
                "body of one request (413)");
  parser.AddInt("max-connections", &limits.max_connections, 1, 10'000'000,
                "open connections; one more is answered with 503 and closed");
  parser.AddDuration("head-deadline", &config->head_deadline,
                     "from the first byte of a request's head to its last (408)");
  parser.AddDuration("body-deadline", &config->body_deadline, "for the whole body (408)");
  parser.AddDuration("write-deadline", &config->write_deadline,
                     "without progress while an answer is sent");
  parser.AddDuration("idle-timeout", &config->idle_timeout, "between two requests of a connection");
}

}  // namespace

GatewayConfig::GatewayConfig()
    : threads(std::max(1, static_cast<int>(std::thread::hardware_concurrency()))) {}

void DeclareHttpSwitches(base::ConfigParser& parser, HttpConfig* config, bool with_workers) {
  parser.AddChoice<HttpEngineKind>(
      "http-engine", &config->engine,
      {{"async", HttpEngineKind::kAsync}, {"httplib", HttpEngineKind::kHttplib}},
      "an event loop for each core, or a thread for each connection");
  if (with_workers) {
    parser.AddInt("workers", &config->workers, 1, 4096, "threads of --http-engine httplib");
  }
  parser
      .AddString("access-log", &config->access_log,
                 "one line a request: a file, - for standard output, or off")
      .Placeholder("FILE|off");
  parser.AddDuration("drain-grace", &config->drain_grace,
                     "how long requests in flight may go on after SIGTERM");
  DeclareLimits(parser, config);
}

void DeclareRestSwitches(base::ConfigParser& parser, RestConfig* config) {
  parser.AddChoice<ErrorFormat>("error-format", &config->error_format,
                                {{"rpc-status", ErrorFormat::kRpcStatus}},
                                "the shape of error bodies");
  parser.AddBool("strict", &config->strict,
                 "refuse unknown query parameters and JSON fields, trailing bytes, odd paths");
  parser.AddBool("auto-head", &config->auto_head, "answer HEAD by the binding of GET");
  parser.AddString("jobs-path", &config->jobs_path, "where the routes of slipway.v1.Jobs lie",
                   CheckJobsPath);
}

absl::StatusOr<bool> ReadGatewayConfig(int argc, const char* const* argv, GatewayConfig* config) {
  base::ConfigParser parser("slipway-gateway", "Serves REST and JSON in front of a gRPC backend.");
  parser.AddHostPortList("listen", &config->listen, "where REST is served");
  parser
      .AddString("backend", &config->backend, "the gRPC backend; several are taken in turn",
                 CheckBackend)
      .Placeholder("[grpc://|grpcs://]HOST:PORT[,…]");
  parser
      .AddString("descriptor-set", &config->descriptor_set,
                 "a FileDescriptorSet; without it the backend's reflection is asked")
      .Placeholder("FILE");
  parser.AddString("http-rules", &config->http_rules, "google.api.Service rules beside annotations")
      .Placeholder("FILE.yaml");
  parser.AddBool("unbound-methods", &config->unbound_methods,
                 "serve methods without a rule as POST /pkg.Service/Method");
  parser.AddHostPort("admin", &config->admin, "health, readiness and metrics, or off");
  parser.AddInt("threads", &config->threads, 1, 1024, "event loops of --http-engine async");
  parser.AddString("log-dir", &config->log.dir, "where log files go").Placeholder("DIR");
  parser.AddChoice("log-level", &config->log.level, {"debug", "info", "warning", "error"},
                   "what is logged");
  DeclareHttpSwitches(parser, &config->http);
  DeclareRestSwitches(parser, &config->rest);
  SLIPWAY_ASSIGN_OR_RETURN(const bool run, parser.Parse(argc, argv));
  if (run && config->backend.empty()) {
    return absl::InvalidArgumentError(
        "--backend is missing: HOST:PORT of the gRPC backend, such as 127.0.0.1:50051");
  }
  return run;
}

EngineOptions MakeEngineOptions(const HttpConfig& http, const std::vector<base::HostPort>& listen,
                                int threads) {
  EngineOptions options;
  for (const base::HostPort& address : listen) options.listen.push_back(address.ToString());
  options.threads = threads;
  options.workers = http.workers;
  options.limits = http.limits;
  options.limits.head_deadline = ToMilliseconds(http.head_deadline);
  options.limits.body_deadline = ToMilliseconds(http.body_deadline);
  options.limits.write_deadline = ToMilliseconds(http.write_deadline);
  options.limits.idle_timeout = ToMilliseconds(http.idle_timeout);
  return options;
}

GatewayOptions MakeGatewayOptions(const RestConfig& rest, bool unbound_methods) {
  GatewayOptions options;
  options.error_format = rest.error_format;
  options.auto_head = rest.auto_head;
  options.routes.unbound_methods = unbound_methods;
  options.routes.jobs_path = rest.jobs_path;
  options.routes.strict = rest.strict;
  return options;
}

}  // namespace slipway::gateway
