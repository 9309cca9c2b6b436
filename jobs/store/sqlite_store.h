#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/store/database.h"
#include "jobs/store/due_times.h"
#include "jobs/store/news.h"
#include "jobs/store/store.h"

namespace slipway::jobs {

/// Jobs in the database of this process's data directory, which must outlive it. Opening the
/// database ends all leases and all waits between attempts, so that jobs a dead process was running
/// are run again at once.
class SqliteStore : public Store {
 public:
  /// The tables; first of Database::Options::components.
  static Component Tables();

  /// One for a database. When the first look at its tables fails, Health() says so and nothing is
  /// written.
  explicit SqliteStore(Database& database, Limits limits = {});
  /// Waits until what was submitted to the database has been answered.
  ~SqliteStore() override;

  rpc::Task<absl::StatusOr<JobRow>> Submit(rpc::Executor& executor, NewJob job) override;
  rpc::Task<absl::StatusOr<std::optional<JobRow>>> FindByKey(rpc::Executor& executor,
                                                             std::string owner, std::string key,
                                                             std::string fingerprint) override;
  rpc::Task<absl::StatusOr<JobRow>> Get(rpc::Executor& executor, std::string id) override;
  rpc::Task<absl::StatusOr<JobOutcome>> GetOutcome(rpc::Executor& executor,
                                                   std::string id) override;
  rpc::Task<absl::StatusOr<JobPage>> List(rpc::Executor& executor, JobQuery query) override;
  rpc::Task<absl::StatusOr<LeaseAnswer>> LeaseNext(rpc::Executor& executor, std::string kind,
                                                   JobTime now, absl::Duration duration) override;
  rpc::Task<absl::Status> Extend(rpc::Executor& executor, std::string id, int64_t token,
                                 absl::Time until, int progress) override;
  rpc::Task<absl::Status> Complete(rpc::Executor& executor, std::string id, int64_t token,
                                   absl::Time now, JobResult result) override;
  rpc::Task<absl::Status> Fail(rpc::Executor& executor, std::string id, int64_t token,
                               absl::Time now, rpc::Status error) override;
  rpc::Task<absl::Status> Retry(rpc::Executor& executor, std::string id, int64_t token,
                                rpc::Status error, absl::Time wake) override;
  rpc::Task<absl::Status> Release(rpc::Executor& executor, std::string id, int64_t token) override;
  rpc::Task<absl::StatusOr<JobRow>> Cancel(rpc::Executor& executor, std::string id, absl::Time now,
                                           std::string message) override;
  rpc::Task<absl::Status> Delete(rpc::Executor& executor, std::string id) override;
  rpc::Task<absl::StatusOr<size_t>> Purge(rpc::Executor& executor, absl::Time now,
                                          size_t limit) override;
  absl::StatusOr<std::vector<JobCount>> Count() override;
  absl::StatusOr<std::optional<absl::Time>> OldestWaiting(const std::string& kind) override;
  const std::string& secret() const override { return secret_; }
  absl::Status Health() const override { return loaded_.ok() ? database_.Health() : loaded_; }
  std::unique_ptr<EventSignal::Subscription> OnEvent(
      std::function<void(absl::Span<const JobEvent>)> callback) override {
    return news_.OnEvent(std::move(callback));
  }
  std::unique_ptr<EventSignal::Subscription> OnEventLater(
      std::function<void(absl::Span<const JobEvent>)> callback) override {
    return news_.OnEventLater(std::move(callback));
  }
  std::unique_ptr<KindSignal::Subscription> OnRunnable(
      std::function<void(const std::string& kind)> callback) override {
    return news_.OnRunnable(std::move(callback));
  }

 private:
  absl::Status Load();
  /// Runs `work(connection, events)` on the writer's thread, in the next transaction.
  template <typename Result, typename Work>
  rpc::Task<Result> Write(rpc::Executor& executor, Work work);
  // All below on the writer's thread.
  absl::StatusOr<JobRow> Insert(Connection& connection, const NewJob& job,
                                std::vector<JobEvent>& events);
  void CountWaiting(size_t first_event);
  absl::Status WriteCounts(Connection& connection) const;
  void Committed(const CommitReport& report);
  void Answered();

  Database& database_;
  const Limits limits_;
  std::string secret_;
  StoreNews news_;
  // On the writer's thread only, once operations have begun:
  std::vector<JobEvent> events_;  // of the present transaction, by operations that succeeded
  DueTimes due_;
  int64_t waiting_ = 0;          // jobs in state kAccepted, with the present transaction
  int64_t waiting_on_disk_ = 0;  // without it
  absl::Status loaded_;
  std::unique_ptr<Signal<Connection&, absl::Status&>::Subscription> before_commits_;
  std::unique_ptr<Signal<const CommitReport&>::Subscription> commits_;
  std::unique_ptr<Signal<const CommitReport&>::Subscription> answers_;
};

}  // namespace slipway::jobs
