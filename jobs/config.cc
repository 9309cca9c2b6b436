#include "jobs/config.h"

#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "jobs/service/kinds.h"
#include "jobs/work/call_targets.h"
#include "outbound/allow_list.h"
#include "rpc/status.h"

namespace slipway::jobs {
namespace {

constexpr int kMaxConcurrency = 10'000;
constexpr int kMaxCode = 16;

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

/// `KIND=N` or `N`: {kind or empty, N}.
std::optional<std::pair<std::string, int>> ParseConcurrency(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string kind(equals == std::string_view::npos ? "" : text.substr(0, equals));
  const std::string_view number = equals == std::string_view::npos ? text : text.substr(equals + 1);
  int value = 0;
  if (!absl::SimpleAtoi(ToAbsl(number), &value) || value < 1 || value > kMaxConcurrency) {
    return std::nullopt;
  }
  if (equals == std::string_view::npos) return std::pair(kind, value);
  for (const std::string& known : JobKinds()) {
    if (kind == known) return std::pair(kind, value);
  }
  return std::nullopt;
}

absl::Status CheckConcurrency(std::string_view text) {
  if (ParseConcurrency(text)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("KIND=N or N, with a KIND of ",
                                                 absl::StrJoin(JobKinds(), ", "),
                                                 " and an N of 1 to ", kMaxConcurrency));
}

std::optional<absl::StatusCode> ParseCode(std::string_view name) {
  for (int code = 1; code <= kMaxCode; ++code) {
    const auto candidate = static_cast<absl::StatusCode>(code);
    if (rpc::CodeName(candidate) == name) return candidate;
  }
  return std::nullopt;
}

absl::Status CheckCode(std::string_view name) {
  if (ParseCode(name)) return absl::OkStatus();
  return absl::InvalidArgumentError("a gRPC status code other than OK, such as UNAVAILABLE");
}

absl::Status CheckCallback(std::string_view entry) {
  const std::string entries[] = {std::string(entry)};
  return outbound::AllowList::Parse(entries).status();
}

}  // namespace

void JobConfig::Declare(base::ConfigParser& parser) {
  parser
      .AddStringList("job-concurrency", &concurrency,
                     absl::StrCat("jobs of a kind that run at once; N alone: of each other kind [",
                                  WorkerOptions().default_concurrency, "]"),
                     CheckConcurrency)
      .Placeholder("KIND=N");
  parser
      .AddStringList("job-target", &targets,
                     "a server whose methods jobs may call beside this one's; may begin with "
                     "grpc:// or grpcs:// and end in ?authorization=required")
      .Placeholder("NAME=HOST:PORT[,HOST:PORT...]");
  parser
      .AddStringList("job-allow", &allow,
                     "a method that jobs may call although it has no HTTP binding")
      .Placeholder("pkg.Service/Method");
  parser.AddInt("job-queue-limit", &queue_limit, 1, 1'000'000'000,
                "jobs that may wait; more are refused with 429");
  parser.AddDuration("job-attempt-timeout", &attempt_timeout, "how long an attempt may take");
  parser.AddDuration("job-lease", &lease,
                     "how long a job whose worker is not heard of is left to it");
  parser.AddDuration("job-backoff", &backoff,
                     "wait before the second attempt; doubles up to a minute");
  parser
      .AddStringList("job-retry-codes", &retry_codes, "answers after which a call is tried again",
                     CheckCode)
      .Placeholder("CODE");
  parser.AddChoice("jobs-list", &list_public, {{"own", false}, {"public", true}},
                   "whose jobs a caller without authorization sees in the list: none, or all");
  parser
      .AddStringList("callback-allow", &callback_allow,
                     "where results of jobs with a redirect_location may be sent", CheckCallback)
      .Placeholder("HOST|NETWORK");
  parser.AddDuration("callback-timeout", &callback_timeout, "how long a receiver may take");
}

absl::Status JobConfig::Check() const {
  std::vector<std::string> problems;
  const auto at_least = [&problems](absl::string_view name, absl::Duration value,
                                    absl::Duration least) {
    if (value >= least) return;
    problems.push_back(absl::StrCat("--", name, " ", absl::FormatDuration(value),
                                    " is not allowed: at least ", absl::FormatDuration(least)));
  };
  at_least("job-attempt-timeout", attempt_timeout, absl::Milliseconds(1));
  at_least("job-lease", lease, absl::Milliseconds(100));
  at_least("job-backoff", backoff, absl::Milliseconds(1));
  at_least("callback-timeout", callback_timeout, absl::Milliseconds(1));
  const absl::Status allowed = CallTargets::CheckAllow(allow);
  if (!allowed.ok()) problems.emplace_back(allowed.message());
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

std::map<std::string, int> JobConfig::ConcurrencyByKind() const {
  std::map<std::string, int> by_kind;
  for (const std::string& entry : concurrency) {
    if (const auto parsed = ParseConcurrency(entry)) by_kind[parsed->first] = parsed->second;
  }
  return by_kind;
}

std::set<absl::StatusCode> JobConfig::RetryCodes() const {
  std::set<absl::StatusCode> codes;
  for (const std::string& name : retry_codes) {
    if (const auto code = ParseCode(name)) codes.insert(*code);
  }
  return codes;
}

}  // namespace slipway::jobs
