#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/config.h"
#include "base/limits.h"
#include "base/status_macros.h"
#include "client/command/reproduce.h"
#include "client/command/reproduce_run.h"
#include "client/command/session.h"
#include "client/command/support.h"
#include "client/process/scratch_directory.h"
#include "client/report/format.h"
#include "client/report/report.h"
#include "client/report/write.h"

namespace slipway::client {
namespace {

struct Part {
  char letter;
  const char* what;
  absl::Status (*run)(ReproduceRun& run, ReportTable* table);
};
constexpr Part kParts[] = {
    {'a', "slow requests on threads and on an event loop", ReproduceWaiting},
    {'b', "the Docking comparison", ReproduceDocking},
    {'c', "facts under a limit", ReproduceFacts},
    {'d', "the asynchronous reply", ReproduceJobs},
    {'e', "one blocking worker behind the asynchronous layer", ReproduceAsyncLayer},
    {'f', "real work, blocking and async", ReproduceWork},
    {'g', "the same call by three ways", ReproduceProtocols},
};

struct ReproduceOptions {
  bool quick = false;
  std::string out = ".";
  std::string only;
  uint64_t seed = 0;
  std::vector<Part> parts;
};

/// `a,f` or `af`; empty: all.
absl::Status ChooseParts(ReproduceOptions* options) {
  for (const Part& part : kParts) {
    const bool named = options->only.find(part.letter) != std::string::npos;
    if (options->only.empty() || named) options->parts.push_back(part);
  }
  const auto is_known = [](char c) {
    return c == ',' || std::any_of(std::begin(kParts), std::end(kParts),
                                   [c](const Part& part) { return part.letter == c; });
  };
  const bool known = std::all_of(options->only.begin(), options->only.end(), is_known);
  if (known && !options->parts.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("--only \"%s\": allowed are a to g, separated by commas", options->only));
}

/// Nothing when it is to go on.
std::optional<ExitCode> ParseOptions(const std::vector<std::string>& arguments,
                                     ReproduceOptions* options) {
  std::string description =
      "Repeats published measurements on this machine, with the slipway-server and the\n"
      "slipway-gateway that lie beside this program, over loopback. Writes reproduce.html and\n"
      "reproduce.json. Takes about twenty minutes, with --quick about three. The parts:\n";
  for (const Part& part : kParts) {
    absl::StrAppend(&description, "  ", std::string(1, part.letter), "  ", part.what, "\n");
  }
  description.pop_back();
  base::ConfigParser parser("slipway-load reproduce", description);
  parser.AddBool("quick", &options->quick, "delays and time-outs are a tenth");
  parser.AddString("out", &options->out, "where the report goes").Placeholder("DIR");
  parser.AddString("only", &options->only, "these parts, such as a,f; empty: all")
      .Placeholder("PARTS");
  parser.AddInt("seed", &options->seed, 0, INT64_MAX, "of what is random; 0: a new one");
  if (const auto exit = ParseArguments(parser, arguments)) return exit;
  const absl::Status chosen = ChooseParts(options);
  return chosen.ok() ? std::nullopt : std::optional(Complain(chosen));
}

/// The directory of this program, where its servers lie too.
absl::StatusOr<std::string> FindPrograms() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot read /proc/self/exe: ", error.message()));
  }
  const auto directory = self.parent_path();
  for (const char* program : {"slipway-server", "slipway-gateway"}) {
    if (std::filesystem::exists(directory / program, error)) continue;
    return absl::NotFoundError(absl::StrCat((directory / program).string(),
                                            " is not there; it belongs beside this program"));
  }
  return directory.string();
}

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--out: cannot make the directory ", path, ": ", error.message()));
}

/// Runs one part; what is wrong with it is a row of its table.
absl::Status RunPart(const Part& part, ReproduceRun& run) {
  run.Say(absl::StrFormat("(%c) %s", part.letter, part.what));
  ReportTable table;
  const absl::Status status = part.run(run, &table);
  if (!status.ok()) {
    const std::string message(status.message());
    if (table.title.empty()) table.title = absl::StrFormat("(%c) %s", part.letter, part.what);
    table.rows.push_back({absl::StrCat("FAILED: ", Shortened(message))});
    run.Say(absl::StrFormat("(%c) failed: %s", part.letter, message));
    run.report().notices.push_back(
        {Notice::Level::kWarning, absl::StrFormat("Part (%c) failed: %s", part.letter, message)});
  }
  // Rows may be shorter than the columns: forms of the report expect them all.
  table.columns.resize(std::max<size_t>(1, table.columns.size()));
  for (auto& row : table.rows) row.resize(std::max(row.size(), table.columns.size()));
  run.report().tables.push_back(std::move(table));
  return status;
}

absl::Status Write(const Report& report, const std::string& directory) {
  const std::string text = RenderReport(report, ReportFormat::kText);
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
    return absl::UnknownError("cannot write the report to standard output");
  }
  for (const char* name : {"reproduce.html", "reproduce.json"}) {
    const std::string path = (std::filesystem::path(directory) / name).string();
    SLIPWAY_RETURN_IF_ERROR(WriteReportFile(report, path));
    std::fprintf(stderr, "  %s\n", path.c_str());
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Reproduce(const ReproduceOptions& options, Report* report) {
  SLIPWAY_RETURN_IF_ERROR(MakeDirectory(options.out));
  SLIPWAY_ASSIGN_OR_RETURN(std::string programs, FindPrograms());
  SLIPWAY_RETURN_IF_ERROR(base::RaiseFileLimit().status());
  SLIPWAY_ASSIGN_OR_RETURN(ScratchDirectory scratch, ScratchDirectory::Make());
  ReproduceRun run(options.quick, std::move(programs), std::move(scratch), report);
  bool all_ok = true;
  for (const Part& part : options.parts) {
    const absl::Status status = RunPart(part, run);
    all_ok &= status.ok();
    if (absl::IsCancelled(status)) break;
  }
  return all_ok && run.complete();
}

}  // namespace

ExitCode ReproduceCommand(const std::vector<std::string>& arguments) {
  ReproduceOptions options;
  if (const auto exit = ParseOptions(arguments, &options)) return *exit;
  LoadOptions load;
  load.seed = options.seed;
  Session session(arguments, std::move(load));
  const absl::StatusOr<bool> all_ok = Reproduce(options, &session.report());
  if (!all_ok.ok()) return Complain(all_ok.status());
  Evaluate(&session.report());
  const absl::Status written = Write(session.report(), options.out);
  if (!written.ok()) return Complain(written);
  return *all_ok ? kExitOk : kExitFailed;
}

}  // namespace slipway::client
