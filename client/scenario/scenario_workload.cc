#include "client/scenario/scenario_workload.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "client/data/template.h"
#include "client/run/random_stream.h"
#include "client/run/request_numbers.h"
#include "client/scenario/scenario_issuer.h"

namespace slipway::client {
namespace {

bool ReadsResponse(const ScenarioStep& step) {
  return step.expectations.reads_responses() ||
         std::any_of(step.extractions.begin(), step.extractions.end(), [](const auto& extraction) {
           return extraction.from != Extraction::From::kStatus;
         });
}

}  // namespace

/// Shared by the threads of a run; immutable but for the numbers that they take.
class ScenarioWorkload : public Workload {
 public:
  explicit ScenarioWorkload(ScenarioFile file) : file_(std::move(file)) {}

  absl::Status Bind(const MethodLookup& lookup) {
    for (Scenario& scenario : file_.scenarios_) {
      for (ScenarioStep& step : scenario.steps) {
        if (step.grpc_method.empty()) continue;
        const absl::Status status = BindStep(lookup, &step);
        if (status.ok()) continue;
        return absl::Status(status.code(), absl::StrFormat("line %d: the step \"%s\": %s",
                                                           step.line, step.name, status.message()));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<Issuer>> MakeIssuer(const IssuerContext& context) const override {
    if (context.engines.size() != file_.origins().size()) {
      return absl::InvalidArgumentError(absl::StrFormat("%d servers need as many engines, not %d",
                                                        file_.origins().size(),
                                                        context.engines.size()));
    }
    return ScenarioIssuer::Make(file_.scenarios(), numbers_, context);
  }

  bool reads_responses() const override {
    for (const Scenario& scenario : file_.scenarios()) {
      if (std::any_of(scenario.steps.begin(), scenario.steps.end(), ReadsResponse)) return true;
    }
    return false;
  }

  std::vector<std::string> steps() const override {
    std::vector<std::string> names;
    for (const Scenario& scenario : file_.scenarios()) {
      for (const ScenarioStep& step : scenario.steps) {
        names.push_back(absl::StrCat(scenario.name, "/", step.name));
      }
    }
    return names;
  }

  int64_t request_bytes() const override {
    const Scenario& scenario = file_.scenarios().front();
    std::mt19937_64 random = RandomStream(0, 0, RandomPurpose::kTemplates);
    TemplateValues values;
    values.named = scenario.values;
    values.random = &random;
    Request request;
    if (!scenario.steps.front().request.Render(values, &request).ok()) return 0;
    return MakeFixedWorkload(std::move(request))->request_bytes();
  }

 private:
  static absl::Status BindStep(const MethodLookup& lookup, ScenarioStep* step) {
    SLIPWAY_ASSIGN_OR_RETURN(GrpcMethod method, lookup(step->origin, step->grpc_method));
    return step->request.Bind(std::move(method));
  }

  ScenarioFile file_;
  mutable RequestNumbers numbers_;
};

absl::StatusOr<std::shared_ptr<const Workload>> MakeScenarioWorkload(ScenarioFile file,
                                                                     const MethodLookup& lookup) {
  auto workload = std::make_shared<ScenarioWorkload>(std::move(file));
  SLIPWAY_RETURN_IF_ERROR(workload->Bind(lookup));
  return workload;
}

}  // namespace slipway::client
