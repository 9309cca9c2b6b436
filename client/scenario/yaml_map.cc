#include "client/scenario/yaml_map.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "client/data/excerpt.h"

namespace slipway::client {

absl::Status Problems::ToStatus() const {
  if (found_.empty()) return absl::OkStatus();
  std::vector<std::pair<int, std::string>> sorted = found_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  // What all steps share is wrong once.
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return absl::InvalidArgumentError(
      absl::StrJoin(sorted, "\n", [](std::string* out, const auto& problem) {
        absl::StrAppend(out, "line ", problem.first, ": ", problem.second);
      }));
}

YamlMap::YamlMap(const YAML::Node& node, std::string what, const std::vector<std::string>& keys,
                 Problems& problems)
    : what_(std::move(what)), problems_(problems) {
  line_ = LineOf(node);
  if (!node.IsMap()) {
    Complain(line_, absl::StrCat("must be a map with the keys ", absl::StrJoin(keys, ", ")));
    return;
  }
  for (const auto& member : node) {
    const std::string key = member.first.IsScalar() ? member.first.Scalar() : "";
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      Complain(LineOf(member.first), absl::StrFormat("the key \"%s\" is not known; allowed are %s",
                                                     Excerpt(key), absl::StrJoin(keys, ", ")));
    } else if (Has(key)) {
      Complain(LineOf(member.first), absl::StrFormat("\"%s\" is there twice", key));
    } else {
      values_.emplace_back(key, member.second);
    }
  }
}

int YamlMap::LineOf(const YAML::Node& node) const {
  const int line = node.IsDefined() ? node.Mark().line : -1;
  return line < 0 ? line_ : line + 1;
}

YAML::Node YamlMap::Find(const std::string& key) const {
  for (const auto& [name, value] : values_) {
    if (name == key) return value;
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

bool YamlMap::Has(const std::string& key) const {
  return std::any_of(values_.begin(), values_.end(),
                     [&key](const auto& value) { return value.first == key; });
}

std::optional<LocatedText> YamlMap::Text(const std::string& key) const {
  if (!Has(key)) return std::nullopt;
  const YAML::Node node = Find(key);
  if (node.IsScalar()) return LocatedText{node.Scalar(), LineOf(node)};
  Complain(LineOf(node),
           absl::StrFormat(
               "\"%s\" must be text%s", key,
               node.IsNull() ? "" : "; what begins with { or [ needs quotes, or | before it"));
  return std::nullopt;
}

int64_t YamlMap::Integer(const std::string& key, int64_t least, int64_t most,
                         int64_t without) const {
  const std::optional<LocatedText> text = Text(key);
  if (!text) return without;
  int64_t value = 0;
  if (absl::SimpleAtoi(text->text, &value) && value >= least && value <= most) return value;
  Complain(text->line, absl::StrFormat("\"%s: %s\": allowed is an integer from %d to %d", key,
                                       Excerpt(text->text), least, most));
  return without;
}

std::chrono::nanoseconds YamlMap::Duration(const std::string& key) const {
  const std::optional<LocatedText> text = Text(key);
  if (!text) return {};
  absl::Duration value;
  if (absl::ParseDuration(text->text, &value) && value >= absl::ZeroDuration() &&
      value <= absl::Hours(24)) {
    return absl::ToChronoNanoseconds(value);
  }
  Complain(
      text->line,
      absl::StrFormat("\"%s: %s\": allowed is a duration from 0 to 24h, such as 100ms or 1m30s",
                      key, Excerpt(text->text)));
  return {};
}

std::vector<LocatedText> YamlMap::Texts(const std::string& key) const {
  if (!Has(key)) return {};
  const YAML::Node node = Find(key);
  if (node.IsScalar()) return {{node.Scalar(), LineOf(node)}};
  std::vector<LocatedText> texts;
  if (!node.IsSequence()) {
    Complain(LineOf(node), absl::StrFormat("\"%s\" must be text or a list of texts", key));
    return texts;
  }
  for (const YAML::Node& element : node) {
    if (element.IsScalar()) {
      texts.push_back({element.Scalar(), LineOf(element)});
    } else {
      Complain(LineOf(element), absl::StrFormat("all of \"%s\" must be texts", key));
    }
  }
  return texts;
}

std::vector<std::pair<LocatedText, std::string>> YamlMap::Pairs(const std::string& key) const {
  std::vector<std::pair<LocatedText, std::string>> pairs;
  if (!Has(key)) return pairs;
  const YAML::Node node = Find(key);
  if (!node.IsMap()) {
    Complain(LineOf(node), absl::StrFormat("\"%s\" must be a map of names to texts", key));
    return pairs;
  }
  for (const auto& member : node) {
    if (member.first.IsScalar() && member.second.IsScalar()) {
      pairs.push_back({{member.first.Scalar(), LineOf(member.first)}, member.second.Scalar()});
    } else {
      Complain(LineOf(member.first),
               absl::StrFormat("all names and values of \"%s\" must be texts", key));
    }
  }
  return pairs;
}

std::vector<YAML::Node> YamlMap::List(const std::string& key) const {
  std::vector<YAML::Node> elements;
  if (!Has(key)) return elements;
  const YAML::Node node = Find(key);
  if (node.IsSequence()) {
    for (const YAML::Node& element : node) elements.push_back(element);
  }
  if (elements.empty()) {
    Complain(LineOf(node), absl::StrFormat("\"%s\" must be a list of at least one", key));
  }
  return elements;
}

}  // namespace slipway::client
