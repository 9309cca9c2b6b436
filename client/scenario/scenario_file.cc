#include "client/scenario/scenario_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "client/data/excerpt.h"
#include "client/data/metadata.h"
#include "client/data/template.h"
#include "client/run/target.h"
#include "client/scenario/yaml_map.h"

namespace slipway::client {
namespace {

constexpr int64_t kMaxWeight = 1'000'000;
constexpr int64_t kMaxRepeat = 1'000'000;

bool IsVariableName(const std::string& name) {
  const auto is_word = [](char c) { return absl::ascii_isalnum(c) || c == '_'; };
  return !name.empty() && !absl::ascii_isdigit(name[0]) &&
         std::all_of(name.begin(), name.end(), is_word) && !IsTemplateWord(name);
}

bool HasName(const TemplateNames& names, const std::string& name) {
  return std::find(names.names.begin(), names.names.end(), name) != names.names.end();
}

/// `pkg.Service/Method` with or without a slash before it, as a path.
std::optional<std::string> ReadGrpcMethod(const std::string& text) {
  const std::string path = absl::StartsWith(text, "/") ? text : absl::StrCat("/", text);
  const size_t slash = path.find('/', 1);
  const bool valid = slash != std::string::npos && slash > 1 && slash + 1 < path.size() &&
                     path.find_first_of("/ {}", slash + 1) == std::string::npos;
  return valid ? std::optional(path) : std::nullopt;
}

}  // namespace

/// Reads the document from the top; what is wrong is noted, and the rest is read all the same.
class ScenarioParser {
 public:
  absl::StatusOr<ScenarioFile> Run(const YAML::Node& root) {
    const YamlMap top(root, "the file", {"target", "vars", "scenarios", "steps"}, problems_);
    target_ = top.Text("target");
    ReadConstants(top);
    if (top.Has("steps") == top.Has("scenarios")) {
      top.Complain(top.line(),
                   "either \"scenarios\" or, for a single one, \"steps\" must be there");
    } else if (top.Has("steps")) {
      ReadSteps(top, "scenario", 1);
    }
    for (const YAML::Node& node : top.List("scenarios")) ReadScenario(node);
    const absl::Status status = problems_.ToStatus();
    if (!status.ok()) return status;
    return std::move(file_);
  }

 private:
  void ReadConstants(const YamlMap& top) {
    constants_.kind = "variable";
    for (const auto& [name, value] : top.Pairs("vars")) {
      if (!CheckVariable(top, name)) continue;
      if (HasName(constants_, name.text)) {
        top.Complain(name.line, absl::StrFormat("the variable \"%s\" is there twice", name.text));
        continue;
      }
      constants_.names.push_back(name.text);
      constant_values_.push_back(value);
    }
  }

  bool CheckVariable(const YamlMap& map, const LocatedText& name) {
    if (IsVariableName(name.text)) return true;
    map.Complain(name.line,
                 absl::StrFormat("\"%s\" cannot be the name of a variable; allowed are letters, "
                                 "digits and _, no digit first, and no word of a template's slots",
                                 Excerpt(name.text)));
    return false;
  }

  void ReadScenario(const YAML::Node& node) {
    const YamlMap map(node, "the scenario", {"name", "weight", "steps"}, problems_);
    const std::optional<LocatedText> name = map.Text("name");
    if (!map.Has("name") || (name && name->text.empty())) {
      map.Complain(map.line(), "it needs a \"name\"");
    }
    for (const Scenario& other : file_.scenarios_) {
      if (name && other.name == name->text) {
        map.Complain(name->line, absl::StrFormat("another one has the name \"%s\"", name->text));
      }
    }
    if (!map.Has("steps")) map.Complain(map.line(), "it needs \"steps\"");
    ReadSteps(map, name ? name->text : "", map.Integer("weight", 1, kMaxWeight, 1));
  }

  void ReadSteps(const YamlMap& map, const std::string& name, int64_t weight) {
    Scenario scenario;
    scenario.name = name;
    scenario.weight = weight;
    scenario.values = constant_values_;
    names_ = constants_;
    for (const YAML::Node& node : map.List("steps")) ReadStep(node, &scenario);
    file_.scenarios_.push_back(std::move(scenario));
  }

