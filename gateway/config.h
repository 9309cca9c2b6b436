#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/config.h"
#include "base/host_port.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/http/engine.h"

namespace slipway::gateway {

enum class HttpEngineKind { kAsync, kHttplib };

/// The HTTP side, the same for every program that serves REST.
struct HttpConfig {
  HttpEngineKind engine = HttpEngineKind::kAsync;
  int workers = 8;
  EngineLimits limits;
  absl::Duration head_deadline = absl::Seconds(10);
  absl::Duration body_deadline = absl::Seconds(30);
  absl::Duration write_deadline = absl::Seconds(30);
  absl::Duration idle_timeout = absl::Seconds(75);
  absl::Duration drain_grace = absl::Seconds(10);
  /// A file, `-` for standard output, or `off`.
  std::string access_log = "off";
};

/// How methods are mapped to REST, the same for every program that does.
struct RestConfig {
  ErrorFormat error_format = ErrorFormat::kRpcStatus;
  bool strict = false;
  bool auto_head = false;
  std::string jobs_path = "/v1/jobs";
};

/// slipway-gateway.
struct GatewayConfig {
  std::vector<base::HostPort> listen = {{"127.0.0.1", 8080}};
  std::string backend;
  std::string descriptor_set;
  std::string http_rules;
  bool unbound_methods = false;
  std::optional<base::HostPort> admin = base::HostPort{"127.0.0.1", 9092};
  int threads;  ///< set by the constructor: one a core
  base::LogOptions log;
  HttpConfig http;
  RestConfig rest;

  GatewayConfig();
};

/// Declares `--http-engine`, `--workers`, `--access-log`, `--drain-grace` and a switch for each
/// limit. slipway-server declares `--workers` itself, because it means its blocking pool too, and
/// copies the value.
void DeclareHttpSwitches(base::ConfigParser& parser, HttpConfig* config, bool with_workers = true);

/// Declares `--error-format`, `--strict`, `--auto-head`, `--jobs-path`.
void DeclareRestSwitches(base::ConfigParser& parser, RestConfig* config);

/// Reads switches, environment and file. False: --help or --version was printed.
absl::StatusOr<bool> ReadGatewayConfig(int argc, const char* const* argv, GatewayConfig* config);

EngineOptions MakeEngineOptions(const HttpConfig& http, const std::vector<base::HostPort>& listen,
                                int threads);
GatewayOptions MakeGatewayOptions(const RestConfig& rest, bool unbound_methods);

}  // namespace slipway::gateway
