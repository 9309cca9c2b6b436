#pragma once

#include "jobs/store/database.h"

namespace slipway::jobs {

/// The tables of the job store: what each version of them changed, and what opening them voids.
Component JobTables();

}  // namespace slipway::jobs
