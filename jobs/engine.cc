#include "jobs/engine.h"

#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "jobs/store/memory_store.h"
#include "jobs/store/sqlite_store.h"
#include "jobs/work/greeting.h"

namespace slipway::jobs {
namespace {

constexpr char kSqlite[] = "sqlite:";
constexpr char kMemory[] = "memory:";

}  // namespace

absl::Status JobEngine::OpenStore(const Options& options) {
  if (options.store == kMemory) {
    store_ = std::make_unique<MemoryStore>();
    return absl::OkStatus();
  }
  const std::string path = absl::StartsWith(options.store, kSqlite)
                               ? options.store.substr(sizeof(kSqlite) - 1)
                               : std::string();
  if (path.empty() || path.back() == '/') {
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
  store_ = std::make_unique<SqliteStore>(*database_);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<JobEngine>> JobEngine::Open(Options options) {
  std::unique_ptr<JobEngine> engine(new JobEngine());
  if (options.metrics == nullptr) {
    engine->own_metrics_ = std::make_unique<base::Metrics>();
    options.metrics = engine->own_metrics_.get();
  }
  SLIPWAY_RETURN_IF_ERROR(engine->OpenStore(options));
  SLIPWAY_ASSIGN_OR_RETURN(engine->observer_, JobObserver::Make(*engine->store_, *options.metrics));
  if (engine->database_ != nullptr) {
    engine->commits_ = engine->database_->OnCommit(
        [observer = engine->observer_.get()](const CommitReport& report) {
          observer->Committed(report);
        });
  }
  engine->service_ = std::make_shared<JobService>(
      *engine->store_, JobService::Options{options.jobs_path, options.clock});
  options.handlers.emplace("greeting", GreetingHandler(std::chrono::duration_cast<rpc::Duration>(
                                           absl::ToChronoNanoseconds(options.greeting_delay))));
  options.worker.clock = options.clock;
  engine->worker_ = std::make_unique<Worker>(*engine->store_, *engine->observer_,
                                             std::move(options.handlers), options.worker);
  return engine;
}

}  // namespace slipway::jobs
