#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace slipway::jobs {

/// Bytes to bind as a BLOB. They are not copied: they must outlive the query.
struct Blob {
  std::string_view bytes;
};

class Query;

/// One SQLite connection with its prepared statements. Used by one thread at a time.
///
/// Errors: RESOURCE_EXHAUSTED (reason store_full) for a full disk, quota or database,
/// ALREADY_EXISTS (conflict) for a broken uniqueness, else UNAVAILABLE (store_failed).
class Connection {
 public:
  enum class Mode {
    kWriter,  // creates the file; the only one that may write or checkpoint
    kReader,  // cannot write, does not checkpoint
  };
  /// `vfs`: the name of a registered one, empty for the default. Errors name `path`.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& path, Mode mode,
                                                          const std::string& vfs);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Binds `arguments` to ?1, ?2, …: text (std::string_view), int64_t, absl::Time, Blob,
  /// std::nullopt or an std::optional of these. `sql` is one statement, prepared once.
  template <typename... Arguments>
  Query Ask(std::string_view sql, const Arguments&... arguments);
  /// Runs a statement that has no rows.
  template <typename... Arguments>
  absl::Status Run(std::string_view sql, const Arguments&... arguments);
  /// Runs one statement after the other; for migrations and pragmas.
  absl::Status RunScript(const std::string& sql);

  /// Rows that the last INSERT, UPDATE or DELETE changed.
  int64_t changed_rows() const { return sqlite3_changes64(handle_); }
  /// False when no transaction is open: some errors roll it back.
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  sqlite3* handle() const { return handle_; }

  /// Moves what can be moved from the log to the file, without waiting. True if that was all.
  absl::StatusOr<bool> Checkpoint();

  /// The error of a failed call on this connection that began with errno 0 and was the last one;
  /// remembered if it is one after which what is on disk is not known (an I/O error, a damaged
  /// file).
  absl::Status Error(int code, std::string_view doing);
  /// From now on errors are answered as `shown` makes them of what Error would answer.
  void ShowErrors(std::function<absl::Status(const absl::Status&)> shown) {
    shown_ = std::move(shown);
  }
  /// The first remembered error, or OK.
  const absl::Status& broken() const { return broken_; }

 private:
  friend class Query;
  Connection(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  absl::Status Configure(Mode mode);
  /// Answers {statement or null, code}.
  std::pair<sqlite3_stmt*, int> Prepare(std::string_view sql);

  sqlite3* handle_;
  std::string path_;
  absl::Status broken_;
  std::function<absl::Status(const absl::Status&)> shown_;
  absl::flat_hash_map<std::string, sqlite3_stmt*> statements_;
};

/// One run of a prepared statement: bound when made, stepped by Next, reset when destroyed. Belongs
/// to the thread of its connection. Only one Query of the same text may live at a time.
class Query {
 public:
  template <typename... Arguments>
  Query(Connection& connection, std::string_view sql, const Arguments&... arguments)
      : connection_(connection) {
    std::tie(statement_, error_) = connection.Prepare(sql);
    int index = 0;
    if (statement_ != nullptr) (Note(Bind(++index, arguments)), ...);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  /// True while there is a row to read.
  absl::StatusOr<bool> Next();

  int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
  bool IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  /// TEXT or BLOB; a copy.
  std::string Bytes(int column) const { return std::string(View(column)); }
  /// The same until the next step.
  std::string_view View(int column) const;
  absl::Time Time(int column) const { return absl::FromUnixMicros(Int(column)); }
  std::optional<absl::Time> OptionalTime(int column) const {
    return IsNull(column) ? std::nullopt : std::optional<absl::Time>(Time(column));
  }

 private:
  int Bind(int index, std::nullopt_t) { return sqlite3_bind_null(statement_, index); }
  int Bind(int index, int64_t value) { return sqlite3_bind_int64(statement_, index, value); }
  int Bind(int index, absl::Time value) { return Bind(index, absl::ToUnixMicros(value)); }
  int Bind(int index, std::string_view text);
  int Bind(int index, Blob blob);
  template <typename T>
  int Bind(int index, const std::optional<T>& value) {
    return value ? Bind(index, *value) : Bind(index, std::nullopt);
  }
  void Note(int code) {
    if (error_ == SQLITE_OK) error_ = code;
  }

  Connection& connection_;
  sqlite3_stmt* statement_;  // owned by the connection; null when it could not be prepared
  int error_;                // of preparing or binding, told by Next
};

template <typename... Arguments>
Query Connection::Ask(std::string_view sql, const Arguments&... arguments) {
  return Query(*this, sql, arguments...);
}

template <typename... Arguments>
absl::Status Connection::Run(std::string_view sql, const Arguments&... arguments) {
  Query query(*this, sql, arguments...);
  return query.Next().status();
}

}  // namespace slipway::jobs
