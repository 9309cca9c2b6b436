// Part (c): facts from an upstream that allows so many in a window.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "client/command/reproduce_http.h"
#include "client/command/reproduce_json.h"
#include "client/command/reproduce_run.h"
#include "client/report/format.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;

constexpr int kLimit = 100;
constexpr auto kWindow = milliseconds(2000);
constexpr auto kLatency = milliseconds(50);  // of one call

/// One way to ask: `clients` requests at once for `count` facts each.
struct Way {
  std::string name;
  std::string path;
  int count;
  size_t clients;
  /// Windows that must pass before the last call, and calls one after the other.
  int windows;
  int calls_in_a_row;
};

const Way kWays[] = {
    {"in a row", "/cat/", 20, 1, 0, 20},
    {"all at once", "/cat_async/", 250, 1, 0, 1},
    {"all at once, under the limit", "/cat_async_limited/", 250, 1, 2, 1},
    {"under the limit, 5 clients at once", "/cat_async_limited/", 100, 5, 4, 1},
};

struct Got {
  int facts = 0;
  int refused = 0;
  absl::Status status;
};

void Count(const Request& request, const Response& response, Got* got) {
  got->status = ExpectStatus(request, response, 200);
  if (!got->status.ok()) return;
  const auto facts = ParseJsonArray(response.body);
  got->status = facts.status();
  if (facts.ok()) got->facts += facts->values_size();
  const std::string* const refused = response.FindHeader("grpc-metadata-facts-refused");
  if (refused != nullptr) got->refused += std::atoi(refused->c_str());
}

rpc::Task<void> Ask(HttpSession* session, std::string path, Got* got) {
  const Request request = HttpGet(std::move(path));
  rpc::Task<absl::StatusOr<Response>> fetching = session->Fetch(request);
  const absl::StatusOr<Response> answer = co_await std::move(fetching);
  if (answer.ok()) {
    Count(request, *answer, got);
  } else {
    got->status = answer.status();
  }
}

/// A server of its own: its upstream's window begins with the first call.
absl::Status Measure(ReproduceRun& run, const Way& way, ReportTable* table) {
  const auto window = run.Scaled(kWindow);
  const auto latency = run.Scaled(kLatency);
  SLIPWAY_ASSIGN_OR_RETURN(
      const LocalServer server,
      run.StartServer({"--fact-limit", absl::StrCat(kLimit), "--fact-window", DurationText(window),
                       "--fact-latency", DurationText(latency)}));
  SLIPWAY_ASSIGN_OR_RETURN(const auto session,
                           HttpSession::Open({.port = server.rest_port,
                                              .slots = static_cast<uint32_t>(way.clients),
                                              .timeout = std::chrono::seconds(60)}));
  std::vector<Got> all(way.clients);
  const rpc::Time begin = session->Now();
  SLIPWAY_RETURN_IF_ERROR(session->RunAll(way.clients, [&](size_t i) {
    return Ask(session.get(), absl::StrCat(way.path, way.count), &all[i]);
  }));
  const rpc::Duration elapsed = session->Now() - begin;
  Got sum;
  for (const Got& got : all) {
    SLIPWAY_RETURN_IF_ERROR(got.status);
    sum.facts += got.facts;
    sum.refused += got.refused;
  }
  const auto least = way.windows * window + way.calls_in_a_row * latency;
  table->rows.push_back({way.name, absl::StrCat(way.path, way.count),
                         FormatCount(way.count * static_cast<int64_t>(way.clients)),
                         FormatCount(sum.facts), FormatCount(sum.refused), FormatDuration(elapsed),
                         FormatDuration(least)});
  return absl::OkStatus();
}

}  // namespace

absl::Status ReproduceFacts(ReproduceRun& run, ReportTable* table) {
  table->title = absl::StrFormat("(c) Facts: an upstream that takes %s and allows %d calls in %s",
                                 FormatDuration(run.Scaled(kLatency)), kLimit,
                                 FormatDuration(run.Scaled(kWindow)));
  table->columns = {"", "request", "wanted", "got", "refused", "time", "least possible"};
  for (const Way& way : kWays) {
    run.Say(absl::StrCat("facts ", way.name));
    SLIPWAY_RETURN_IF_ERROR(Measure(run, way, table));
  }
  return absl::OkStatus();
}

}  // namespace slipway::client
