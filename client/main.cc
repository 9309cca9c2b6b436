// slipway-load: puts load on gRPC and HTTP servers and compares them.
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "base/version.h"
#include "client/command/commands.h"

namespace {

using slipway::client::ExitCode;

constexpr char kUsage[] =
    "Usage: slipway-load COMMAND [options] URL…\n"
    "\n"
    "Puts load on gRPC and HTTP servers and says what it cost. Commands:\n"
    "  run URL            loads one target: throughput, latency, CPU, errors\n"
    "  sweep URL…         the same at concurrencies from 1 to 10,000\n"
    "  compare URL URL…   loads several in turn, many times, and says how sure the difference is\n"
    "  search URL         finds the highest rate that meets an objective such as 'p99<10ms'\n"
    "  scenario FILE      users who take several steps, one after the other\n"
    "  reproduce          starts our servers in all modes and prints what each of them bought\n"
    "  report FILE…       reads reports again, merges them, writes them in another form\n"
    "\n"
    "slipway-load COMMAND --help shows a command's options.\n"
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 --fail-if holds, 4 the result is invalid.\n";

constexpr std::pair<const char*, ExitCode (*)(const std::vector<std::string>&)> kCommands[] = {
    {"run", slipway::client::RunCommand},
    {"sweep", slipway::client::SweepCommand},
    {"compare", slipway::client::CompareCommand},
    {"search", slipway::client::SearchCommand},
    {"scenario", slipway::client::ScenarioCommand},
    {"report", slipway::client::ReportCommand},
    {"reproduce", slipway::client::ReproduceCommand},
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string command = arguments.empty() ? "" : arguments[0];
  for (const auto& [name, run] : kCommands) {
    if (command == name) return run(arguments);
  }
  if (command == "--version") {
    std::printf("slipway-load %s\n", std::string(slipway::base::kVersion).c_str());
    return slipway::client::kExitOk;
  }
  const bool asked = command == "--help" || command == "-h" || command == "help";
  if (!asked && !command.empty()) {
    std::fprintf(stderr, "slipway-load: unknown command \"%s\"\n\n", command.c_str());
  }
  std::fputs(kUsage, asked ? stdout : stderr);
  return asked ? slipway::client::kExitOk : slipway::client::kExitUsage;
}
