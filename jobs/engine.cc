#include "jobs/engine.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "jobs/store/memory_store.h"
#include "jobs/store/sqlite_store.h"
#include "jobs/work/call_handler.h"
#include "jobs/work/greeting.h"
#include "jobs/work/lease_clock.h"
#include "rpc/in_process.h"
#include "schema/loader.h"

namespace slipway::jobs {
namespace {

constexpr char kSqlite[] = "sqlite:";
constexpr char kMemory[] = "memory:";

WorkerOptions OptionsOf(const JobConfig& config, const base::WallClock* clock) {
  WorkerOptions options;
  options.concurrency = config.ConcurrencyByKind();
  if (const auto others = options.concurrency.extract(""); !others.empty()) {
    options.default_concurrency = others.mapped();
  }
  options.lease = config.lease;
  options.attempt_timeout = config.attempt_timeout;
  options.backoff.first = config.backoff;
  options.retry = config.RetryCodes();
  options.clock = clock;
  return options;
}

/// `path` however it was given, for who looks for the file.
std::string WholePath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  return error ? path : whole.lexically_normal().string();
}

/// This process, as one more server to call.
absl::StatusOr<CallTargets::Target> Self(const JobEngine::Options& options) {
  CallTargets::Target self;
  self.connect = [dispatcher = options.dispatcher](rpc::IoExecutor& executor) {
    return std::make_unique<rpc::InProcessUpstream>(dispatcher(), executor);
  };
  SLIPWAY_ASSIGN_OR_RETURN(self.schema, schema::FromLinkedPool(options.services));
  return self;
}

}  // namespace

JobEngine::~JobEngine() { Stop(absl::ZeroDuration()); }

absl::Status JobEngine::OpenStore(const Options& options) {
  Store::Limits limits;
  limits.max_waiting = options.config.queue_limit;
  if (options.store == kMemory) {
    base::LogInfo("jobs are kept in memory and end with this process");
    store_ = std::make_unique<MemoryStore>(limits);
    return absl::OkStatus();
  }
  const std::string path = absl::StartsWith(options.store, kSqlite)
                               ? options.store.substr(sizeof(kSqlite) - 1)
                               : std::string();
  // Names of SQLite's own that are no files would not be durable.
  const bool is_file =
      !path.empty() && path.back() != '/' && path[0] != ':' && !absl::StartsWith(path, "file:");
  if (!is_file) {
    // Only what stands before the colon: the rest may hold a password.
    return base::MakeError(
        absl::StatusCode::kInvalidArgument, base::Reason::kBadField,
        absl::StrCat("store: \"", options.store.substr(0, options.store.find(':')),
                     ":…\" is not one that is known; allowed: sqlite:PATH of a "
                     "file, memory:"));
  }
  Database::Options database;
  database.path = path;
  database.components.push_back(SqliteStore::Tables());
  for (const Component& component : options.components) database.components.push_back(component);
  SLIPWAY_ASSIGN_OR_RETURN(database_, Database::Open(std::move(database)));
  base::LogInfo("everything durable is kept in {}", WholePath(path));
  store_ = std::make_unique<SqliteStore>(*database_, limits);
  return store_->Health();
}

absl::Status JobEngine::MakeTargets(const Options& options) {
  CallTargets::Options calls;
  calls.targets = options.targets;
  calls.allow = options.config.allow;
  if (!options.services.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(CallTargets::Target self, Self(options));
    calls.targets.push_back(std::move(self));
  }
  targets_ = std::make_shared<CallTargets>(std::move(calls));
  return absl::OkStatus();
}

void JobEngine::MakeServices(const Options& options, outbound::AllowList callbacks) {
  JobService::Options service;
  service.jobs_path = options.jobs_path;
  service.clock = options.clock;
  service.list_public = options.config.list_public;
  service.check_call = [targets = targets_](const v1::Call& call) { return targets->Check(call); };
  service.observer = observer_.get();
  service_ = std::make_shared<JobService>(*store_, std::move(service));

  http_ = std::make_unique<outbound::HttpClient>();
  TokenJobService::Options tokens;
  tokens.allow = std::make_shared<const outbound::AllowList>(std::move(callbacks));
  tokens.timeout = options.config.callback_timeout;
  tokens.clock = options.clock;
  tokens.metrics = options.metrics;
  tokens.observer = observer_.get();
  token_service_ = std::make_shared<TokenJobService>(*store_, *http_, std::move(tokens));
}

void JobEngine::MakeWorker(Options& options) {
  worker_ = std::make_unique<Worker>(*store_, OptionsOf(options.config, options.clock));
  worker_->AddHandler("greeting", GreetingHandler(ToSteady(options.greeting_delay)));
  worker_->AddHandler("call", CallHandler(targets_, options.config.RetryCodes()));
  for (auto& [kind, handler] : options.handlers) worker_->AddHandler(kind, std::move(handler));
}

absl::StatusOr<std::unique_ptr<JobEngine>> JobEngine::Open(Options options) {
  SLIPWAY_ASSIGN_OR_RETURN(outbound::AllowList callbacks,
                           outbound::AllowList::Parse(options.config.callback_allow));
  std::unique_ptr<JobEngine> engine(new JobEngine());
  engine->clock_ = options.clock;
  if (options.metrics == nullptr) {
    engine->own_metrics_ = std::make_unique<base::Metrics>();
    options.metrics = engine->own_metrics_.get();
  }
  SLIPWAY_RETURN_IF_ERROR(engine->OpenStore(options));
  SLIPWAY_ASSIGN_OR_RETURN(engine->observer_,
                           JobObserver::Make(*engine->store_, *options.metrics, *options.clock));
  if (engine->database_ != nullptr) {
    engine->commits_ = engine->database_->OnCommit(
        [observer = engine->observer_.get()](const CommitReport& report) {
          observer->Committed(report);
        });
  }
  SLIPWAY_RETURN_IF_ERROR(engine->MakeTargets(options));
  engine->MakeServices(options, std::move(callbacks));
  engine->MakeWorker(options);
  return engine;
}

void JobEngine::Start() {
  targets_->Start(worker_->executor());
  worker_->Start();
}

void JobEngine::Stop(absl::Duration grace) {
  if (worker_ == nullptr) return;
  const rpc::Time end = rpc::Clock::now() + ToSteady(grace);
  EndWatching();
  worker_->Stop(grace);
  token_service_->Stop(std::max(absl::ZeroDuration(), absl::FromChrono(end - rpc::Clock::now())));
  // Nothing runs on the worker's thread any more: what lived there goes here.
  targets_->Stop();
}

std::vector<rpc::Method> JobEngine::Methods() {
  std::vector<rpc::Method> methods = JobMethods(service_);
  for (rpc::Method& method : TokenJobMethods(token_service_)) {
    methods.push_back(std::move(method));
  }
  return methods;
}

void JobEngine::AddPages(base::AdminServer& admin) {
  pages_ = std::make_unique<JobPages>(admin, *store_, *clock_);
}

}  // namespace slipway::jobs
