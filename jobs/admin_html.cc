#include "jobs/admin_html.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "rpc/status.h"
#include "schema/json_text.h"

namespace slipway::jobs {
namespace {

constexpr std::array kStates = {JobState::kAccepted, JobState::kRunning, JobState::kSucceeded,
                                JobState::kFailed, JobState::kCancelled};
constexpr size_t kLongestError = 300;

constexpr char kHead[] = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Jobs</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<style>
:root { color-scheme: light dark; --line: #d0d4da; --dim: #667; --accepted: #667; --running: #0b62c4;
  --succeeded: #1a7f37; --failed: #c62828; --cancelled: #9a6700 }
@media (prefers-color-scheme: dark) { :root { --line: #3a3f47; --dim: #9aa; --accepted: #9aa;
  --running: #6cb2ff; --succeeded: #56d364; --failed: #ff8a80; --cancelled: #e3b341 } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1rem auto; max-width: 75rem; padding: 0 .75rem }
h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin-top: 1.5rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
th { color: var(--dim); font-weight: 500 }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
code { font-size: .85em } .dim { color: var(--dim) } .bad { color: var(--failed) }
.accepted { color: var(--accepted) } .running { color: var(--running) }
.succeeded { color: var(--succeeded) } .failed { color: var(--failed) }
.cancelled { color: var(--cancelled) }
</style></head><body>
)";

std::string State(JobState state) {
  return absl::StrCat("<span class=\"", StateName(state), "\">", StateName(state), "</span>");
}

std::string Number(std::string_view text) {
  return absl::StrCat("<td class=\"n\">", absl::string_view(text.data(), text.size()), "</td>");
}

void AppendKinds(const JobOverview& overview, std::string* out) {
  out->append("<div class=\"wide\"><table><tr><th>kind</th>");
  for (const JobState state : kStates) {
    absl::StrAppend(out, "<th class=\"n\">", State(state), "</th>");
  }
  out->append("<th class=\"n\">oldest waits</th></tr>\n");
  for (const auto& [kind, numbers] : overview.kinds) {
    absl::StrAppend(out, "<tr><td>", EscapeHtml(kind), "</td>");
    for (const JobState state : kStates) {
      const auto count = numbers.counts.find(state);
      out->append(Number(absl::StrCat(count == numbers.counts.end() ? 0 : count->second)));
    }
    out->append(Number(numbers.oldest_waiting ? Age(overview.now - *numbers.oldest_waiting) : "–"));
    out->append("</tr>\n");
  }
  out->append("</table></div>\n");
}

std::string Error(const rpc::Status& error) {
  if (error.ok()) return {};
  const std::string& message = error.message();
  // Cut between characters, so that what is shown stays text.
  size_t end = std::min(message.size(), kLongestError);
  while (end < message.size() && end > 0 && (message[end] & 0xC0) == 0x80) --end;
  return absl::StrCat("<span class=\"bad\">", std::string(rpc::CodeName(error.code())), "</span> ",
                      EscapeHtml(std::string_view(message).substr(0, end)),
                      end < message.size() ? "…" : "");
}

void AppendJob(const JobRow& row, absl::Time now, std::string* out) {
  const bool shows_progress = row.state == JobState::kRunning && row.progress > 0;
  absl::StrAppend(out, "<tr><td>", State(row.state),
                  shows_progress ? absl::StrCat("&nbsp;", row.progress, "&nbsp;%") : "",
                  "</td><td>", EscapeHtml(row.kind), "</td>");
  out->append(Number(Age(now - row.create_time)));
  out->append(Number(absl::StrCat(row.attempt, "/", row.max_attempts)));
  absl::StrAppend(out, "<td><code>", EscapeHtml(row.id), "</code></td><td>", Error(row.error),
                  "</td></tr>\n");
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  const bool valid = schema::internal::IsValidUtf8(text);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else if (byte < 0x20 || byte == 0x7f || (!valid && byte >= 0x80)) {
      absl::StrAppendFormat(&out, "\\x%02x", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::string Age(absl::Duration age) {
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(age));
  if (seconds < 60) return absl::StrFormat("%.1f s", seconds);
  if (seconds < 3600) return absl::StrFormat("%.0f min", seconds / 60);
  if (seconds < 48 * 3600) return absl::StrFormat("%.0f h", seconds / 3600);
  return absl::StrFormat("%.0f d", seconds / 86400);
}

std::string ToHtml(const JobOverview& overview) {
  std::string out = kHead;
  absl::StrAppend(&out, "<h1>Jobs</h1>\n<p class=\"dim\">",
                  absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", overview.now, absl::UTCTimeZone()),
                  " · <a href=\"/v1/jobs\">as JSON</a> · <a href=\"/metrics\">metrics</a></p>\n");
  if (!overview.health.ok()) {
    const absl::string_view why = overview.health.message();
    absl::StrAppend(&out, "<p class=\"bad\">The store does not write: ",
                    EscapeHtml({why.data(), why.size()}), "</p>\n");
  }
  AppendKinds(overview, &out);
  absl::StrAppend(&out, "<h2>The newest ", overview.newest.size(), "</h2>\n");
  out.append(
      "<div class=\"wide\"><table><tr><th>state</th><th>kind</th><th class=\"n\">age</th>"
      "<th class=\"n\">attempt</th><th>id</th><th>error</th></tr>\n");
  for (const JobRow& row : overview.newest) AppendJob(row, overview.now, &out);
  out.append("</table></div>\n</body></html>\n");
  return out;
}

}  // namespace slipway::jobs
