// Parts (d) and (e): the asynchronous reply, and a slow blocking server behind it.
#include "client/command/reproduce_jobs.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "client/command/reproduce_run.h"
#include "client/report/format.h"

namespace slipway::client {
namespace {

constexpr size_t kJobs = 10'000;
constexpr uint32_t kSubmitters = 64;
constexpr size_t kSlowCalls = 100;
constexpr auto kInfoDelay = std::chrono::milliseconds(5000);
constexpr auto kTargetPatience = std::chrono::seconds(10);

std::string NameOf(size_t i) { return absl::StrCat("job ", i); }

absl::Status CheckContains(const Response& result, const std::string& wanted) {
  if (result.body.find(wanted) != std::string::npos) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("a result is ", result.body.substr(0, 200), " instead of ", wanted));
}

JobConsumer::Work Greetings() {
  return {[](size_t i) { return absl::StrCat("{\"greeting\":{\"name\":\"", NameOf(i), "\"}}"); },
          [](size_t i, const Response& result) {
            return CheckContains(result, absl::StrCat("\"Hello ", NameOf(i), "...!\""));
          }};
}

JobConsumer::Work SlowCalls() {
  return {[](size_t) {
            return std::string(
                R"({"call":{"target":"slow","method":"docking.v1.Info/GetInfo","request":{}}})");
          },
          [](size_t, const Response& result) { return CheckContains(result, "\"success\""); }};
}

/// One phase of part (d): what it took.
struct Phase {
  std::string name;
  std::function<absl::Status()> run;
  const Histogram& histogram;
};

absl::Status Measure(HttpSession& session, const LocalServer& server, const Phase& phase,
                     ReportTable* table) {
  const rpc::Time begin = session.Now();
  const auto cpu_before = CpuTimeOf(server.child);
  SLIPWAY_RETURN_IF_ERROR(phase.run());
  const rpc::Duration elapsed = session.Now() - begin;
  const auto cpu = CpuTimeOf(server.child) - cpu_before;
  const auto requests = phase.histogram.count();
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const auto at = [&](double percentile) {
    return FormatDuration(std::chrono::nanoseconds(phase.histogram.ValueAt(percentile)));
  };
  table->rows.push_back({phase.name, FormatCount(requests), FormatDuration(elapsed),
                         FormatNumber(static_cast<double>(requests) / seconds), at(50), at(99),
                         absl::StrCat(FormatNumber(static_cast<double>(cpu.count()) / 1000 /
                                                   static_cast<double>(requests)),
                                      " µs")});
  return absl::OkStatus();
}

std::string Seconds(int64_t nanoseconds) {
  return FormatDuration(std::chrono::nanoseconds(nanoseconds));
}

/// The result's last arrival, and how many there were.
struct Ends {
  int64_t count = 0;
  rpc::Time last;
};

/// A target answers 503 until its methods are known, which takes a moment after the start.
rpc::Task<void> WaitForTarget(HttpSession* session, absl::Status* status) {
  const Request probe = HttpPost(
      "/v1/jobs", R"({"call":{"target":"slow","method":"docking.v1.Info/GetIndex","request":{}}})");
  const rpc::Deadline deadline = session->Now() + kTargetPatience;
  while (true) {
    rpc::Task<absl::StatusOr<Response>> submitting = session->Fetch(probe);
    const absl::StatusOr<Response> answer = co_await std::move(submitting);
    *status = answer.ok() ? ExpectStatus(probe, *answer, 202) : answer.status();
    if (status->ok() || !answer.ok() || session->Now() >= deadline) co_return;
    rpc::Task<void> sleeping = session->Sleep(std::chrono::milliseconds(50));
    co_await std::move(sleeping);
  }
}

void AddOneWorker(const ReproduceRun& run, ReportTable* table) {
  if (!run.one_worker) return;
  const ReproduceRun::OneWorker& one = *run.one_worker;
  table->rows.push_back({"the client waits for it: part (a), 1 blocking worker", "-", "-",
                         FormatCount(one.answered), FormatCount(one.timed_out),
                         FormatDuration(one.last_answer)});
}

}  // namespace

absl::Status ReproduceJobs(ReproduceRun& run, ReportTable* table) {
  table->title = absl::StrFormat(
      "(d) Asynchronous reply: %s jobs, each on disk before it is "
      "acknowledged, %d in flight",
      FormatCount(kJobs), kSubmitters);
  table->columns = {"", "requests", "time", "a second", "p50", "p99", "server CPU a request"};
  SLIPWAY_ASSIGN_OR_RETURN(const LocalServer server, run.StartServer({}));
  SLIPWAY_ASSIGN_OR_RETURN(const auto session,
                           HttpSession::Open({.port = server.rest_port, .slots = kSubmitters}));
  JobConsumer consumer(*session, kJobs, Greetings());
  const Phase phases[] = {
      {"submitted", [&] { return consumer.SubmitAll(); }, consumer.acknowledged()},
      {"polled until there is a result", [&] { return consumer.PollAll(); }, consumer.polled()},
      {"collected and compared", [&] { return consumer.CollectAll(); }, consumer.collected()}};
  for (const Phase& phase : phases) {
    run.Say(absl::StrCat("jobs: ", phase.name));
    SLIPWAY_RETURN_IF_ERROR(Measure(*session, server, phase, table));
  }
  return absl::OkStatus();
}

absl::Status ReproduceAsyncLayer(ReproduceRun& run, ReportTable* table) {
  const auto delay = run.Scaled(kInfoDelay);
  table->title =
      absl::StrFormat("(e) %d /info of %s, one blocking worker behind the asynchronous layer",
                      kSlowCalls, FormatDuration(delay));
  table->columns = {"",         "acknowledged", "slowest acknowledgement",
                    "answered", "timed out",    "last answer"};
  SLIPWAY_ASSIGN_OR_RETURN(const LocalServer slow,
                           run.StartServer({"--threading", "blocking", "--workers", "1",
                                            "--info-delay", DurationText(delay)}));
  // One attempt at a time, as there is one worker: the others' time does not run yet.
  SLIPWAY_ASSIGN_OR_RETURN(
      const LocalServer layer,
      run.StartServer({"--job-target", absl::StrCat("slow=", slow.grpc_address()),
                       "--job-concurrency", "call=1"}));
  SLIPWAY_ASSIGN_OR_RETURN(const auto session,
                           HttpSession::Open({.port = layer.rest_port, .slots = kSlowCalls}));
  absl::Status known;
  SLIPWAY_RETURN_IF_ERROR(
      session->RunAll(1, [&](size_t) { return WaitForTarget(session.get(), &known); }));
  SLIPWAY_RETURN_IF_ERROR(known);
  JobConsumer consumer(*session, kSlowCalls, SlowCalls());
  Ends ends;
  const rpc::Time begin = session->Now();
  run.Say(absl::StrFormat("one worker behind the asynchronous layer: about %s",
                          FormatDuration(delay * kSlowCalls)));
  const absl::Status followed = consumer.FollowAll([&](rpc::Time now) {
    ends.last = now;
    if (++ends.count % 20 == 0)
      run.Say(absl::StrFormat("%d of %d answered", ends.count, kSlowCalls));
  });
  SLIPWAY_RETURN_IF_ERROR(followed);
  table->rows.push_back({"a job each, followed to its result",
                         FormatCount(consumer.acknowledged().count()),
                         Seconds(consumer.acknowledged().max()), FormatCount(ends.count), "0",
                         FormatDuration(ends.last - begin)});
  AddOneWorker(run, table);
  return absl::OkStatus();
}

}  // namespace slipway::client
