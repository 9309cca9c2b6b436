#include "client/command/support.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "client/command/switches.h"
#include "client/report/format.h"

namespace slipway::client {

std::optional<ExitCode> ParseArguments(base::ConfigParser& parser,
                                       const std::vector<std::string>& arguments) {
  const std::vector<std::string> expanded = ExpandShortSwitches(arguments);
  std::vector<const char*> pointers;
  for (const std::string& argument : expanded) pointers.push_back(argument.c_str());
  const absl::StatusOr<bool> parsed =
      parser.Parse(static_cast<int>(pointers.size()), pointers.data());
  if (!parsed.ok()) return Complain(parsed.status());
  return *parsed ? std::nullopt : std::optional(kExitOk);
}

ExitCode Complain(const absl::Status& status) {
  const std::string message(status.message());
  std::fputs(ForTerminal(absl::StrCat("slipway-load: ", message, "\n")).c_str(), stderr);
  return absl::IsInvalidArgument(status) ? kExitUsage : kExitFailed;
}

}  // namespace slipway::client
