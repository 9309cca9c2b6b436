#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/command/commands.h"
#include "client/command/session.h"
#include "client/command/support.h"
#include "client/command/switches.h"
#include "client/data/last_answer.h"
#include "client/report/format.h"

namespace slipway::client {
namespace {

/// What a request was answered, as far as a terminal may see it.
std::string AnswerText(const std::optional<std::string>& body) {
  if (!body) return "";  // there was none
  if (body->empty()) return "\nAnswer: an empty body\n";
  const bool cut = body->size() > LastAnswer::kShown;
  size_t end = std::min(body->size(), LastAnswer::kShown);
  // No half of a UTF-8 character, which has four bytes at most.
  for (int i = 0; cut && i < 3 && ((*body)[end] & 0xC0) == 0x80; ++i) --end;
  const std::string text =
      ForTerminal(absl::StrReplaceAll(body->substr(0, end), {{"\t", "    "}, {"\r\n", "\n"}}));
  return absl::StrCat("\nAnswer", cut ? ", its first 64 KiB" : "", "\n", text,
                      text.back() == '\n' ? "" : "\n");
}

/// Behind the report. False when it cannot be written.
bool Show(const LastAnswer& answer) {
  const std::string text = AnswerText(answer.text());
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return true;
  Complain(absl::UnknownError("cannot write the answer to standard output"));
  return false;
}

}  // namespace

ExitCode RunCommand(const std::vector<std::string>& arguments) {
  LoadOptions options;
  base::ConfigParser parser("slipway-load run", "Loads one target and reports what it did.");
  parser.AddPositionals(&options.targets, "URL",
                        "http[s]://HOST[:PORT]/PATH, h2c://HOST[:PORT]/PATH or "
                        "grpc[s]://HOST:PORT/pkg.Service/Method");
  AddLoadSwitches(parser, &options);
  AddRequestSwitches(parser, &options);
  if (const auto exit = ParseArguments(parser, arguments)) return *exit;
  if (options.targets.size() != 1) {
    return Complain(absl::InvalidArgumentError("run needs exactly one URL; see run --help"));
  }
  // Who sends one request is its client more than its load.
  const bool shown = options.requests == 1 && options.format == ReportFormat::kText;
  LastAnswer answer;
  Session session(arguments, std::move(options));
  if (const absl::Status status = session.Begin(); !status.ok()) return Complain(status);
  const absl::StatusOr<Plan> plan = session.Prepare(0, shown ? &answer : nullptr);
  if (!plan.ok()) return Complain(plan.status());
  const ExitCode exit = session.RunAlone(*plan);
  return shown && !Show(answer) ? kExitFailed : exit;
}

}  // namespace slipway::client
