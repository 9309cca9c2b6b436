#include "client/report/names.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/report/format.h"
#include "rpc/status.h"

namespace slipway::client {
namespace {

constexpr LoadModel kModels[] = {LoadModel::kClosed, LoadModel::kConstant, LoadModel::kPoisson,
                                 LoadModel::kSchedule};
constexpr OutcomeKind kKinds[] = {OutcomeKind::kGrpcStatus, OutcomeKind::kHttpStatus,
                                  OutcomeKind::kTimeout,    OutcomeKind::kConnect,
                                  OutcomeKind::kBroken,     OutcomeKind::kUnexpected};
constexpr Notice::Level kLevels[] = {Notice::Level::kNote, Notice::Level::kWarning,
                                     Notice::Level::kInvalid};
constexpr int kGrpcCodes = 17;

/// The value of `all` whose name is `name`.
template <typename T, size_t kCount>
std::optional<T> Find(const T (&all)[kCount], std::string_view (*name_of)(T),
                      std::string_view name) {
  for (const T value : all) {
    if (name_of(value) == name) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view ModelName(LoadModel model) {
  switch (model) {
    case LoadModel::kClosed:
      return "closed";
    case LoadModel::kConstant:
      return "constant";
    case LoadModel::kPoisson:
      return "poisson";
    case LoadModel::kSchedule:
      return "schedule";
  }
  return "unknown";
}

std::optional<LoadModel> FindModel(std::string_view name) { return Find(kModels, ModelName, name); }

std::string_view KindName(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kGrpcStatus:
      return "grpc_status";
    case OutcomeKind::kHttpStatus:
      return "http_status";
    case OutcomeKind::kTimeout:
      return "timeout";
    case OutcomeKind::kConnect:
      return "connect";
    case OutcomeKind::kBroken:
      return "broken";
    case OutcomeKind::kUnexpected:
      return "unexpected";
  }
  return "unknown";
}

std::optional<OutcomeKind> FindKind(std::string_view name) { return Find(kKinds, KindName, name); }

std::string_view LevelName(Notice::Level level) {
  switch (level) {
    case Notice::Level::kNote:
      return "note";
    case Notice::Level::kWarning:
      return "warning";
    case Notice::Level::kInvalid:
      return "invalid";
  }
  return "unknown";
}

std::optional<Notice::Level> FindLevel(std::string_view name) {
  return Find(kLevels, LevelName, name);
}

std::optional<Metric> FindMetric(std::string_view name) {
  return Find(kAllMetrics, MetricName, name);
}

std::string SortName(OutcomeKind kind, int code) {
  if (kind == OutcomeKind::kGrpcStatus) {
    return std::string(rpc::CodeName(static_cast<absl::StatusCode>(std::clamp(code, 0, 16))));
  }
  if (kind == OutcomeKind::kHttpStatus) return absl::StrCat(code);
  return std::string(KindName(kind));
}

std::optional<int> FindGrpcCode(std::string_view name) {
  for (int code = 0; code < kGrpcCodes; ++code) {
    if (rpc::CodeName(static_cast<absl::StatusCode>(code)) == name) return code;
  }
  return std::nullopt;
}

std::string LoadName(const LoadShape& load) {
  switch (load.model) {
    case LoadModel::kClosed:
      return absl::StrCat(FormatCount(load.concurrency), " in flight");
    case LoadModel::kConstant:
      return absl::StrCat(FormatNumber(load.rate), "/s");
    case LoadModel::kPoisson:
      return absl::StrCat(FormatNumber(load.rate), "/s Poisson");
    case LoadModel::kSchedule:
      return absl::StrCat("schedule ", OneLine(load.schedule, 60), load.poisson ? " Poisson" : "");
  }
  return "unknown";
}

std::string LoadTag(const LoadShape& load) {
  if (load.model == LoadModel::kClosed) return absl::StrCat("c=", load.concurrency);
  if (load.model == LoadModel::kSchedule) return "schedule";
  return absl::StrCat("r=", load.rate);
}

bool SameLoad(const LoadShape& one, const LoadShape& other) {
  LoadShape alike = other;
  alike.connections = one.connections;
  return one == alike;
}

std::string FreeTargetName(const std::vector<ReportTarget>& targets, const std::string& name) {
  std::string free = name;
  for (int number = 2; std::any_of(targets.begin(), targets.end(),
                                   [&free](const ReportTarget& t) { return t.name == free; });
       ++number) {
    free = absl::StrCat(name, " (", number, ")");
  }
  return free;
}

std::string TargetLine(const ReportTarget& target) {
  if (target.method.empty()) return target.url;
  return absl::StrCat(target.method, " ", target.url);
}

std::string OneLine(std::string_view text, size_t limit) {
  size_t end = std::min(text.size(), limit);
  if (end < text.size()) {
    while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
  }
  std::string line(text.substr(0, end));
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f) c = ' ';
  }
  return line;
}

}  // namespace slipway::client
