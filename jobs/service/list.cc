#include "jobs/service/list.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "jobs/service/bad_field.h"
#include "jobs/service/kinds.h"
#include "jobs/service/render.h"
#include "jobs/store/id.h"
#include "jobs/work/call_request.h"

namespace slipway::jobs {
namespace {

constexpr int kDefaultPageSize = 100;
constexpr int kMaxPageSize = 1000;

/// Of a kind that nobody can submit there would be none, after a look at everybody's jobs.
absl::Status CheckKind(const std::string& kind) {
  const std::vector<std::string> kinds = JobKinds();
  if (kind.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) {
    return absl::OkStatus();
  }
  return BadField(
      absl::StrCat("kind: ", QuoteShort(kind), " is not one of ", absl::StrJoin(kinds, ", ")));
}

}  // namespace

absl::StatusOr<JobQuery> ToQuery(const v1::ListJobsRequest& request, absl::Time now) {
  if (request.page_size() < 0 || request.page_size() > kMaxPageSize) {
    return BadField(absl::StrCat("pageSize: ", request.page_size(), " is not in 0 to ",
                                 kMaxPageSize, " (0 means ", kDefaultPageSize, ")"));
  }
  if (!v1::Job::State_IsValid(request.state())) {
    return BadField(absl::StrCat("state: ", static_cast<int>(request.state()),
                                 " is not one of ACCEPTED, RUNNING, SUCCEEDED, FAILED, CANCELLED"));
  }
  SLIPWAY_RETURN_IF_ERROR(CheckKind(request.kind()));
  if (!request.page_token().empty()) {
    SLIPWAY_RETURN_IF_ERROR(DecodePageToken(request.page_token()).status());
  }
  JobQuery query;
  query.page_size = request.page_size() == 0 ? kDefaultPageSize : request.page_size();
  query.page_token = request.page_token();
  query.kind = request.kind();
  query.now = now;
  if (request.state() != v1::Job::STATE_UNSPECIFIED) {
    query.state = static_cast<JobState>(request.state());
  }
  return query;
}

v1::ListJobsResponse ToResponse(const JobPage& page) {
  v1::ListJobsResponse response;
  response.mutable_jobs()->Reserve(static_cast<int>(page.jobs.size()));
  for (const JobRow& row : page.jobs) *response.add_jobs() = ToProto(row);
  response.set_next_page_token(page.next_page_token);
  return response;
}

}  // namespace slipway::jobs
