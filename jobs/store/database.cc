#include "jobs/store/database.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "jobs/store/migrate.h"

namespace slipway::jobs {
namespace {

// About 4 MB of log: long enough to let several groups share a checkpoint's sync, short enough that
// readers find their page quickly.
constexpr int kCheckpointPages = 1000;

std::atomic<uint64_t> next_serial{1};

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// An error as callers may see it: what is wrong with our files is for the log and for operators.
absl::Status ForCallers(const absl::Status& status) {
  using base::Reason;
  switch (base::ReasonOf(status)) {
    case Reason::kStoreFull:
      return base::MakeError(status.code(), Reason::kStoreFull,
                             "the job store has no room: its disk is full");
    case Reason::kStoreFailed:
      return base::MakeError(status.code(), Reason::kStoreFailed,
                             "the job store has failed and takes no more writes until a restart");
    default:
      return status;
  }
}

int NoteWalPages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::Open(Options options) {
  std::unique_ptr<Database> database(new Database(std::move(options)));
  SLIPWAY_RETURN_IF_ERROR(database->OpenFile());
  database->thread_ = std::thread([raw = database.get()] { raw->WriteLoop(); });
  return database;
}

Database::Database(Options options)
    : options_(std::move(options)), serial_(next_serial.fetch_add(1)) {}

absl::Status Database::OpenFile() {
  SLIPWAY_ASSIGN_OR_RETURN(lock_, DirectoryLock::Acquire(DirectoryOf(options_.path)));
  SLIPWAY_ASSIGN_OR_RETURN(file_, DatabaseFile::Hold(options_.path));
  SLIPWAY_ASSIGN_OR_RETURN(
      writer_, Connection::Open(options_.path, Connection::Mode::kWriter, options_.vfs));
  if (!options_.sync_each_commit) {
    SLIPWAY_RETURN_IF_ERROR(writer_->RunScript("PRAGMA synchronous=NORMAL"));
  }
  SLIPWAY_RETURN_IF_ERROR(Migrate(*writer_, options_.path, options_.components));
  sqlite3_wal_hook(writer_->handle(), &NoteWalPages, &wal_pages_);
  return absl::OkStatus();
}

Database::~Database() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  waiting_.notify_all();
  if (thread_.joinable()) thread_.join();
  readers_.clear();
  // Closing the last connection checkpoints, which must not touch a file in doubt.
  if (writer_ != nullptr && !failure_.ok()) {
    sqlite3_db_config(writer_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
}

absl::Status Database::Health() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Database::Flush() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return queue_.empty() && !writing_; });
}

absl::Status Database::Enqueue(std::unique_ptr<Operation> operation) {
  using base::Reason;
  {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return ForCallers(failure_);
    if (closing_) {
      return base::MakeError(absl::StatusCode::kUnavailable, Reason::kShuttingDown,
                             "the job store is closing");
    }
    if (queue_.size() >= options_.max_waiting) {
      return base::MakeError(
          absl::StatusCode::kResourceExhausted, Reason::kQueueFull,
          absl::StrCat("the job store has ", queue_.size(), " writes waiting, which is its limit"));
    }
    queue_.push_back(Entry{std::move(operation), absl::OkStatus()});
    if (queue_.size() > 1) return absl::OkStatus();  // the writer has been told
  }
  waiting_.notify_one();
  return absl::OkStatus();
}

void Database::WriteLoop() {
  std::vector<Entry> group;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      waiting_.wait(lock, [this] { return closing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      group.swap(queue_);
      writing_ = true;
    }
    CommitGroup(absl::MakeSpan(group));
    group.clear();
    CheckpointIfLong();
    {
      const std::lock_guard lock(mutex_);
      writing_ = false;
    }
    idle_.notify_all();
  }
}

void Database::CommitGroup(absl::Span<Entry> group) {
  CommitReport report = TryGroup(group);
  if (absl::IsResourceExhausted(report.status) && MakeRoom()) report = TryGroup(group);
  if (!absl::IsResourceExhausted(report.status)) return Answer(group, report);
  if (group.size() == 1) return Answer(group, report);
  // One operation that needs more room than there is must not take the others with it: what frees
  // room, or needs none, may still succeed.
  for (size_t i = 0; i < group.size(); ++i) {
    const absl::Span<Entry> alone = group.subspan(i, 1);
    Answer(alone, TryGroup(alone));
  }
}

