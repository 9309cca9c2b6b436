#include "schema/http_rules.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/api/annotations.pb.h"

namespace slipway::schema::internal {

namespace {

/// The method and template of a rule; an empty template when it has no pattern.
HttpRule FromProto(const google::api::HttpRule& rule) {
  HttpRule result;
  using Rule = google::api::HttpRule;
  switch (rule.pattern_case()) {
    case Rule::kGet:
      result = {"GET", rule.get()};
      break;
    case Rule::kPut:
      result = {"PUT", rule.put()};
      break;
    case Rule::kPost:
      result = {"POST", rule.post()};
      break;
    case Rule::kDelete:
      result = {"DELETE", rule.delete_()};
      break;
    case Rule::kPatch:
      result = {"PATCH", rule.patch()};
      break;
    case Rule::kCustom:
      result = {rule.custom().kind(), rule.custom().path()};
      break;
    case Rule::PATTERN_NOT_SET:
      break;
  }
  result.body = rule.body();
  result.response_body = rule.response_body() == "*" ? "" : rule.response_body();
  return result;
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

}  // namespace

std::vector<HttpRule> RuleChecker::Flatten(const pb::MethodDescriptor* method,
                                           std::vector<google::api::HttpRule> external,
                                           const pb::MethodOptions& options) {
  if (options.HasExtension(google::api::http)) {
    external.push_back(options.GetExtension(google::api::http));
  }
  std::vector<HttpRule> rules;
  for (const google::api::HttpRule& rule : external) {
    AddRule(method, rule, &rules);
    for (const google::api::HttpRule& additional : rule.additional_bindings()) {
      AddRule(method, additional, &rules);
      if (additional.additional_bindings_size() == 0) continue;
      warnings_->push_back("bindings within an additional binding of " + method->full_name() +
                           " are left out: only one level is allowed");
    }
  }
  return rules;
}

void RuleChecker::AddRule(const pb::MethodDescriptor* method, const google::api::HttpRule& rule,
                          std::vector<HttpRule>* rules) {
  if (rule.pattern_case() == google::api::HttpRule::PATTERN_NOT_SET) return;
  HttpRule flat = FromProto(rule);
  std::string problem = Problem(method, flat);
  if (problem.empty() && !taken_.emplace(flat.method, flat.path_template).second) {
    problem = "the service has a binding of the same method and path already";
  }
  if (problem.empty()) {
    rules->push_back(std::move(flat));
    return;
  }
  warnings_->push_back("binding " + flat.method + " " + flat.path_template + " of " +
                       method->full_name() + " is left out: " + problem);
}

std::string RuleChecker::Problem(const pb::MethodDescriptor* method, const HttpRule& rule) const {
  if (rule.method.empty()) return "a custom pattern needs a kind";
  if (rule.path_template.empty() || rule.path_template[0] != '/') {
    return "a path begins with '/'";
  }
  if (method->input_type()->is_placeholder() || method->output_type()->is_placeholder()) {
    return "the descriptors of its messages are missing";
  }
  const MessageType& input = plans_.Find(method->input_type()->full_name())->type;
  const MessageType& output = plans_.Find(method->output_type()->full_name())->type;
  if (!rule.response_body.empty()) {
    const auto path = output.Resolve(rule.response_body);
    if (!path.ok()) return "response_body: " + Message(path.status());
  }
  if (std::string problem = BodyProblem(rule, input); !problem.empty()) return problem;
  if (rule.path_template.find('{') == std::string::npos) return "";
  if (method->client_streaming()) return "a client-streaming method takes no path variables";
  return VariableProblem(rule.path_template, input);
}

std::string RuleChecker::BodyProblem(const HttpRule& rule, const MessageType& input) const {
  if (rule.body.empty()) return "";
  if (rule.method == "GET") return "GET takes no body";
  if (rule.method == "DELETE" && !allow_delete_body_) return "DELETE takes no body";
  if (rule.body == "*") return "";
  const auto path = input.Resolve(rule.body);
  return path.ok() ? "" : "body: " + Message(path.status());
}

std::string RuleChecker::VariableProblem(const std::string& path_template,
                                         const MessageType& input) const {
  std::string_view rest = path_template;
  while (true) {
    const size_t open = rest.find('{');
    if (open == rest.npos) return "";
    rest.remove_prefix(open + 1);
    const auto path = input.Resolve(rest.substr(0, rest.find_first_of("=}")));
    if (!path.ok()) return "path variable: " + Message(path.status());
    const absl::Status fits = input.CheckCapture(*path);
    if (!fits.ok()) return "path variable: " + Message(fits);
  }
}

}  // namespace slipway::schema::internal
