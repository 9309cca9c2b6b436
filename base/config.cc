#include "base/config.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/version.h"

namespace slipway::base {
namespace {

/// Where the help texts start.
constexpr std::size_t kHelpColumn = 34;

/// As how many columns a terminal shows UTF-8 `text` without wide characters.
std::size_t DisplayWidth(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// Levenshtein's distance, row by row.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

ConfigParser::ConfigParser(std::string program, std::string description)
    : program_(std::move(program)), description_(std::move(description)) {
  AddString("config", &config_file_, "a YAML file of these options, name: value")
      .Placeholder("FILE.yaml");
}

absl::StatusOr<bool> ConfigParser::Parse(int argc, const char* const* argv) {
  const std::vector<Given> switches = ReadSwitches(argc, argv);
  if (help_ || version_) {
    const std::string text =
        help_ ? Help() : absl::StrCat(program_, " ", std::string(kVersion), "\n");
    std::fputs(text.c_str(), stdout);
    return false;
  }
  const std::vector<Given> environment = ReadEnvironment();
  for (const std::vector<Given>* source : {&environment, &switches}) {
    for (const Given& given : *source) {
      if (given.option->name_ == "config" && !given.values.empty()) Apply({given});
    }
  }
  // Weakest first: the last to write a target wins, and every bad value is seen.
  Apply(ReadFile());
  Apply(environment);
  Apply(switches);
  if (problems_.empty()) return true;
  return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
}

void ConfigParser::Apply(const std::vector<Given>& source) {
  for (const Given& given : source) {
    if (given.values.empty() && !given.option->is_list_) continue;
    const absl::Status applied = given.option->apply_(given.values);
    if (!applied.ok()) Complain(absl::StrCat(given.key, ": ", applied.message()));
  }
}

ConfigOption* ConfigParser::Find(std::string_view name) {
  const auto found = std::find_if(options_.begin(), options_.end(),
                                  [&](const ConfigOption& option) { return option.name_ == name; });
  return found == options_.end() ? nullptr : &*found;
}

std::string ConfigParser::UnknownName(std::string_view name) const {
  const bool is_switch = name.starts_with("--");
  if (is_switch) name.remove_prefix(2);
  const ConfigOption* nearest = nullptr;
  // Farther away than a third of the name it is no typing error.
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const ConfigOption& option : options_) {
    const std::size_t distance = EditDistance(name, option.name_);
    if (distance >= best) continue;
    best = distance;
    nearest = &option;
  }
  if (nearest == nullptr) return is_switch ? "; see --help" : "";
  return absl::StrCat("; did you mean ", is_switch ? "--" : "", nearest->name_, "?");
}

std::string ConfigParser::HelpLine(const ConfigOption& option) const {
  std::string line = absl::StrCat("  --", option.name_);
  if (option.value_if_bare_.has_value()) {
    absl::StrAppend(&line, "[=", option.placeholder_, "]");
  } else if (!option.is_bool_) {
    absl::StrAppend(&line, " ", option.placeholder_);
  }
  if (option.is_list_) absl::StrAppend(&line, "…");
  const std::size_t width = DisplayWidth(line);
  if (width + 2 > kHelpColumn) {
    absl::StrAppend(&line, "\n", std::string(kHelpColumn, ' '));
  } else {
    line.append(kHelpColumn - width, ' ');
  }
  absl::StrAppend(&line, option.help_);
  if (option.value_if_bare_.has_value()) {
    absl::StrAppend(&line, " (without a value: ", *option.value_if_bare_, ")");
  }
  if (!option.default_text_.empty()) absl::StrAppend(&line, " [", option.default_text_, "]");
  return absl::StrCat(line, "\n");
}

std::string ConfigParser::Help() const {
  std::string help = absl::StrCat("Usage: ", program_, " [options]");
  if (positionals_ != nullptr) absl::StrAppend(&help, " ", positionals_placeholder_);
  absl::StrAppend(&help, "\n\n", description_, "\n\n");
  if (positionals_ != nullptr) {
    absl::StrAppend(&help, "  ", positionals_placeholder_, "  ", positionals_help_, "\n\n");
  }
  absl::StrAppend(&help, "Options [default]:\n");
  for (const ConfigOption& option : options_) absl::StrAppend(&help, HelpLine(option));
  // An example of its own, where it has one: the first option is --config, which all have.
  const std::string& example = options_[options_.size() > 1 ? 1 : 0].name_;
  absl::StrAppend(
      &help, "  --help, --version\n\nEvery option is also an environment variable (--", example,
      ": ", EnvironmentName(example), ", lists split at commas)\nand a key of the file that ",
      "--config names. A switch beats the environment, that the file.\n…: may be ", "repeated.\n");
  return help;
}

}  // namespace slipway::base