CommitReport Database::TryGroup(absl::Span<Entry> group) {
  CommitReport report{group.size(), Health()};
  if (report.status.ok()) {
    report.status = ApplyGroup(group);
    NoteFailure(writer_->broken());
    // Written to a file that is gone is written to nothing.
    if (report.status.ok()) NoteFailure(file_->CheckInPlace());
    // A commit that said OK is not believed when the connection has broken on the way.
    if (report.status.ok()) report.status = Health();
  }
  committed_.Notify(report);
  return report;
}

void Database::Answer(absl::Span<Entry> group, const CommitReport& report) {
  NoteRoom(!absl::IsResourceExhausted(report.status));
  for (Entry& entry : group) {
    entry.operation->Answer(ForCallers(report.status.ok() ? entry.status : report.status));
  }
  answered_.Notify(report);
}

absl::Status Database::ApplyGroup(absl::Span<Entry> group) {
  absl::Status status = writer_->Run("BEGIN IMMEDIATE");
  for (size_t i = 0; status.ok() && i < group.size(); ++i) status = ApplyOne(group[i]);
  if (status.ok()) before_commit_.Notify(*writer_, status);
  if (status.ok()) status = writer_->Run("COMMIT");
  if (!status.ok() && writer_->in_transaction()) writer_->Run("ROLLBACK").IgnoreError();
  return status;
}

/// An error of the operation is kept in its entry; an error that is returned ends the group.
absl::Status Database::ApplyOne(Entry& entry) {
  SLIPWAY_RETURN_IF_ERROR(writer_->Run("SAVEPOINT operation"));
  entry.status = entry.operation->Apply(*writer_);
  // A full disk, for instance, may roll back the whole transaction.
  if (!writer_->in_transaction()) return entry.status;
  if (!entry.status.ok()) SLIPWAY_RETURN_IF_ERROR(writer_->Run("ROLLBACK TO operation"));
  return writer_->Run("RELEASE operation");
}

void Database::NoteFailure(const absl::Status& failure) {
  if (failure.ok()) return;
  const std::lock_guard lock(mutex_);
  if (!failure_.ok()) return;
  failure_ =
      base::MakeError(absl::StatusCode::kUnavailable, base::Reason::kStoreFailed,
                      absl::StrCat("the job store takes no more writes until a restart, after: ",
                                   failure.message()));
  base::LogError("{}", std::string(failure_.message()));
}

void Database::NoteRoom(bool has_room) {
  if (has_room == has_room_) return;
  has_room_ = has_room;
  if (has_room) {
    base::LogInfo("the job store has room again");
  } else {
    base::LogError("database {}: the disk is full; nothing that needs room is acknowledged",
                   options_.path);
  }
}

/// True if all of the log is in the file then.
absl::StatusOr<bool> Database::Checkpoint() {
  absl::StatusOr<bool> all = writer_->Checkpoint();
  checkpointed_pages_ = wal_pages_;
  NoteFailure(writer_->broken());
  return all;
}

/// On a full disk the log cannot grow, but once all of it is in the file it is written from its
/// start again. True if it is there, which takes no room unless there are new pages among it.
bool Database::MakeRoom() { return Checkpoint().value_or(false); }

void Database::CheckpointIfLong() {
  if (wal_pages_ < checkpointed_pages_) checkpointed_pages_ = 0;  // the log began anew
  if (wal_pages_ - checkpointed_pages_ < kCheckpointPages) return;
  const absl::Status status = Checkpoint().status();
  if (!status.ok()) base::LogError("{}", std::string(status.message()));
}

absl::Status Database::NoteReadError(const absl::Status& error) {
  const std::string text(error.message());
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    // Everybody who asks would be told the same.
    news = std::exchange(read_error_, text) != text;
  }
  if (news) base::LogError("{}", text);
  return ForCallers(error);
}

absl::StatusOr<std::unique_ptr<Connection>> Database::OpenReader() {
  auto reader = Connection::Open(options_.path, Connection::Mode::kReader, options_.vfs);
  if (!reader.ok()) return NoteReadError(reader.status());
  (*reader)->ShowErrors([this](const absl::Status& error) { return NoteReadError(error); });
  return reader;
}

absl::StatusOr<Connection*> Database::Reader() {
  struct Cached {
    uint64_t serial = 0;
    Connection* connection = nullptr;
  };
  thread_local Cached cached;
  if (cached.serial == serial_) return cached.connection;
  const std::lock_guard lock(readers_mutex_);
  std::unique_ptr<Connection>& reader = readers_[std::this_thread::get_id()];
  if (reader == nullptr) {
    SLIPWAY_ASSIGN_OR_RETURN(reader, OpenReader());
  }
  cached = Cached{serial_, reader.get()};
  return reader.get();
}

}  // namespace slipway::jobs
