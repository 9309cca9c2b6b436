#pragma once

#include <vector>

#include "absl/status/status.h"
#include "jobs/store/database.h"

namespace slipway::jobs {

/// Brings every component's tables to the newest version this program knows, each step in a
/// transaction of its own, then runs their at_open. FAILED_PRECONDITION, before anything is
/// changed, when the file is newer.
absl::Status Migrate(Connection& connection, const std::string& path,
                     const std::vector<Component>& components);

}  // namespace slipway::jobs
