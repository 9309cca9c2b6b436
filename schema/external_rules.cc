#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "schema/http_rules.h"
#include "schema/json_text.h"
#include "yaml-cpp/yaml.h"

namespace slipway::schema::internal {

namespace {

/// The text of the first of two keys that is there, or empty. Keys may be written either way, as in
/// any protobuf document.
std::string Text(const YAML::Node& node, const char* name, const char* json_name) {
  const YAML::Node value = node[name] ? node[name] : node[json_name];
  return value ? value.as<std::string>() : std::string();
}

google::api::HttpRule ReadRule(const YAML::Node& node) {
  google::api::HttpRule rule;
  if (node["get"]) rule.set_get(node["get"].as<std::string>());
  if (node["put"]) rule.set_put(node["put"].as<std::string>());
  if (node["post"]) rule.set_post(node["post"].as<std::string>());
  if (node["delete"]) rule.set_delete_(node["delete"].as<std::string>());
  if (node["patch"]) rule.set_patch(node["patch"].as<std::string>());
  if (const YAML::Node custom = node["custom"]) {
    rule.mutable_custom()->set_kind(Text(custom, "kind", "kind"));
    rule.mutable_custom()->set_path(Text(custom, "path", "path"));
  }
  rule.set_body(Text(node, "body", "body"));
  rule.set_response_body(Text(node, "response_body", "responseBody"));
  const YAML::Node more =
      node["additional_bindings"] ? node["additional_bindings"] : node["additionalBindings"];
  for (const YAML::Node& additional : more) {
    *rule.add_additional_bindings() = ReadRule(additional);
  }
  return rule;
}

std::string Trimmed(const std::string& text) {
  const size_t start = text.find_first_not_of(" \t");
  if (start == std::string::npos) return "";
  return text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

absl::Status CheckSelector(const std::string& selector) {
  if (!selector.empty() && selector.find_first_of("*, \t") == std::string::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("HTTP rules: selector " + QuoteShort(selector) +
                                    " is not allowed: expected the full name of one method, "
                                    "package.Service.Method");
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return absl::NotFoundError("HTTP rules: cannot read " + path);
  }
  return std::move(text).str();
}

}  // namespace

absl::StatusOr<ExternalRules> ExternalRules::Load(const LoadOptions& options) {
  if (!options.http_rules_yaml.empty() && !options.http_rules_path.empty()) {
    return absl::InvalidArgumentError("HTTP rules are given both as text and as a file");
  }
  if (!options.http_rules_yaml.empty()) return FromYaml(options.http_rules_yaml);
  if (options.http_rules_path.empty()) return ExternalRules();
  absl::StatusOr<std::string> text = ReadFile(options.http_rules_path);
  if (!text.ok()) return text.status();
  return FromYaml(*text);
}

absl::StatusOr<ExternalRules> ExternalRules::FromYaml(const std::string& text) {
  ExternalRules result;
  try {
    const YAML::Node document = YAML::Load(text);
    if (!document.IsMap()) {
      return absl::InvalidArgumentError("HTTP rules: expected a google.api.Service document");
    }
    const YAML::Node http = document["http"];
    if (!http || !http["rules"]) return result;
    for (const YAML::Node& node : http["rules"]) {
      const std::string selector = Trimmed(Text(node, "selector", "selector"));
      if (absl::Status status = CheckSelector(selector); !status.ok()) return status;
      result.by_selector_[selector].push_back(ReadRule(node));
    }
  } catch (const YAML::Exception& error) {  // yaml-cpp reports in no other way
    return absl::InvalidArgumentError(std::string("HTTP rules: ") + error.what());
  }
  return result;
}

std::vector<google::api::HttpRule> ExternalRules::Take(const std::string& method) {
  const auto it = by_selector_.find(method);
  if (it == by_selector_.end()) return {};
  std::vector<google::api::HttpRule> rules = std::move(it->second);
  by_selector_.erase(it);
  return rules;
}

std::vector<std::string> ExternalRules::UnusedSelectors() const {
  std::vector<std::string> warnings;
  for (const auto& [selector, rules] : by_selector_) {
    warnings.push_back("HTTP rules: selector \"" + selector + "\" names no method");
  }
  return warnings;
}

}  // namespace slipway::schema::internal
