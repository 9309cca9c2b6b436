#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "google/api/http.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "schema/loader.h"
#include "schema/plan.h"
#include "schema/schema.h"

namespace slipway::schema::internal {

/// The rules of a `google.api.Service` document, by selector. Of the document only `http.rules` is
/// read.
class ExternalRules {
 public:
  /// Empty without a document in `options`. INVALID_ARGUMENT when the YAML does not parse or a
  /// selector is no method's full name; NOT_FOUND when the file cannot be read.
  static absl::StatusOr<ExternalRules> Load(const LoadOptions& options);
  static absl::StatusOr<ExternalRules> FromYaml(const std::string& text);

  /// The rules of a method (`pkg.Service.Method`) in the document's order.
  std::vector<google::api::HttpRule> Take(const std::string& method);
  /// A sentence for each selector that was not taken.
  std::vector<std::string> UnusedSelectors() const;

 private:
  std::map<std::string, std::vector<google::api::HttpRule>> by_selector_;
};

/// Flattens the rules of one service's methods and leaves out, with a warning, those that cannot be
/// served: a body where there must be none, names of fields that do not exist, duplicates.
class RuleChecker {
 public:
  RuleChecker(const PlanSet& plans, bool allow_delete_body, std::vector<std::string>* warnings)
      : plans_(plans), allow_delete_body_(allow_delete_body), warnings_(warnings) {}

  /// `external`, then the annotation in `options`; each followed by its additional bindings.
  std::vector<HttpRule> Flatten(const pb::MethodDescriptor* method,
                                std::vector<google::api::HttpRule> external,
                                const pb::MethodOptions& options);

 private:
  void AddRule(const pb::MethodDescriptor* method, const google::api::HttpRule& rule,
               std::vector<HttpRule>* rules);
  /// Empty when the rule can be served.
  std::string Problem(const pb::MethodDescriptor* method, const HttpRule& rule) const;
  std::string BodyProblem(const HttpRule& rule, const MessageType& input) const;
  std::string VariableProblem(const std::string& path_template, const MessageType& input) const;

  const PlanSet& plans_;
  bool allow_delete_body_;
  std::vector<std::string>* warnings_;
  std::set<std::pair<std::string, std::string>> taken_;
};

}  // namespace slipway::schema::internal
