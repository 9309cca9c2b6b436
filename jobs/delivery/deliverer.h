#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "base/metrics.h"
#include "jobs/delivery/meeting.h"
#include "jobs/store/store.h"
#include "jobs/work/root.h"
#include "outbound/allow_list.h"
#include "outbound/http_client.h"
#include "rpc/task.h"

namespace slipway::jobs {

/// Sends results to their receivers and deletes the jobs whose result was taken. A delivery runs on
/// the HTTP client's thread and belongs to nobody who polls: it goes on when they have left.
/// Between the receiver's 200 and the deletion the process may die; then the next poll delivers
/// once more.
///
/// Owned by the service. Begin and Stop by any thread but the client's; store and client outlive
/// it.
class Deliverer {
 public:
  struct Options {
    /// What may be called; null: anything.
    std::shared_ptr<const outbound::AllowList> allow;
    /// From the request to the end of the receiver's answer.
    absl::Duration timeout = absl::Seconds(15);
    /// For slipway_job_deliveries_total; null: not counted.
    base::Metrics* metrics = nullptr;
  };
  struct Delivery {
    std::string job_id;
    std::string correlation_id;
    std::string method;
    std::string url;
    std::string body;  // JSON
  };
  /// Runs once, on the client's thread or, when it is refused, on the caller's.
  using Done = std::function<void(Delivered)>;

  Deliverer(Store& store, outbound::HttpClient& http, Options options);
  ~Deliverer() { Stop(absl::ZeroDuration()); }
  Deliverer(const Deliverer&) = delete;
  Deliverer& operator=(const Deliverer&) = delete;

  /// After Stop: kStays at once.
  void Begin(Delivery delivery, Done done);
  /// Waits until the deliveries under way have ended, for `grace` at most; those that have not by
  /// then are given up (kStays), although their receivers may have taken them. Idempotent.
  void Stop(absl::Duration grace);

 private:
  struct Run {
    Root root;
    Done done;  // null once it has run
  };
  using Runs = std::list<Run>;
  struct Counters {
    base::Counter* taken = nullptr;
    base::Counter* refused = nullptr;
    base::Counter* timed_out = nullptr;
    base::Counter* failed = nullptr;
  };

  static Root Drive(Deliverer* self, Runs::iterator run, Delivery delivery);
  /// Sends, tells, counts, deletes.
  rpc::Task<Delivered> Deliver(Delivery delivery);
  rpc::Task<Delivered> Forget(std::string job_id);
  void Start(Delivery delivery, Done done);
  void Report(const Delivery& delivery, const absl::StatusOr<outbound::HttpResponse>& answer,
              absl::Duration took);
  void GiveUp(bool* gave_up);
  void Ended();

  Store& store_;
  outbound::HttpClient& http_;
  const Options options_;
  Counters counters_;
  Runs runs_;  // on the client's thread
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  size_t under_way_ = 0;
  bool stopped_ = false;
};

}  // namespace slipway::jobs
