#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "jobs/store/database_file.h"
#include "jobs/store/directory_lock.h"
#include "jobs/store/signal.h"
#include "jobs/store/sqlite.h"
#include "rpc/completion.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::jobs {

/// Tables that belong together, and how they came to be.
struct Component {
  std::string name;
  /// SQL scripts in order; the n-th brings version n-1 to version n. Append, never change.
  std::vector<std::string> migrations;
  /// SQL to run whenever a process opens the file, after the migrations; may be empty.
  std::string at_open = {};
};

/// One transaction of the writer, as its observers see it.
struct CommitReport {
  size_t operations = 0;
  absl::Status status;  // an error: none of the operations happened
};

/// The one SQLite file of a data directory: its lock, its migrations, its writer thread, and a
/// read-only connection for each thread that reads. The job store and other tables of the process
/// share it, so that one writer orders everything. Any thread may use it.
///
/// The writer takes all operations that wait, commits them as one transaction and then answers
/// each: one sync to disk pays for the whole group. An operation that fails is rolled back alone.
/// After an error that leaves in doubt what is on disk (a failed sync) nothing is acknowledged any
/// more until the process starts anew and reads what is really there. The writer alone checkpoints:
/// two connections doing that at once may damage the file with SQLite before 3.51.3.
class Database {
 public:
  struct Options {
    /// The file; its directory is the data directory.
    std::string path;
    /// The version of the first is `PRAGMA user_version`, those of the others are in a table.
    std::vector<Component> components;
    /// Operations that may wait for the writer; more are refused with queue_full.
    size_t max_waiting = 100'000;
    /// Name of a registered SQLite VFS, for tests; empty: the default.
    std::string vfs;
    /// False, for tests only, does not sync at each commit: power loss then takes what was
    /// acknowledged.
    bool sync_each_commit = true;
  };

  /// Locks the directory and the file, opens or creates the file, migrates it. FAILED_PRECONDITION,
  /// naming file or directory, when another process has it, when it cannot be written, or when its
  /// schema is newer than this program.
  static absl::StatusOr<std::unique_ptr<Database>> Open(Options options);

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  /// Commits what waits, then closes. Nobody may read or write any more.
  ~Database();

  /// Runs `work` on the writer's thread inside the next transaction and resumes on `executor` with
  /// its answer once that is on disk. `Result` is absl::Status or an absl::StatusOr; an error rolls
  /// back what `work` did. `work` may run again when its group did not fit on the disk.
  template <typename Result>
  rpc::Task<Result> Write(rpc::Executor& executor, absl::AnyInvocable<Result(Connection&)> work) {
    auto completion = std::make_shared<rpc::Completion<Result>>(executor);
    const absl::Status queued =
        Enqueue(std::make_unique<TypedOperation<Result>>(completion, std::move(work)));
    if (!queued.ok()) co_return queued;
    auto wait = rpc::Completion<Result>::Wait(std::move(completion));
    co_return co_await std::move(wait);
  }

  /// The calling thread's read-only connection, opened on first use. Valid while the database is.
  /// Its errors, and this one's, are those that callers may see; the log has what is wrong.
  absl::StatusOr<Connection*> Reader();

  /// `callback` runs on the writer's thread after each transaction, before its operations are
  /// answered: see Signal.
  std::unique_ptr<Signal<const CommitReport&>::Subscription> OnCommit(
      std::function<void(const CommitReport&)> callback) {
    return committed_.Subscribe(std::move(callback));
  }

  /// As OnCommit, after the operations were answered: for what nobody waits for. Not of a group
  /// that is tried again.
  std::unique_ptr<Signal<const CommitReport&>::Subscription> OnAnswered(
      std::function<void(const CommitReport&)> callback) {
    return answered_.Subscribe(std::move(callback));
  }

  /// `callback` runs on the writer's thread inside each transaction, after its operations and
  /// before it is committed: for what is written once for all of them. It may set the status, OK so
  /// far, to an error: then none of the operations happens.
  std::unique_ptr<Signal<Connection&, absl::Status&>::Subscription> OnBeforeCommit(
      std::function<void(Connection&, absl::Status&)> callback) {
    return before_commit_.Subscribe(std::move(callback));
  }

  /// Blocks until no operation waits or runs. For who has operations that refer to it, before it
  /// goes.
  void Flush();

  /// OK while writes can succeed.
  absl::Status Health() const;
  const std::string& path() const { return options_.path; }

 private:
  class Operation {
   public:
    virtual ~Operation() = default;
    virtual absl::Status Apply(Connection& connection) = 0;
    /// `status` is Apply's, or why the whole group failed.
    virtual void Answer(absl::Status status) = 0;
  };

  template <typename Result>
  class TypedOperation : public Operation {
   public:
    TypedOperation(std::shared_ptr<rpc::Completion<Result>> completion,
                   absl::AnyInvocable<Result(Connection&)> work)
        : completion_(std::move(completion)), work_(std::move(work)) {}
    absl::Status Apply(Connection& connection) override {
      result_.emplace(work_(connection));
      return StatusOf(*result_);
    }
    void Answer(absl::Status status) override {
      completion_->Resolve(status.ok() ? std::move(*result_) : Result(std::move(status)));
    }

   private:
    static absl::Status StatusOf(const absl::Status& result) { return result; }
    template <typename T>
    static absl::Status StatusOf(const absl::StatusOr<T>& result) {
      return result.status();
    }
    std::shared_ptr<rpc::Completion<Result>> completion_;
    absl::AnyInvocable<Result(Connection&)> work_;
    std::optional<Result> result_;
  };

  struct Entry {
    std::unique_ptr<Operation> operation;
    absl::Status status;
  };

  explicit Database(Options options);
  absl::Status OpenFile();
  absl::StatusOr<std::unique_ptr<Connection>> OpenReader();
  /// Tells the log; answers what callers may see. Any thread.
  absl::Status NoteReadError(const absl::Status& error);
  absl::Status Enqueue(std::unique_ptr<Operation> operation);
  // All below on the writer's thread.
  void WriteLoop();
  void CommitGroup(absl::Span<Entry> group);
  CommitReport TryGroup(absl::Span<Entry> group);
  void Answer(absl::Span<Entry> group, const CommitReport& report);
  absl::Status ApplyGroup(absl::Span<Entry> group);
  absl::Status ApplyOne(Entry& entry);
  absl::StatusOr<bool> Checkpoint();
  bool MakeRoom();
  void CheckpointIfLong();
  void NoteFailure(const absl::Status& failure);
  void NoteRoom(bool has_room);

  const Options options_;
  const uint64_t serial_;  // tells the threads' cached readers of different databases apart
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<DatabaseFile> file_;
  std::unique_ptr<Connection> writer_;
  bool has_room_ = true;
  int wal_pages_ = 0;
  int checkpointed_pages_ = 0;
  Signal<Connection&, absl::Status&> before_commit_;
  Signal<const CommitReport&> committed_;
  Signal<const CommitReport&> answered_;

  mutable std::mutex mutex_;
  std::condition_variable waiting_;
  std::condition_variable idle_;
  std::vector<Entry> queue_;  // guarded by mutex_
  bool writing_ = false;      // guarded by mutex_
  bool closing_ = false;      // guarded by mutex_
  absl::Status failure_;      // guarded by mutex_
  std::string read_error_;    // the last one that the log has; guarded by mutex_

  std::mutex readers_mutex_;
  std::map<std::thread::id, std::unique_ptr<Connection>> readers_;  // guarded by readers_mutex_

  std::thread thread_;
};

}  // namespace slipway::jobs
