#include "gateway/job_targets.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "rpc/io_executor.h"
#include "wire/channel.h"

namespace slipway::gateway {
namespace {

constexpr size_t kLongestName = 64;
/// More than a job keeps, so that a somewhat too large answer fails the job for what it is, and is
/// not taken for a target that has no resources now and may have them later.
constexpr size_t kMaxReceiveMessage = 16 << 20;

bool ValidName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

/// Takes `?authorization=required` off the end of `address`.
absl::StatusOr<bool> TakeAuthorization(std::string* address) {
  const size_t mark = address->find('?');
  if (mark == std::string::npos) return false;
  const std::string parameters = address->substr(mark + 1);
  address->resize(mark);
  if (parameters == "authorization=required") return true;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", parameters, "\" after the ? is not \"authorization=required\""));
}

absl::StatusOr<jobs::CallTargets::Target> ParseOne(const std::string& spec) {
  const size_t equals = spec.find('=');
  if (equals == std::string::npos) return absl::InvalidArgumentError("NAME= is missing");
  jobs::CallTargets::Target target;
  target.name = spec.substr(0, equals);
  if (!ValidName(target.name)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", target.name, "\" is no NAME of 1 to ",
                                                   kLongestName, " of A-Z a-z 0-9 . _ -"));
  }
  wire::ChannelOptions channel;
  channel.target = spec.substr(equals + 1);
  channel.max_receive_message = kMaxReceiveMessage;
  SLIPWAY_ASSIGN_OR_RETURN(target.needs_authorization, TakeAuthorization(&channel.target));
  SLIPWAY_RETURN_IF_ERROR(wire::Channel::Check(channel));
  target.connect = [channel = std::move(channel)](rpc::IoExecutor& executor) {
    return std::make_unique<wire::Channel>(executor, channel);
  };
  return target;
}

std::string Problem(const std::string& spec, absl::string_view why) {
  return absl::StrCat("--job-target \"", spec, "\": ", why,
                      "; allowed is NAME=[grpc://|grpcs://]HOST:PORT[,HOST:PORT...]"
                      "[?authorization=required]");
}

}  // namespace

absl::StatusOr<std::vector<jobs::CallTargets::Target>> ParseJobTargets(
    const std::vector<std::string>& specs) {
  std::vector<jobs::CallTargets::Target> targets;
  std::vector<std::string> problems;
  for (const std::string& spec : specs) {
    absl::StatusOr<jobs::CallTargets::Target> target = ParseOne(spec);
    if (!target.ok()) {
      problems.push_back(Problem(spec, target.status().message()));
      continue;
    }
    const bool taken = std::any_of(targets.begin(), targets.end(), [&target](const auto& other) {
      return other.name == target->name;
    });
    if (taken) problems.push_back(Problem(spec, "another target has this NAME"));
    targets.push_back(*std::move(target));
  }
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
  return targets;
}

}  // namespace slipway::gateway
