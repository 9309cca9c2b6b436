// slipway-load: puts load on gRPC and HTTP servers and compares them.
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "base/version.h"
#include "client/run/commands.h"

namespace {

constexpr char kUsage[] =
    "Usage: slipway-load COMMAND [options] URL…\n"
    "\n"
    "Puts load on gRPC and HTTP servers and says what it cost.\n"
    "\n"
    "Commands:\n"
    "  run URL          loads one target and reports throughput, latency, CPU and errors\n"
    "  compare URL URL… loads several in turn, several times, and reports their ratios\n"
    "\n"
    "slipway-load COMMAND --help shows a command's options.\n"
    "Exit codes: 0 ok, 1 failed, 2 usage, 4 the generator was the bottleneck (--strict).\n";

}  // namespace

int main(int argc, char** argv) {
  using namespace slipway;  // NOLINT: this file only wires
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string command = arguments.empty() ? "" : arguments[0];
  if (command == "run") return client::RunCommand(arguments);
  if (command == "compare") return client::CompareCommand(arguments);
  if (command == "--version") {
    std::printf("slipway-load %s\n", std::string(base::kVersion).c_str());
    return client::kExitOk;
  }
  const bool asked = command == "--help" || command == "-h" || command == "help";
  if (!asked && !command.empty()) {
    std::fprintf(stderr, "slipway-load: unknown command \"%s\"\n\n", command.c_str());
  }
  std::fputs(kUsage, asked ? stdout : stderr);
  return asked ? client::kExitOk : client::kExitUsage;
}
