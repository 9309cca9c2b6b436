#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/store/database.h"
#include "jobs/store/store.h"

namespace slipway::jobs {

/// Jobs in the database of this process's data directory, which must outlive it. Opening the
/// database ends all leases, so that jobs a dead process was running are run again at once.
class SqliteStore : public Store {
 public:
  /// The tables; first of Database::Options::components.
  static Component Tables();

  explicit SqliteStore(Database& database);
  /// Waits until what was submitted to the database has been answered.
  ~SqliteStore() override;

  rpc::Task<absl::StatusOr<JobRow>> Submit(rpc::Executor& executor, NewJob job) override;
  rpc::Task<absl::StatusOr<JobRow>> Get(rpc::Executor& executor, std::string id) override;
  rpc::Task<absl::StatusOr<JobOutcome>> GetOutcome(rpc::Executor& executor,
                                                   std::string id) override;
  rpc::Task<absl::StatusOr<JobPage>> List(rpc::Executor& executor, int page_size,
                                          std::string page_token) override;
  rpc::Task<absl::StatusOr<std::optional<LeasedJob>>> LeaseNext(rpc::Executor& executor,
                                                                std::vector<std::string> kinds,
                                                                absl::Time now,
                                                                absl::Duration duration) override;
  rpc::Task<absl::Status> Complete(rpc::Executor& executor, std::string id, int64_t token,
                                   absl::Time now, JobResult result) override;
  rpc::Task<absl::Status> Fail(rpc::Executor& executor, std::string id, int64_t token,
                               absl::Time now, rpc::Status error) override;
  rpc::Task<absl::Status> Release(rpc::Executor& executor, std::string id, int64_t token) override;
  absl::StatusOr<std::vector<JobCount>> Count() override;
  absl::StatusOr<std::optional<absl::Time>> OldestWaiting(const std::string& kind) override;
  absl::Status Health() const override { return database_.Health(); }
  std::unique_ptr<Signal<const JobRow&>::Subscription> OnAccepted(
      std::function<void(const JobRow&)> callback) override {
    return accepted_.Subscribe(std::move(callback));
  }
  std::unique_ptr<Signal<>::Subscription> OnRunnable(std::function<void()> callback) override {
    return runnable_.Subscribe(std::move(callback));
  }

 private:
  void Committed(const CommitReport& report);

  Database& database_;
  Signal<const JobRow&> accepted_;
  Signal<> runnable_;
  // Of the present transaction; on the writer's thread only:
  std::vector<JobRow> inserted_;
  bool released_ = false;
  std::unique_ptr<Signal<const CommitReport&>::Subscription> commits_;
};

}  // namespace slipway::jobs