  void ReadStep(const YAML::Node& node, Scenario* scenario) {
    const YamlMap map(node, "the step",
                      {"name", "http", "grpc", "target", "headers", "data", "expect", "extract",
                       "think", "repeat"},
                      problems_);
    ScenarioStep step;
    step.line = map.line();
    Request texts;
    ReadWhat(map, &step, &texts);
    ReadName(map, *scenario, &step);
    const bool grpc = map.Has("grpc");
    for (const auto& [name, value] : map.Pairs("headers")) {
      AddHeader(map, grpc, name, value, &texts);
    }
    if (const auto data = map.Text("data")) {
      CheckTemplate(map, data->line, "data", data->text);
      texts.messages.push_back(data->text);
    }
    // What is wrong with it has been noted part by part.
    auto request = RequestTemplate::Compile(texts, std::nullopt, names_,
                                            {grpc ? "grpc" : "http", "headers", "data"});
    if (request.ok()) step.request = *std::move(request);
    step.think = map.Duration("think");
    step.repeat = map.Integer("repeat", 1, kMaxRepeat, 1);
    ReadExpectations(map, grpc, &step);
    ReadOrigin(map, grpc, &step);
    // Last, because a step does not see what it extracts itself.
    for (const auto& [name, source] : map.Pairs("extract")) {
      AddExtraction(map, name, source, scenario, &step);
    }
    scenario->steps.push_back(std::move(step));
  }

  void ReadWhat(const YamlMap& map, ScenarioStep* step, Request* texts) {
    if (map.Has("http") == map.Has("grpc")) {
      map.Complain(map.line(), "either \"http\" or \"grpc\" must be there");
    }
    if (const auto http = map.Text("http")) {
      step->name = http->text;
      const size_t space = std::min(http->text.find(' '), http->text.size());
      texts->method = http->text.substr(0, space);
      texts->path = std::string(absl::StripAsciiWhitespace(http->text.substr(space)));
      const bool path = absl::StartsWith(texts->path, "/") || absl::StartsWith(texts->path, "{{");
      CheckTemplate(map, http->line, "http", texts->path);
      if (texts->method.empty() || !path) {
        map.Complain(http->line, absl::StrFormat("\"http: %s\": allowed is METHOD /PATH, as in GET "
                                                 "/users/{{id}}",
                                                 Excerpt(http->text)));
      }
    }
    if (const auto grpc = map.Text("grpc")) {
      step->name = grpc->text;
      const std::optional<std::string> path = ReadGrpcMethod(grpc->text);
      if (!path) {
        map.Complain(grpc->line, absl::StrFormat("\"grpc: %s\": allowed is pkg.Service/Method",
                                                 Excerpt(grpc->text)));
      }
      step->grpc_method = texts->path = path.value_or("");
    }
  }

  void ReadName(const YamlMap& map, const Scenario& scenario, ScenarioStep* step) {
    if (const auto name = map.Text("name")) {
      if (name->text.empty()) map.Complain(name->line, "its \"name\" is empty");
      step->name = name->text;
    }
    for (const ScenarioStep& other : scenario.steps) {
      if (other.name == step->name && !step->name.empty()) {
        map.Complain(map.line(),
                     absl::StrFormat("another step of the scenario has the name \"%s\"; names must "
                                     "differ, and \"repeat\" does one step several times",
                                     Excerpt(step->name)));
      }
    }
  }

  void AddHeader(const YamlMap& map, bool grpc, const LocatedText& name, const std::string& value,
                 Request* texts) {
    CheckTemplate(map, name.line, absl::StrCat("headers ", name.text), value);
    if (!grpc) {
      texts->headers.emplace_back(name.text, value);
      return;
    }
    auto entry = ToMetadata(name.text, value);
    if (!entry.ok()) return map.Complain(name.line, std::string(entry.status().message()));
    texts->headers.push_back(*std::move(entry));
  }

  void CheckTemplate(const YamlMap& map, int line, const std::string& label,
                     const std::string& text) {
    const absl::Status status = Template::Compile(text, names_).status();
    if (!status.ok()) map.Complain(line, absl::StrCat(label, ": ", status.message()));
  }

  void ReadExpectations(const YamlMap& map, bool grpc, ScenarioStep* step) {
    std::vector<std::string> valid;
    for (const LocatedText& text : map.Texts("expect")) {
      const absl::Status status = Expectations::Parse({text.text}, grpc).status();
      if (status.ok()) {
        valid.push_back(text.text);
      } else {
        map.Complain(text.line, absl::StrCat("expect: ", status.message()));
      }
    }
    step->expectations = *Expectations::Parse(valid, grpc);
  }

