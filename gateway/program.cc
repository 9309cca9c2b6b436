#include "gateway/program.h"

#include <google/protobuf/descriptor.pb.h>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_split.h"
#include "base/admin.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/startup.h"
#include "base/status_macros.h"
#include "gateway/front.h"
#include "gateway/schema_fetcher.h"
#include "schema/loader.h"
#include "wire/channel.h"

namespace slipway::gateway {
namespace {

wire::ChannelOptions MakeChannelOptions(const GatewayConfig& config) {
  wire::ChannelOptions options;
  options.target = config.backend;
  return options;
}

void LogRoutes(const GatewayConfig& config, const RouteReport& report) {
  base::LogInfo("backend {}", config.backend);
  for (const absl::string_view line : absl::StrSplit(report.ToString(), '\n')) {
    base::LogInfo("{}", std::string(line));
  }
}

/// The program's parts, in the order in which they are made.
class Program {
 public:
  explicit Program(const GatewayConfig& config) : config_(config), admin_(metrics_) {}

  absl::Status Start() {
    SLIPWAY_RETURN_IF_ERROR(StartAdmin());
    SLIPWAY_RETURN_IF_ERROR(StartFront());
    return StartSchema();
  }

  void Drain() {
    draining_ = true;
    fetcher_.reset();
    front_->Drain();
    front_.reset();
    admin_.Stop();
  }

 private:
  absl::Status StartAdmin() {
    admin_.SetReadiness([this] { return Ready(); });
    if (!config_.admin) return absl::OkStatus();
    SLIPWAY_RETURN_IF_ERROR(admin_.Start(*config_.admin));
    base::PrintListening("admin", *config_.admin, admin_.port());
    return absl::OkStatus();
  }

  absl::Status Ready() const {
    if (draining_) return absl::UnavailableError("draining");
    return has_routes_ ? absl::OkStatus()
                       : absl::UnavailableError("the backend has not described its services yet");
  }

  absl::Status StartFront() {
    const wire::ChannelOptions channel = MakeChannelOptions(config_);
    SLIPWAY_ASSIGN_OR_RETURN(front_, Front::Start({.listen = config_.listen,
                                                   .threads = config_.threads,
                                                   .http = config_.http,
                                                   .rest = config_.rest,
                                                   .unbound_methods = config_.unbound_methods},
                                                  metrics_, [channel](rpc::IoExecutor& executor) {
                                                    return std::make_unique<wire::Channel>(executor,
                                                                                           channel);
                                                  }));
    base::PrintListening("REST", config_.listen, front_->ports());
    return absl::OkStatus();
  }

  absl::Status StartSchema() {
    schema::LoadOptions load;
    load.http_rules_path = config_.http_rules;
    if (config_.descriptor_set.empty()) {
      // The rules are read again with the schema; what is wrong with the file itself is said now.
      SLIPWAY_RETURN_IF_ERROR(schema::FromFiles({}, load).status());
      fetcher_ = std::make_unique<SchemaFetcher>(
          MakeChannelOptions(config_), std::move(load),
          [this](std::shared_ptr<const schema::Schema> schema) { Publish(std::move(schema)); });
      return absl::OkStatus();
    }
    SLIPWAY_ASSIGN_OR_RETURN(auto schema, schema::FromDescriptorFile(config_.descriptor_set, load));
    Publish(std::move(schema));
    return absl::OkStatus();
  }

  void Publish(std::shared_ptr<const schema::Schema> schema) {
    LogRoutes(config_, front_->gateway().Publish(std::move(schema)));
    has_routes_ = true;
  }

  const GatewayConfig& config_;
  base::Metrics metrics_;
  base::AdminServer admin_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> has_routes_{false};
  std::unique_ptr<Front> front_;
  std::unique_ptr<SchemaFetcher> fetcher_;  // publishes into front_
};

}  // namespace

absl::Status RunGateway(const GatewayConfig& config, base::ShutdownSignal& shutdown) {
  SLIPWAY_RETURN_IF_ERROR(base::InitLog(config.log));
  const auto limit = base::RaiseFileLimit();
  if (!limit.ok()) base::LogWarn("{}", std::string(limit.status().message()));
  Program program(config);
  SLIPWAY_RETURN_IF_ERROR(program.Start());
  shutdown.Wait();
  base::LogInfo("shutting down");
  program.Drain();
  base::LogInfo("drained");
  return absl::OkStatus();
}

}  // namespace slipway::gateway
