#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "jobs/delivery/deliverer.h"
#include "jobs/delivery/meeting.h"
#include "jobs/observer.h"
#include "jobs/store/store.h"
#include "outbound/allow_list.h"
#include "outbound/http_client.h"
#include "rpc/call_context.h"
#include "rpc/dispatcher.h"
#include "rpc/task.h"
#include "slipway/v1/job_storage.pb.h"
#include "slipway/v1/token_jobs.pb.h"

namespace slipway::jobs {

/// The handlers of slipway.v1.TokenJobs: greetings that are known by a token alone, and whose
/// results are sent where their submitters said when somebody asks for them. They run on the
/// executor of their call, on any thread. `store` and `http` outlive it, or its Stop.
///
/// A result is delivered only when it is polled, and once when polls of it meet: the others wait
/// for the outcome and answer the same. A poller that leaves does not stop a delivery that has
/// begun.
class TokenJobService {
 public:
  struct Options {
    /// Receivers that may be called; null: any.
    std::shared_ptr<const outbound::AllowList> allow =
        std::make_shared<const outbound::AllowList>(outbound::AllowList::Loopback());
    /// How long a receiver may take.
    absl::Duration timeout = absl::Seconds(15);
    const base::WallClock* clock = &base::WallClock::System();
    /// For slipway_job_deliveries_total; null: not counted.
    base::Metrics* metrics = nullptr;
    /// Hears of submissions that were refused; outlives the service's calls; may be null.
    JobObserver* observer = nullptr;
  };

  TokenJobService(Store& store, outbound::HttpClient& http, Options options);
  ~TokenJobService() { Stop(); }

  /// Stores the greeting: 202 and its token. INVALID_ARGUMENT and PERMISSION_DENIED as
  /// ReadTokenRequest has them; RESOURCE_EXHAUSTED, with `retry-after`, when too many jobs wait or
  /// the disk is full.
  rpc::Task<absl::StatusOr<v1::SubmitTokenJobResponse>> SubmitJob(rpc::CallContext& context,
                                                                  google::protobuf::Struct object);
  /// Always `Ok`; the HTTP status says how the job stands: 302 delivered and gone, 202 pending or
  /// not taken, 404 unknown, of another service name, expired, failed or cancelled, 503 when the
  /// store cannot be read.
  rpc::Task<absl::StatusOr<google::protobuf::StringValue>> PoolJob(rpc::CallContext& context,
                                                                   v1::PoolTokenJobRequest request);

  /// Waits up to `grace` for deliveries under way, then gives them up; polls that come later are
  /// answered 202. Not on the HTTP client's thread.
  void Stop(absl::Duration grace = absl::ZeroDuration()) { deliverer_.Stop(grace); }

 private:
  enum class Standing { kUnknown, kPending, kReady };

  /// How a job stands for who asks as `service_name`; `stored` is set when it is ready.
  Standing StandingOf(const JobOutcome& outcome, const std::string& service_name,
                      v1::StoredTokenJob* stored) const;
  /// Looks the job up and begins its delivery if it is ready; nothing when somebody's delivery is
  /// to be waited for.
  rpc::Task<absl::StatusOr<std::optional<Standing>>> Look(rpc::CallContext& context, std::string id,
                                                          std::string service_name,
                                                          std::shared_ptr<Meeting> meeting);
  void BeginDelivery(const JobOutcome& outcome, const v1::StoredTokenJob& stored,
                     const std::shared_ptr<Meeting>& meeting);

  Store& store_;
  const Options options_;
  Meetings meetings_;
  Deliverer deliverer_;
};

/// For a Dispatcher.
std::vector<rpc::Method> TokenJobMethods(std::shared_ptr<TokenJobService> service);

}  // namespace slipway::jobs
