#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "jobs/store/database.h"
#include "jobs/store/sqlite_store.h"

namespace slipway::jobs {

/// A database file with the job store on it, as one process has them open.
class OpenedStore {
 public:
  /// The components of `options` are those of the job store if there are none.
  static absl::StatusOr<std::unique_ptr<OpenedStore>> Open(Database::Options options,
                                                           Store::Limits limits = {}) {
    if (options.components.empty()) options.components = {SqliteStore::Tables()};
    SLIPWAY_ASSIGN_OR_RETURN(auto database, Database::Open(std::move(options)));
    return std::unique_ptr<OpenedStore>(new OpenedStore(std::move(database), limits));
  }

  Database& database() { return *database_; }
  SqliteStore& store() { return store_; }

 private:
  OpenedStore(std::unique_ptr<Database> database, Store::Limits limits)
      : database_(std::move(database)), store_(*database_, limits) {}

  std::unique_ptr<Database> database_;
  SqliteStore store_;
};

/// "ok", or what is wrong with the file.
inline absl::StatusOr<std::string> CheckIntegrity(Database& database) {
  SLIPWAY_ASSIGN_OR_RETURN(Connection * reader, database.Reader());
  Query query = reader->Ask("PRAGMA integrity_check");
  SLIPWAY_RETURN_IF_ERROR(query.Next().status());
  return query.Bytes(0);
}

/// "ok", or a kind and state whose count is not the number of such jobs.
inline absl::StatusOr<std::string> CheckCounts(Database& database) {
  SLIPWAY_ASSIGN_OR_RETURN(Connection * reader, database.Reader());
  Query query = reader->Ask(
      "SELECT kind || ' ' || state || ': ' || sum(n) FROM (SELECT kind, state, n FROM job_counts "
      "UNION ALL SELECT kind, state, -count(*) FROM jobs GROUP BY kind, state) "
      "GROUP BY kind, state HAVING sum(n) <> 0 LIMIT 1");
  SLIPWAY_ASSIGN_OR_RETURN(const bool found, query.Next());
  return found ? query.Bytes(0) : std::string("ok");
}

}  // namespace slipway::jobs
