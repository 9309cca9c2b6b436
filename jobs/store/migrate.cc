#include "jobs/store/migrate.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"

namespace slipway::jobs {
namespace {

/// The first component's version is in the file's head, where it can be read without any table.
absl::StatusOr<int64_t> ReadVersion(Connection& connection, const Component& component,
                                    bool is_first) {
  if (is_first) {
    Query query = connection.Ask("PRAGMA user_version");
    SLIPWAY_RETURN_IF_ERROR(query.Next().status());
    return query.Int(0);
  }
  Query query =
      connection.Ask("SELECT version FROM component_versions WHERE name = ?1", component.name);
  SLIPWAY_ASSIGN_OR_RETURN(const bool found, query.Next());
  return found ? query.Int(0) : 0;
}

absl::Status WriteVersion(Connection& connection, const Component& component, bool is_first,
                          int64_t version) {
  if (is_first) return connection.RunScript(absl::StrCat("PRAGMA user_version = ", version));
  return connection.Run("INSERT OR REPLACE INTO component_versions(name, version) VALUES(?1, ?2)",
                        component.name, version);
}

absl::Status TooNew(const std::string& path, const Component& component, int64_t version) {
  return base::MakeError(
      absl::StatusCode::kFailedPrecondition, base::Reason::kStoreFailed,
      absl::StrCat("database ", path, ": the schema of ", component.name, " has version ", version,
                   ", this program knows 0 to ", component.migrations.size(),
                   ": start the program that wrote it, or a newer one"));
}

/// A file that somebody else made is left alone.
absl::Status CheckOurs(Connection& connection, const std::string& path, int64_t version) {
  if (version != 0) return absl::OkStatus();
  Query query = connection.Ask("SELECT name FROM sqlite_schema LIMIT 1");
  SLIPWAY_ASSIGN_OR_RETURN(const bool found, query.Next());
  if (!found) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kFailedPrecondition, base::Reason::kStoreFailed,
                         absl::StrCat("database ", path, ": it holds tables of another program (",
                                      query.Bytes(0), "); give a file of its own"));
}

absl::Status Step(Connection& connection, const Component& component, bool is_first,
                  int64_t version) {
  SLIPWAY_RETURN_IF_ERROR(connection.RunScript("BEGIN IMMEDIATE"));
  absl::Status status =
      connection.RunScript(component.migrations[static_cast<size_t>(version - 1)]);
  if (status.ok()) status = WriteVersion(connection, component, is_first, version);
  if (status.ok()) status = connection.RunScript("COMMIT");
  if (!status.ok() && connection.in_transaction()) connection.RunScript("ROLLBACK").IgnoreError();
  return status;
}

}  // namespace

absl::Status Migrate(Connection& connection, const std::string& path,
                     const std::vector<Component>& components) {
  std::vector<int64_t> versions;
  for (size_t i = 0; i < components.size(); ++i) {
    if (i == 1) {
      SLIPWAY_RETURN_IF_ERROR(
          connection.RunScript("CREATE TABLE IF NOT EXISTS component_versions("
                               "name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT"));
    }
    SLIPWAY_ASSIGN_OR_RETURN(const int64_t version, ReadVersion(connection, components[i], i == 0));
    if (i == 0) SLIPWAY_RETURN_IF_ERROR(CheckOurs(connection, path, version));
    if (version < 0 || version > static_cast<int64_t>(components[i].migrations.size())) {
      return TooNew(path, components[i], version);
    }
    versions.push_back(version);
  }
  for (size_t i = 0; i < components.size(); ++i) {
    const auto newest = static_cast<int64_t>(components[i].migrations.size());
    for (int64_t version = versions[i] + 1; version <= newest; ++version) {
      SLIPWAY_RETURN_IF_ERROR(Step(connection, components[i], i == 0, version));
    }
  }
  for (const Component& component : components) {
    SLIPWAY_RETURN_IF_ERROR(connection.RunScript(component.at_open));
  }
  return absl::OkStatus();
}

}  // namespace slipway::jobs
