#include "jobs/work/greeting.h"

#include <string>
#include <string_view>

#include "base/reason.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {
namespace {

/// `text`, which is UTF-8, as it stands between the quotes of a JSON string.
void AppendJsonEscaped(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      out.append("\\u00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
}

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
  result.body = "{\"result\":\"Hello ";
  AppendJsonEscaped(greeting.name(), result.body);
  result.body += "...!\"}";
  co_return result;
}

}  // namespace

JobHandler GreetingHandler(rpc::Duration delay) {
  return [delay](Attempt& attempt) { return Greet(attempt, delay); };
}

}  // namespace slipway::jobs