  void ReadOrigin(const YamlMap& map, bool grpc, ScenarioStep* step) {
    std::optional<LocatedText> url = map.Text("target");
    if (!url && map.Has("target")) return;
    if (!url) url = target_;
    if (!url) {
      return map.Complain(map.line(), "it needs a \"target\", as the file has none for all steps");
    }
    const absl::StatusOr<Target> target = ParseOrigin(url->text);
    if (!target.ok()) return map.Complain(url->line, std::string(target.status().message()));
    const size_t authority = url->text.find("://") + 3;
    const size_t end = std::min(url->text.find_first_of("/?#", authority), url->text.size());
    if (url->text.size() - end > 1) {
      return map.Complain(url->line, absl::StrFormat("the target \"%s\" has a path, which belongs "
                                                     "to \"http\" or \"grpc\"",
                                                     Excerpt(url->text)));
    }
    if ((target->scheme == Scheme::kGrpc) != grpc) {
      return map.Complain(
          map.line(),
          absl::StrFormat("its target is \"%s\"; a step with \"%s\" needs %s", Excerpt(url->text),
                          grpc ? "grpc" : "http",
                          grpc ? "grpc[s]://HOST:PORT" : "http[s]:// or h2c://HOST:PORT"));
    }
    step->origin = OriginOf(url->text.substr(0, end), grpc);
    if (!grpc || step->grpc_method.empty()) return;
    auto& methods = file_.origins_[step->origin].grpc_methods;
    if (std::find(methods.begin(), methods.end(), step->grpc_method) == methods.end()) {
      methods.push_back(step->grpc_method);
    }
  }

  size_t OriginOf(const std::string& url, bool grpc) {
    auto& origins = file_.origins_;
    const auto found = std::find_if(origins.begin(), origins.end(), [&url](const auto& origin) {
      return absl::EqualsIgnoreCase(origin.url, url);
    });
    if (found != origins.end()) return static_cast<size_t>(found - origins.begin());
    origins.push_back({url, grpc, {}});
    return origins.size() - 1;
  }

  void AddExtraction(const YamlMap& map, const LocatedText& name, const std::string& source,
                     Scenario* scenario, ScenarioStep* step) {
    if (!CheckVariable(map, name)) return;
    if (HasName(constants_, name.text)) {
      return map.Complain(
          name.line, absl::StrFormat("\"%s\" is one of \"vars\", which do not change", name.text));
    }
    Extraction extraction;
    extraction.name = name.text;
    std::string problem;
    if (absl::StartsWith(source, "json:")) {
      extraction.from = Extraction::From::kJson;
      absl::StatusOr<JsonPath> path = JsonPath::Parse(std::string_view(source).substr(5));
      if (path.ok()) extraction.path = *std::move(path);
      problem = std::string(path.status().message());
    } else if (absl::StartsWith(source, "header:") && source.size() > 7) {
      extraction.from = Extraction::From::kHeader;
      extraction.header = absl::AsciiStrToLower(source.substr(7));
    } else if (source != "status") {
      problem =
          absl::StrFormat("\"%s\": allowed are json:PATH, header:NAME, status", Excerpt(source));
    }
    if (!problem.empty()) {
      return map.Complain(name.line, absl::StrCat("extract ", name.text, ": ", problem));
    }
    if (!HasName(names_, name.text)) {
      names_.names.push_back(name.text);
      scenario->values.emplace_back();
    }
    const auto found = std::find(names_.names.begin(), names_.names.end(), name.text);
    extraction.value = static_cast<size_t>(found - names_.names.begin());
    step->extractions.push_back(std::move(extraction));
  }

  Problems problems_;
  ScenarioFile file_;
  std::optional<LocatedText> target_;
  TemplateNames constants_;
  std::vector<std::string> constant_values_;
  TemplateNames names_;  // that the step which is being read may use
};

absl::StatusOr<ScenarioFile> ParseScenarioFile(std::string_view yaml) {
  try {
    return ScenarioParser().Run(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrFormat("line %d: no YAML: %s", error.mark.line + 1, error.msg));
  }
}

}  // namespace slipway::client
