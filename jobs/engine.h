#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/admin.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "jobs/admin_page.h"
#include "jobs/config.h"
#include "jobs/delivery/token_job_service.h"
#include "jobs/observer.h"
#include "jobs/service/job_service.h"
#include "jobs/store/database.h"
#include "jobs/store/store.h"
#include "jobs/work/call_targets.h"
#include "jobs/work/handler.h"
#include "jobs/work/worker.h"
#include "outbound/allow_list.h"
#include "outbound/http_client.h"
#include "rpc/dispatcher.h"

namespace slipway::jobs {

/// Everything about jobs in one process: the store, the services in front of it, the worker behind
/// it, and what the worker calls. Owned by main. Whoever uses the services or the store must be
/// gone before the engine is.
class JobEngine {
 public:
  struct Options {
    /// Where jobs live: `sqlite:PATH`, or `memory:`, which forgets them with the process.
    std::string store = "sqlite:./slipway-data/slipway.db";
    /// Tables of others in the same database, with `sqlite:`.
    std::vector<Component> components;
    std::string jobs_path = "/v1/jobs";
    JobConfig config;
    /// Full names of this process's services, linked in, whose methods `call` jobs may call.
    std::vector<std::string> services;
    /// Where those are served; asked once, by Start. May be null without services.
    std::function<std::shared_ptr<const rpc::Dispatcher>()> dispatcher;
    /// Other servers that `call` jobs may reach.
    std::vector<CallTargets::Target> targets;
    /// How long the job kind `greeting` takes.
    absl::Duration greeting_delay = absl::ZeroDuration();
    /// More kinds; one of the same name replaces a built-in one.
    JobHandlers handlers;
    /// Outlives the engine; null: nobody counts.
    base::Metrics* metrics = nullptr;
    const base::WallClock* clock = &base::WallClock::System();
  };

  /// INVALID_ARGUMENT, naming `store`, for a value that is neither; FAILED_PRECONDITION, naming the
  /// file or directory, when it cannot be had.
  static absl::StatusOr<std::unique_ptr<JobEngine>> Open(Options options);

  JobEngine(const JobEngine&) = delete;
  JobEngine& operator=(const JobEngine&) = delete;
  /// Stops without grace, then commits what waits and closes the store.
  ~JobEngine();

  /// Connects the targets and begins to run jobs, those of an earlier process too.
  void Start();
  /// Ends the streams of those who watch jobs, which would hold up whoever waits for calls to end.
  void EndWatching() { service_->Stop(); }
  /// Runs no new jobs, lets running ones end for `grace`, gives the others back. The store still
  /// answers.
  void Stop(absl::Duration grace);

  /// slipway.v1.Jobs and slipway.v1.TokenJobs, for a Dispatcher.
  std::vector<rpc::Method> Methods();
  /// Pages for operators: `/jobs`, and `/v1/jobs` with everybody's jobs.
  void AddPages(base::AdminServer& admin);

  Store& store() { return *store_; }
  /// The database shared with other components; null with `memory:`.
  Database* database() { return database_.get(); }
  /// OK while submissions can be acknowledged; for readiness.
  absl::Status Health() const { return store_->Health(); }

 private:
  JobEngine() = default;
  absl::Status OpenStore(const Options& options);
  absl::Status MakeTargets(const Options& options);
  void MakeServices(const Options& options, outbound::AllowList callbacks);
  void MakeWorker(Options& options);

  // In this order: each uses those above it.
  std::unique_ptr<base::Metrics> own_metrics_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<JobObserver> observer_;
  std::unique_ptr<Signal<const CommitReport&>::Subscription> commits_;
  std::unique_ptr<outbound::HttpClient> http_;
  std::shared_ptr<CallTargets> targets_;
  std::shared_ptr<JobService> service_;
  std::shared_ptr<TokenJobService> token_service_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<JobPages> pages_;
  const base::WallClock* clock_ = nullptr;
};

}  // namespace slipway::jobs
