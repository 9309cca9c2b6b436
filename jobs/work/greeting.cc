#include "jobs/work/greeting.h"

#include <string>

#include "base/reason.h"
#include "schema/json.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {
namespace {

rpc::Task<absl::StatusOr<JobResult>> Greet(Attempt& attempt, rpc::Duration delay) {
  v1::Greeting greeting;
  if (!greeting.ParseFromString(attempt.payload())) {
    co_return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadBody,
                              "the payload does not decode as slipway.v1.Greeting");
  }
  const rpc::Status alive = co_await attempt.call().Sleep(delay);
  if (!alive.ok()) co_return alive.ToAbsl();
  JobResult result;
  result.content_type = "application/json";
  result.body = "{\"result\":";
  schema::AppendJsonString("Hello " + greeting.name() + "...!", &result.body);
  result.body += "}";
  co_return result;
}

}  // namespace

JobHandler GreetingHandler(rpc::Duration delay) {
  return [delay](Attempt& attempt) { return Greet(attempt, delay); };
}

}  // namespace slipway::jobs
