#include "client/data/request_workload.h"

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/data/columns.h"
#include "client/data/expectation.h"
#include "client/data/follow_issuer.h"
#include "client/data/request_feed.h"
#include "client/data/request_template.h"
#include "client/data/template.h"
#include "client/data/template_issuer.h"
#include "client/run/random_stream.h"
#include "client/run/request_numbers.h"

namespace slipway::client {
namespace {

struct RequestWorkloadParts {
  std::shared_ptr<const Columns> columns;  // nullptr: none
  std::optional<RequestTemplate> request;
  Expectations expectations;
  bool follow = false;
  std::string origin;
  int64_t request_bytes = 0;
};

class RequestWorkload : public Workload {
 public:
  explicit RequestWorkload(RequestWorkloadParts parts) : parts_(std::move(parts)) {}

  absl::StatusOr<std::unique_ptr<Issuer>> MakeIssuer(const IssuerContext& context) const override {
    SLIPWAY_ASSIGN_OR_RETURN(
        std::unique_ptr<RequestFeed> feed,
        RequestFeed::Make(*parts_.request, parts_.columns.get(), numbers_, context));
    if (parts_.follow) {
      FollowIssuer::Options options;
      options.origin = parts_.origin;
      return std::make_unique<FollowIssuer>(context, std::move(feed), parts_.expectations,
                                            std::move(options));
    }
    return std::make_unique<TemplateIssuer>(context.executor, std::move(feed), parts_.expectations);
  }
  bool reads_responses() const override {
    return parts_.follow || parts_.expectations.reads_responses();
  }
  int64_t request_bytes() const override { return parts_.request_bytes; }

 private:
  const RequestWorkloadParts parts_;
  mutable RequestNumbers numbers_;
};

absl::StatusOr<std::shared_ptr<const Columns>> LoadColumns(const RequestRecipe& recipe) {
  if (!recipe.csv.empty() && !recipe.jsonl.empty()) {
    return absl::InvalidArgumentError("--csv and --jsonl exclude each other");
  }
  const bool csv = !recipe.csv.empty();
  if (!csv && recipe.jsonl.empty()) return nullptr;
  auto columns = csv ? Columns::LoadCsv(recipe.csv) : Columns::LoadJsonLines(recipe.jsonl);
  if (columns.ok()) return columns;
  return absl::InvalidArgumentError(
      absl::StrCat(csv ? "--csv: " : "--jsonl: ", columns.status().message()));
}

/// The first request, to see whether it can be filled in and what it has; its random values are
/// not those of the run.
absl::StatusOr<Request> RenderFirst(const RequestWorkloadParts& parts) {
  std::mt19937_64 random = RandomStream(0, 0, RandomPurpose::kTemplates);
  TemplateValues values;
  values.random = &random;
  if (parts.columns != nullptr) values.named = parts.columns->row(0);
  Request request;
  SLIPWAY_RETURN_IF_ERROR(parts.request->Render(values, &request));
  return request;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Workload>> MakeRequestWorkload(RequestRecipe recipe) {
  if (recipe.follow && recipe.grpc) {
    return absl::InvalidArgumentError("--follow: allowed for HTTP only, since gRPC has no 202");
  }
  RequestWorkloadParts parts;
  SLIPWAY_ASSIGN_OR_RETURN(parts.columns, LoadColumns(recipe));
  absl::StatusOr<Expectations> expectations =
      Expectations::Parse(recipe.expect, recipe.grpc.has_value());
  if (!expectations.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--expect: ", expectations.status().message()));
  }
  parts.expectations = *std::move(expectations);
  TemplateNames names;
  if (parts.columns != nullptr) names.names = parts.columns->names();
  SLIPWAY_ASSIGN_OR_RETURN(parts.request,
                           RequestTemplate::Compile(recipe.texts, std::move(recipe.grpc), names,
                                                    {"the URL's path", "--header", "--data"}));
  parts.follow = recipe.follow;
  parts.origin = std::move(recipe.origin);
  SLIPWAY_ASSIGN_OR_RETURN(Request first, RenderFirst(parts));
  if (parts.request->is_literal() && parts.expectations.empty() && !parts.follow) {
    return MakeFixedWorkload(std::move(first));
  }
  parts.request_bytes = MakeFixedWorkload(std::move(first))->request_bytes();
  return std::make_shared<RequestWorkload>(std::move(parts));
}

}  // namespace slipway::client
