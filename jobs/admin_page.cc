#include "jobs/admin_page.h"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "jobs/admin_html.h"
#include "jobs/service/list.h"
#include "rpc/task.h"
#include "rpc/thread_executor.h"
#include "schema/error_json.h"
#include "schema/json.h"
#include "schema/loader.h"
#include "schema/message.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {
namespace {

constexpr char kJson[] = "application/json";
constexpr int kNewest = 50;

template <typename T>
rpc::Task<void> Keep(rpc::Task<T> task, std::optional<T>& answer, bool& done) {
  T value = co_await std::move(task);
  answer.emplace(std::move(value));
  done = true;
}

/// Waits for a task of the store on this thread, which has nothing else to do.
template <typename T, typename Start>
T RunHere(Start start) {
  rpc::ThreadExecutor executor;
  std::optional<T> answer;
  bool done = false;
  rpc::Spawn(Keep<T>(start(executor), answer, done));
  executor.RunUntil(done);
  return *std::move(answer);
}

absl::StatusOr<JobPage> List(Store& store, const JobQuery& query) {
  return RunHere<absl::StatusOr<JobPage>>(
      [&](rpc::Executor& executor) { return store.List(executor, query); });
}

int HttpStatus(const absl::Status& status) { return absl::IsInvalidArgument(status) ? 400 : 503; }

const absl::StatusOr<std::shared_ptr<const schema::Schema>>& Contract() {
  static const absl::StatusOr<std::shared_ptr<const schema::Schema>> contract =
      schema::FromLinkedPool({"slipway.v1.Jobs"});
  return contract;
}

/// Reads the parameters as the REST route of ListJobs does, with the same names and errors.
absl::StatusOr<v1::ListJobsRequest> ReadQuery(
    const std::multimap<std::string, std::string>& query) {
  if (!Contract().ok()) return Contract().status();
  const schema::MessageType& type = *(*Contract())->FindMessage("slipway.v1.ListJobsRequest");
  const schema::QueryFilter filter(type, schema::FieldPath(), {});
  schema::RequestBuilder builder(type);
  for (const auto& [name, value] : query) {
    const absl::Status added = builder.AddQuery(name, value, filter);
    if (!added.ok()) {
      return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadQuery,
                             std::string(added.message()));
    }
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::string wire, builder.Serialize());
  v1::ListJobsRequest request;
  if (!request.ParseFromString(wire)) return absl::InternalError("the query does not decode");
  return request;
}

absl::StatusOr<std::string> ResponseJson(const v1::ListJobsResponse& response) {
  if (!Contract().ok()) return Contract().status();
  return schema::JsonFromWire(*(*Contract())->FindMessage("slipway.v1.ListJobsResponse"),
                              response.SerializeAsString());
}

absl::StatusOr<std::string> ListJson(Store& store, absl::Time now,
                                     const base::AdminRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const v1::ListJobsRequest list, ReadQuery(request.query));
  SLIPWAY_ASSIGN_OR_RETURN(const JobQuery query, ToQuery(list, now));
  SLIPWAY_ASSIGN_OR_RETURN(const JobPage page, List(store, query));
  return ResponseJson(ToResponse(page));
}

base::AdminReply JsonPage(Store& store, absl::Time now, const base::AdminRequest& request) {
  const absl::StatusOr<std::string> json = ListJson(store, now, request);
  if (json.ok()) return {.content_type = kJson, .body = *json};
  return {.status = HttpStatus(json.status()),
          .content_type = kJson,
          .body = schema::ErrorJson(json.status(), nullptr)};
}

absl::StatusOr<JobOverview> Look(Store& store, absl::Time now) {
  JobOverview overview;
  overview.now = now;
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<JobCount> counts, store.Count());
  for (const JobCount& count : counts) overview.kinds[count.kind].counts[count.state] = count.count;
  for (auto& [kind, numbers] : overview.kinds) {
    SLIPWAY_ASSIGN_OR_RETURN(numbers.oldest_waiting, store.OldestWaiting(kind));
  }
  JobQuery query;
  query.page_size = kNewest;
  query.now = now;
  SLIPWAY_ASSIGN_OR_RETURN(JobPage page, List(store, query));
  overview.newest = std::move(page.jobs);
  overview.health = store.Health();
  return overview;
}

base::AdminReply HtmlPage(Store& store, absl::Time now) {
  const absl::StatusOr<JobOverview> overview = Look(store, now);
  if (!overview.ok()) {
    return {.status = 503,
            .body = std::string(overview.status().message().data(),
                                overview.status().message().size()) +
                    "\n"};
  }
  return {.content_type = "text/html; charset=utf-8", .body = ToHtml(*overview)};
}

}  // namespace

/// The way from the admin server, which lives longer, to the store.
struct JobPages::Link {
  std::shared_mutex mutex;
  Store* store;  // guarded by mutex
  const base::WallClock* clock;

  template <typename Make>
  base::AdminReply Answer(Make make) {
    const std::shared_lock lock(mutex);
    if (store == nullptr) return {.status = 503, .body = "the jobs are closed\n"};
    return make(*store, clock->Now());
  }
};

JobPages::JobPages(base::AdminServer& admin, Store& store, const base::WallClock& clock)
    : link_(std::make_shared<Link>()) {
  link_->store = &store;
  link_->clock = &clock;
  admin.AddPage("/v1/jobs", [link = link_](const base::AdminRequest& request) {
    return link->Answer(
        [&request](Store& store, absl::Time now) { return JsonPage(store, now, request); });
  });
  admin.AddPage("/jobs", [link = link_](const base::AdminRequest&) {
    return link->Answer([](Store& store, absl::Time now) { return HtmlPage(store, now); });
  });
}

JobPages::~JobPages() {
  const std::unique_lock lock(link_->mutex);
  link_->store = nullptr;
}

}  // namespace slipway::jobs
