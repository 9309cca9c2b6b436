// Any text as a scenario file. What is read is whole: every step has an origin that is there, of
// the right kind, and every extraction a value that is there. What is refused is INVALID_ARGUMENT,
// every problem with its line.
#include <string>

#include "client/scenario/scenario_file.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::client {
namespace {

using fuzz::Check;

void CheckStep(const ScenarioFile& file, const Scenario& scenario, const ScenarioStep& step) {
  Check(step.origin < file.origins().size(), "a step has an origin");
  Check(file.origins()[step.origin].grpc == !step.grpc_method.empty(), "origins are of their kind");
  Check(step.repeat >= 1 && step.think.count() >= 0 && step.line >= 1, "numbers are in range");
  for (const Extraction& extraction : step.extractions) {
    Check(extraction.value < scenario.values.size(), "what is extracted has room");
  }
}

}  // namespace
}  // namespace slipway::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::client;
  const auto file = ParseScenarioFile(slipway::fuzz::Text(data, size));
  using slipway::fuzz::Check;
  if (!file.ok()) {
    Check(file.status().code() == absl::StatusCode::kInvalidArgument &&
              file.status().message().find("line ") != absl::string_view::npos,
          "every problem has its line", std::string(file.status().message()));
    return 0;
  }
  Check(!file->scenarios().empty(), "there is a scenario");
  for (const Scenario& scenario : file->scenarios()) {
    Check(!scenario.steps.empty() && scenario.weight >= 1, "a scenario has steps and a weight");
    for (const ScenarioStep& step : scenario.steps) CheckStep(*file, scenario, step);
  }
  return 0;
}
