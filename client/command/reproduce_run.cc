#include "client/command/reproduce_run.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/limits.h"
#include "base/status_macros.h"
#include "client/command/reproduce_http.h"
#include "client/process/free_port.h"
#include "client/report/format.h"
#include "client/run/trial.h"

namespace slipway::client {
namespace {

constexpr char kLoopback[] = "127.0.0.1";
constexpr auto kStartPatience = std::chrono::seconds(30);
constexpr auto kSayEvery = std::chrono::seconds(10);
constexpr auto kEndPatience = std::chrono::seconds(1);
constexpr auto kAskAgain = std::chrono::milliseconds(50);

std::string AddressOf(uint16_t port) { return absl::StrCat(kLoopback, ":", port); }

std::string ShownCommand(const std::string& program, const Switches& switches) {
  Switches words = {program};
  for (const std::string& word : switches) words.push_back(ShellWord(word));
  return absl::StrJoin(words, " ");
}

rpc::Task<void> AskUntilOk(HttpSession* session, std::string path, rpc::Deadline deadline,
                           absl::Status* status) {
  while (true) {
    rpc::Task<absl::StatusOr<Response>> fetching = session->Fetch(HttpGet(path));
    const absl::StatusOr<Response> answer = co_await std::move(fetching);
    *status = answer.ok() ? ExpectStatus(HttpGet(path), *answer, 200) : answer.status();
    if (status->ok() || !answer.ok() || session->Now() >= deadline) co_return;
    rpc::Task<void> sleeping = session->Sleep(kAskAgain);
    co_await std::move(sleeping);
  }
}

/// Why a server does not answer: mostly because it is about to end, in which case its log says
/// more.
absl::Status WhyNot(Child& child, const absl::Status& status) {
  const rpc::Deadline deadline = rpc::Clock::now() + kEndPatience;
  while (rpc::Clock::now() < deadline) {
    SLIPWAY_RETURN_IF_ERROR(child.CheckAlive());
    std::this_thread::sleep_for(kAskAgain);
  }
  return status;
}

/// REST is listened on before the services behind it are known: waits until a call that costs
/// nothing is answered with 200.
absl::Status WaitUntilAnswers(LocalServer& server) {
  SLIPWAY_RETURN_IF_ERROR(
      server.child.WaitUntilAccepts(kLoopback, server.rest_port, kStartPatience));
  const auto session = HttpSession::Open({.port = server.rest_port});
  if (!session.ok()) return WhyNot(server.child, session.status());
  absl::Status status;
  const rpc::Deadline deadline = (*session)->Now() + kStartPatience;
  SLIPWAY_RETURN_IF_ERROR((*session)->RunAll(
      1, [&](size_t) { return AskUntilOk(session->get(), "/", deadline, &status); }));
  return status.ok() ? status : WhyNot(server.child, status);
}

}  // namespace

std::string LocalServer::RestUrl(const std::string& path) const {
  return absl::StrCat("http://", AddressOf(rest_port), path);
}
std::string LocalServer::GrpcUrl(const std::string& method) const {
  return absl::StrCat("grpc://", AddressOf(grpc_port), "/", method);
}
std::string LocalServer::grpc_address() const { return AddressOf(grpc_port); }

std::string DurationText(std::chrono::milliseconds duration) {
  return absl::StrCat(duration.count(), "ms");
}

std::chrono::nanoseconds CpuTimeOf(const Child& child) {
  const absl::StatusOr<absl::Duration> time = base::ProcessCpuTime(child.pid());
  return time.ok() ? absl::ToChronoNanoseconds(*time) : std::chrono::nanoseconds(0);
}

absl::StatusOr<Child> ReproduceRun::StartProgram(const std::string& program, const Switches& fixed,
                                                 const Switches& switches) {
  std::vector<std::string> command = {programs_ + "/" + program};
  command.insert(command.end(), fixed.begin(), fixed.end());
  command.insert(command.end(), switches.begin(), switches.end());
  ++started_;
  return Child::Start(command, scratch_.File(absl::StrCat(program, "-", started_, ".log")));
}

absl::StatusOr<LocalServer> ReproduceRun::StartServer(const Switches& switches) {
  SLIPWAY_ASSIGN_OR_RETURN(const uint16_t rest, FreePort());
  SLIPWAY_ASSIGN_OR_RETURN(const uint16_t grpc, FreePort());
  SLIPWAY_ASSIGN_OR_RETURN(const uint16_t admin, FreePort());
  const std::string data = scratch_.File(absl::StrCat("data-", started_));
  SLIPWAY_ASSIGN_OR_RETURN(
      Child child, StartProgram("slipway-server",
                                {"--rest", AddressOf(rest), "--listen", AddressOf(grpc), "--admin",
                                 AddressOf(admin), "--data", data, "--log-level", "warning",
                                 "--access-log", "off", "--drain-grace", "1s"},
                                switches));
  LocalServer server{std::move(child), rest, grpc, ShownCommand("slipway-server", switches)};
  SLIPWAY_RETURN_IF_ERROR(WaitUntilAnswers(server));
  return server;
}

absl::StatusOr<LocalServer> ReproduceRun::StartGateway(const LocalServer& backend,
                                                       const Switches& switches) {
  SLIPWAY_ASSIGN_OR_RETURN(const uint16_t rest, FreePort());
  SLIPWAY_ASSIGN_OR_RETURN(
      Child child,
      StartProgram("slipway-gateway",
                   {"--listen", AddressOf(rest), "--backend", backend.grpc_address(), "--admin",
                    "off", "--log-level", "warning", "--access-log", "off", "--drain-grace", "1s"},
                   switches));
  LocalServer gateway{std::move(child), rest, 0, ShownCommand("slipway-gateway", switches)};
  SLIPWAY_RETURN_IF_ERROR(WaitUntilAnswers(gateway));
  return gateway;
}

absl::StatusOr<TrialResult> ReproduceRun::Trial(const Plan& plan, const std::string& what) {
  auto said = std::chrono::nanoseconds(0);
  const auto progress = [&](const TrialProgress& now) {
    if (now.elapsed - said < kSayEvery) return;
    said = now.elapsed;
    Say(absl::StrCat(what, ": ", FormatCount(now.finished),
                     now.wanted > 0 ? absl::StrCat(" of ", FormatCount(now.wanted)) : "",
                     " have ended after ", FormatDuration(now.elapsed)));
  };
  absl::StatusOr<TrialResult> result = RunTrial(plan, progress);
  interrupted_ |= result.ok() ? result->interrupted : absl::IsCancelled(result.status());
  return result;
}

std::string Shortened(const std::string& text) {
  constexpr size_t kMost = 60;
  // Of a program that has ended the last line says why.
  const std::string line = text.substr(text.find_last_of('\n') + 1);
  return line.size() <= kMost ? line : line.substr(0, kMost) + "...";
}

void ReproduceRun::NotMeasured(const std::string& row, const std::string& why) {
  complete_ = false;
  report_.notices.push_back(
      {Notice::Level::kWarning, absl::StrCat(row, " could not be measured: ", why)});
}

void ReproduceRun::Say(const std::string& text) const {
  std::fprintf(stderr, "  %s\n", text.c_str());
}

}  // namespace slipway::client
