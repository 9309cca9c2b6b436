#pragma once

#include <memory>

#include "base/admin.h"
#include "base/clock.h"
#include "jobs/store/store.h"

namespace slipway::jobs {

/// Everybody's jobs, for operators, on the admin port: `/v1/jobs` is slipway.v1.ListJobsResponse as
/// JSON (parameters as over REST: `pageSize`, `pageToken`, `state`, `kind`; 400 with a
/// google.rpc.Status for a bad one), `/jobs` a page for people.
///
/// The pages run on the admin server's threads. They may be asked before this object is made and
/// after it is gone, and answer 404 and 503 then. Owned by the engine; `store` and `clock` outlive
/// it.
class JobPages {
 public:
  JobPages(base::AdminServer& admin, Store& store,
           const base::WallClock& clock = base::WallClock::System());
  JobPages(const JobPages&) = delete;
  JobPages& operator=(const JobPages&) = delete;
  /// Waits for pages that are being made.
  ~JobPages();

 private:
  struct Link;
  const std::shared_ptr<Link> link_;
};

}  // namespace slipway::jobs
