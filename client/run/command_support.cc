#include "client/run/command_support.h"

#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "client/run/flags.h"

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
  std::fputs(absl::StrCat("slipway-load: ", message, "\n").c_str(), stderr);
  return absl::IsInvalidArgument(status) ? kExitUsage : kExitFailed;
}

bool WriteReport(const LoadOptions& options, const std::string& text) {
  std::FILE* file = options.output.empty() ? stdout : std::fopen(options.output.c_str(), "we");
  bool written = file != nullptr && std::fputs(text.c_str(), file) >= 0;
  if (file != nullptr)
    written = (file == stdout ? std::fflush(file) : std::fclose(file)) == 0 && written;
  if (written) return true;
  const char* const name = options.output.empty() ? "standard output" : options.output.c_str();
  Complain(absl::UnknownError(
      absl::StrCat("cannot write the report to ", name, ": ", std::strerror(errno))));
  // What was measured is not thrown away.
  if (!options.output.empty()) std::fputs(text.c_str(), stdout);
  return false;
}

}  // namespace slipway::client
