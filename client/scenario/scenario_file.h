#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/data/expectation.h"
#include "client/data/json_path.h"
#include "client/data/request_template.h"

namespace slipway::client {

/// One server that a scenario talks to.
struct ScenarioOrigin {
  /// As it was given: `http://host:port`, `grpcs://host:port`.
  std::string url;
  bool grpc = false;
  /// The methods that are called there, `/pkg.Service/Method`, each once.
  std::vector<std::string> grpc_methods;
};

/// What a step keeps of its answer for the steps after it.
struct Extraction {
  enum class From { kJson, kHeader, kStatus };
  From from = From::kStatus;
  JsonPath path;       // kJson
  std::string header;  // kHeader, in lower case
  /// The variable, and which of the scenario's values it is.
  std::string name;
  size_t value = 0;
};

/// One request of a scenario.
struct ScenarioStep {
  std::string name;
  /// Which of the file's origins.
  size_t origin = 0;
  /// gRPC: `/pkg.Service/Method`; HTTP: empty.
  std::string grpc_method;
  /// Not bound to the method yet.
  RequestTemplate request;
  Expectations expectations;
  std::vector<Extraction> extractions;
  /// Until the next request of the same user, if there is one.
  std::chrono::nanoseconds think{0};
  /// How often in a row.
  int64_t repeat = 1;
  /// In the file.
  int line = 1;
};

/// What a user does.
struct Scenario {
  std::string name;
  int64_t weight = 1;
  std::vector<ScenarioStep> steps;
  /// Constants as they are, and room for what is extracted: what templates' names refer to.
  std::vector<std::string> values;
};

/// A file of one or more scenarios, as docs/scenarios.md describes it.
class ScenarioFile {
 public:
  /// Distinct, in the order of the file; the engines of a run are in the same order.
  const std::vector<ScenarioOrigin>& origins() const { return origins_; }
  const std::vector<Scenario>& scenarios() const { return scenarios_; }

 private:
  friend class ScenarioParser;
  friend class ScenarioWorkload;
  std::vector<ScenarioOrigin> origins_;
  std::vector<Scenario> scenarios_;
};

/// INVALID_ARGUMENT names all that is wrong, each on a line of its own with the line of the file
/// and what is allowed.
absl::StatusOr<ScenarioFile> ParseScenarioFile(std::string_view yaml);

}  // namespace slipway::client
