#include "jobs/work/call_targets.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "jobs/work/call_request.h"

namespace slipway::jobs {
namespace {

absl::Status Wrong(absl::string_view field, const std::string& value, absl::string_view problem) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadField,
                         absl::StrCat(field, ": ", QuoteShort(value), " ", problem));
}

/// `/pkg.Service/Method` of a name with or without the leading slash; empty when it is neither.
std::string PathOf(std::string_view name) {
  if (!name.empty() && name[0] == '/') name.remove_prefix(1);
  const size_t slash = name.find('/');
  const bool whole = slash != name.npos && slash > 0 && slash + 1 < name.size() &&
                     name.find('/', slash + 1) == name.npos;
  return whole ? "/" + std::string(name) : std::string();
}

bool OfJobs(absl::string_view path) {
  return absl::StartsWith(path, "/slipway.v1.Jobs/") ||
         absl::StartsWith(path, "/slipway.v1.TokenJobs/");
}

/// How many letters must be changed, added or left out to make `b` of `a` (Levenshtein).
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

CallTargets::CallTargets(Options options) : max_request_bytes_(options.max_request_bytes) {
  for (const std::string& name : options.allow) allow_.insert(PathOf(name));
  for (Target& target : options.targets) {
    targets_.push_back(std::make_unique<CallTarget>(std::move(target), options.refresh));
  }
}

absl::Status CallTargets::CheckAllow(const std::vector<std::string>& allow) {
  std::vector<std::string> problems;
  for (const std::string& name : allow) {
    const std::string path = PathOf(name);
    if (path.empty()) {
      problems.push_back(
          absl::StrCat("--job-allow ", QuoteShort(name), ": allowed is pkg.Service/Method"));
    } else if (OfJobs(path)) {
      problems.push_back(
          absl::StrCat("--job-allow ", QuoteShort(name), ": jobs never call the services of jobs"));
    }
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

absl::StatusOr<v1::StoredCall> CallTargets::Check(const v1::Call& call) const {
  SLIPWAY_ASSIGN_OR_RETURN(const CallTarget* target, TargetOf(call));
  SLIPWAY_ASSIGN_OR_RETURN(const CallTarget::Snapshot schema, target->Schema());
  SLIPWAY_ASSIGN_OR_RETURN(const schema::MethodInfo* method, MethodOf(call, *schema));
  v1::StoredCall stored;
  SLIPWAY_ASSIGN_OR_RETURN(*stored.mutable_request(),
                           EncodeCallRequest(*schema, *method, call, max_request_bytes_));
  stored.set_target(target->name());
  stored.set_method(method->path);
  return stored;
}

absl::StatusOr<const CallTarget*> CallTargets::TargetOf(const v1::Call& call) const {
  const CallTarget* target = Find(call.target());
  if (target == nullptr) {
    const std::string known = absl::StrJoin(targets_, ", ", [](std::string* out, const auto& each) {
      absl::StrAppend(out, "\"", each->name(), "\"", each->name().empty() ? " (this server)" : "");
    });
    return Wrong("call.target", call.target(),
                 absl::StrCat("is no target; known are: ", known.empty() ? "none" : known));
  }
  if (!target->needs_authorization()) return target;
  return base::MakeError(absl::StatusCode::kFailedPrecondition, base::Reason::kForbiddenTarget,
                         absl::StrCat("call.target: \"", target->name(),
                                      "\" needs the caller's authorization, which jobs do not "
                                      "keep: call it directly"));
}

absl::StatusOr<const schema::MethodInfo*> CallTargets::MethodOf(
    const v1::Call& call, const schema::Schema& schema) const {
  constexpr absl::string_view kField = "call.method";
  const std::string path = PathOf(call.method());
  if (path.empty()) return Wrong(kField, call.method(), "is not of the form pkg.Service/Method");
  const schema::MethodInfo* method = schema.FindMethod(path);
  if (method == nullptr) {
    return Wrong(
        kField, call.method(),
        absl::StrCat("is not a method of ",
                     call.target().empty() ? std::string("this server")
                                           : absl::StrCat("target \"", call.target(), "\""),
                     Suggestion(schema, path)));
  }
  if (!Callable(*method)) {
    const absl::string_view why = OfJobs(path)
                                      ? "jobs never call the services of jobs"
                                      : "it has no HTTP binding, and --job-allow does not name it";
    return base::MakeError(absl::StatusCode::kPermissionDenied, base::Reason::kForbiddenTarget,
                           absl::StrCat(kField, ": ", QuoteShort(call.method()),
                                        " may not be called by a job: ", why));
  }
  if (method->client_streaming || method->server_streaming) {
    return Wrong(kField, call.method(), "is a streaming method; a job calls unary methods only");
  }
  if (method->descriptor->input_type()->is_placeholder() ||
      method->descriptor->output_type()->is_placeholder()) {
    return Wrong(kField, call.method(), "has messages that its target does not describe");
  }
  return method;
}

bool CallTargets::Callable(const schema::MethodInfo& method) const {
  // Reflection, health and channelz of gRPC never have rules.
  return !OfJobs(method.path) && (!method.rules.empty() || allow_.contains(method.path));
}

std::string CallTargets::Suggestion(const schema::Schema& schema, std::string_view path) const {
  constexpr size_t kLongestName = 200;
  constexpr size_t kFarthest = 4;
  if (path.size() > kLongestName) return "";
  const std::string asked = absl::AsciiStrToLower(std::string(path));
  const schema::MethodInfo* best = nullptr;
  size_t best_distance = kFarthest + 1;
  for (const schema::Service& service : schema.services()) {
    for (const schema::MethodInfo& method : service.methods) {
      if (!Callable(method) || method.path.size() > kLongestName) continue;
      const size_t distance = Distance(asked, absl::AsciiStrToLower(method.path));
      if (distance < best_distance) {
        best = &method;
        best_distance = distance;
      }
    }
  }
  return best == nullptr ? "" : absl::StrCat("; did you mean \"", best->path.substr(1), "\"?");
}

void CallTargets::Start(rpc::IoExecutor& executor) {
  for (const auto& target : targets_) target->Start(executor);
}

void CallTargets::Stop() {
  for (const auto& target : targets_) target->Stop();
}

CallTarget* CallTargets::Find(std::string_view name) const {
  const auto found = std::find_if(targets_.begin(), targets_.end(),
                                  [name](const auto& target) { return target->name() == name; });
  return found == targets_.end() ? nullptr : found->get();
}

}  // namespace slipway::jobs
