#include "server/backend.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "jobs/engine.h"
#include "server/directory/directory.h"
#include "server/service/cat_facts.h"
#include "server/service/channelz.h"
#include "server/service/docking.h"
#include "server/service/info.h"
#include "server/service/reflection.h"

namespace slipway::server {
namespace {

rpc::Duration ToDuration(absl::Duration duration) {
  return std::chrono::duration_cast<rpc::Duration>(absl::ToChronoNanoseconds(duration));
}

/// All services, in the order in which they are registered.
const std::vector<std::string>& ServiceNames() {
  static const std::vector<std::string> names = {"docking.v1.Info",
                                                 "docking.v1.Users",
                                                 "docking.v1.Customers",
                                                 "docking.v1.CatFacts",
                                                 "slipway.v1.Jobs",
                                                 "slipway.v1.TokenJobs",
                                                 "grpc.health.v1.Health",
                                                 "grpc.channelz.v1.Channelz",
                                                 "grpc.reflection.v1.ServerReflection",
                                                 "grpc.reflection.v1alpha.ServerReflection"};
  return names;
}

/// What this server is for, before what describes it.
std::vector<rpc::Method> ServiceMethods(const ServerConfig& config, jobs::JobEngine& jobs,
                                        std::shared_ptr<FactUpstream> facts) {
  auto directory = std::make_shared<Directory>();
  const rpc::Duration delay = ToDuration(config.docking_delay);
  std::vector<rpc::Method> all = InfoMethods(ToDuration(config.info_delay));
  for (auto& methods : {UserMethods(directory, delay), CustomerMethods(directory, delay),
                        CatFactMethods(std::move(facts)), jobs.Methods()}) {
    all.insert(all.end(), methods.begin(), methods.end());
  }
  return all;
}

}  // namespace

absl::Status Backend::OpenJobs(const ServerConfig& config, base::Metrics& metrics) {
  jobs::JobEngine::Options options;
  options.store = config.store;
  options.jobs_path = config.jobs_path;
  options.config = config.jobs;
  options.services = ServiceNames();
  options.dispatcher = [this] { return dispatcher_; };
  options.targets = config.job_targets;
  options.metrics = &metrics;
  SLIPWAY_ASSIGN_OR_RETURN(jobs_, jobs::JobEngine::Open(std::move(options)));
  return absl::OkStatus();
}

void Backend::Serve(base::AdminServer& admin) {
  jobs_->AddPages(admin);
  admin.SetReadiness([this] { return Ready(); });
}

absl::StatusOr<std::unique_ptr<Backend>> Backend::Start(const ServerConfig& config,
                                                        base::Metrics& metrics) {
  if (const auto limit = base::RaiseFileLimit(); !limit.ok()) {
    base::LogWarn("{}", std::string(limit.status().message()));
  }
  std::unique_ptr<Backend> self(new Backend);
  self->grace_ = ToDuration(config.drain_grace);
  SLIPWAY_RETURN_IF_ERROR(self->OpenJobs(config, metrics));
  self->services_ = ServiceNames();
  self->health_ = std::make_shared<Health>(self->services_);

  SLIPWAY_ASSIGN_OR_RETURN(auto facts, FactUpstream::Start(config.facts, metrics));
  std::vector<rpc::Method> methods = ServiceMethods(config, *self->jobs_, std::move(facts));
  for (auto& more :
       {HealthMethods(self->health_), ChannelzMethods(), ReflectionMethods(self->services_)}) {
    methods.insert(methods.end(), more.begin(), more.end());
  }
  self->call_log_ = std::make_unique<CallLog>(metrics, methods);
  rpc::Dispatcher::Builder builder;
  for (rpc::Method& method : methods) builder.Add(std::move(method));
  self->direct_ = std::move(builder.Observe(self->call_log_.get())).Build();
  self->dispatcher_ = self->direct_;
  if (config.threading == Threading::kBlocking) {
    self->pool_ = std::make_unique<BlockingPool>(config.workers, self->direct_);
    SLIPWAY_RETURN_IF_ERROR(self->pool_->started());
    self->dispatcher_ = self->pool_->Dispatch();
  }
  SLIPWAY_ASSIGN_OR_RETURN(self->grpc_,
                           GrpcServer::Start({.listen = config.listen.ToString(),
                                              .threads = config.threads,
                                              .max_message_bytes = config.max_message_bytes},
                                             self->dispatcher_));
  self->jobs_->Start();
  return self;
}

Backend::~Backend() {
  if (grpc_ != nullptr) Drain();
}

absl::Status Backend::Ready() const {
  if (!health_->serving()) return absl::UnavailableError("draining");
  return jobs_->Health();
}

void Backend::SetNotReady() {
  if (drain_until_ != rpc::Time::max()) return;
  drain_until_ = rpc::Clock::now() + grace_;
  health_->SetServing(false);
  jobs_->EndWatching();
}

rpc::Duration Backend::GraceLeft() const {
  return std::max(rpc::Duration::zero(), drain_until_ - rpc::Clock::now());
}

void Backend::Drain() {
  SetNotReady();
  // At the same time: a job that takes long must not use up the grace of the calls in flight.
  std::thread jobs([this] { jobs_->Stop(absl::FromChrono(GraceLeft())); });
  grpc_->Drain(std::chrono::duration_cast<std::chrono::milliseconds>(GraceLeft()));
  jobs.join();
  grpc_.reset();
  pool_.reset();
  jobs_.reset();
}

}  // namespace slipway::server
