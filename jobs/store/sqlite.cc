#include "jobs/store/sqlite.h"

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/reason.h"
#include "base/status_macros.h"

namespace slipway::jobs {
namespace {

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

/// There was no room for a write, which SQLite itself knows only of a full disk and of files other
/// than its index of the log. Nothing of the transaction counts then, not even if the part of it
/// that is in the log is a whole: the next transaction overwrites that.
bool IsFull(int code, int system_error) {
  if ((code & 0xff) == SQLITE_FULL) return true;
  return (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE) &&
         (system_error == ENOSPC || system_error == EDQUOT);
}

/// Errors after which memory and disk may differ, so that going on would promise too much.
bool Breaks(int code) {
  switch (code & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
      return true;
    default:
      return false;
  }
}

absl::Status ToStatus(int code, bool full, std::string message) {
  using base::Reason;
  if (full) {
    return base::MakeError(absl::StatusCode::kResourceExhausted, Reason::kStoreFull, message);
  }
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
    return base::MakeError(absl::StatusCode::kAlreadyExists, Reason::kConflict, message);
  }
  return base::MakeError(absl::StatusCode::kUnavailable, Reason::kStoreFailed, message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& path, Mode mode,
                                                             const std::string& vfs) {
  const int access =
      mode == Mode::kWriter ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                      vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<Connection> connection(new Connection(handle, path));
  if (code != SQLITE_OK) return connection->Error(code, "opening");
  // SQLite falls back to reading only where it may not write.
  if (mode == Mode::kWriter && sqlite3_db_readonly(handle, "main") == 1) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, base::Reason::kStoreFailed,
                           absl::StrCat("database ", path, ": this process may not write to it"));
  }
  SLIPWAY_RETURN_IF_ERROR(connection->Configure(mode));
  return connection;
}

Connection::~Connection() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

absl::Status Connection::Configure(Mode mode) {
  sqlite3_busy_timeout(handle_, 5000);
  // mmap would turn an I/O error into a signal; autocheckpoint would checkpoint inside a commit.
  SLIPWAY_RETURN_IF_ERROR(
      RunScript("PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY"));
  if (mode == Mode::kReader) {
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return RunScript("PRAGMA query_only=1");
  }
  {
    Query journal = Ask("PRAGMA journal_mode=WAL");
    SLIPWAY_RETURN_IF_ERROR(journal.Next().status());
    if (journal.Bytes(0) != "wal") {
      return base::MakeError(absl::StatusCode::kFailedPrecondition, base::Reason::kStoreFailed,
                             absl::StrCat("database ", path_, ": journal mode is ",
                                          journal.Bytes(0), ", but wal is needed"));
    }
  }
  // FULL: the log is synced at each commit. NORMAL would forget acknowledged commits on power loss.
  return RunScript("PRAGMA synchronous=FULL");
}

absl::Status Connection::Error(int code, std::string_view doing) {
  const bool full = IsFull(code, errno);  // SQLite forgets it when it is COMMIT that fails
  const absl::Status status =
      ToStatus(code, full,
               absl::StrCat("database ", path_, ": ", ToAbsl(doing), ": ",
                            handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_),
                            " (SQLite code ", code, ")"));
  if (broken_.ok() && !full && Breaks(code)) broken_ = status;
  return shown_ ? shown_(status) : status;
}

absl::Status Connection::RunScript(const std::string& sql) {
  errno = 0;
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code, sql);
}

absl::StatusOr<bool> Connection::Checkpoint() {
  int pages = 0;
  int moved = 0;
  errno = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
  if (code == SQLITE_BUSY) return false;
  if (code != SQLITE_OK) return Error(code, "checkpoint");
  return moved == pages;
}

std::pair<sqlite3_stmt*, int> Connection::Prepare(std::string_view sql) {
  const auto found = statements_.find(ToAbsl(sql));
  if (found != statements_.end()) return {found->second, SQLITE_OK};
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code == SQLITE_OK) statements_.emplace(sql, statement);
  return {statement, code};
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

absl::StatusOr<bool> Query::Next() {
  if (error_ != SQLITE_OK) return connection_.Error(error_, "preparing a statement");
  errno = 0;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return connection_.Error(code, sqlite3_sql(statement_));
}

std::string_view Query::View(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

int Query::Bind(int index, std::string_view text) {
  return sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(),
                             text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

int Query::Bind(int index, Blob blob) {
  // A null pointer would bind NULL.
  return sqlite3_bind_blob64(statement_, index, blob.bytes.empty() ? "" : blob.bytes.data(),
                             blob.bytes.size(), SQLITE_STATIC);
}

}  // namespace slipway::jobs
