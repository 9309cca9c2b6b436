#include "base/limits.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"

namespace slipway::base {
namespace {

// Places of proc(5)'s fields, counted from the state, which follows the name in parentheses.
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kThreads = 17;
constexpr std::size_t kRssPages = 21;

absl::StatusOr<std::int64_t> Field(const std::vector<absl::string_view>& fields, std::size_t i) {
  std::int64_t value = 0;
  if (i < fields.size() && absl::SimpleAtoi(fields[i], &value)) return value;
  return absl::InternalError(absl::StrCat("process stat: field ", i + 3, " is not a number"));
}

absl::Duration Ticks(std::int64_t ticks) {
  return absl::Seconds(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

absl::StatusOr<FileLimit> RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return absl::ErrnoToStatus(errno, "getrlimit(RLIMIT_NOFILE)");
  }
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("raise open files to ", limit.rlim_max));
  }
  return FileLimit{limit.rlim_cur, limit.rlim_max};
}

absl::StatusOr<ProcessUsage> ParseProcessStat(std::string_view stat) {
  // The name may contain spaces and parentheses: it ends at the last one.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) {
    return absl::InternalError("process stat: no name in parentheses");
  }
  stat.remove_prefix(name_end + 1);
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(stat.data(), stat.size()), ' ', absl::SkipEmpty());
  SLIPWAY_ASSIGN_OR_RETURN(const std::int64_t user, Field(fields, kUserTicks));
  SLIPWAY_ASSIGN_OR_RETURN(const std::int64_t system, Field(fields, kSystemTicks));
  SLIPWAY_ASSIGN_OR_RETURN(const std::int64_t threads, Field(fields, kThreads));
  SLIPWAY_ASSIGN_OR_RETURN(const std::int64_t pages, Field(fields, kRssPages));
  const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return ProcessUsage{static_cast<std::uint64_t>(pages) * page_bytes, threads, Ticks(user),
                      Ticks(system)};
}

absl::StatusOr<ProcessUsage> ReadProcessUsage(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) return absl::NotFoundError(absl::StrCat("no process ", pid));
  return ParseProcessStat(text);
}

absl::StatusOr<absl::Duration> ProcessCpuTime(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
    return absl::NotFoundError(absl::StrCat("no process ", pid));
  }
  return absl::DurationFromTimespec(used);
}

}  // namespace slipway::base
