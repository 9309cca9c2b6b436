// Where values come from: the command line, the environment and a YAML file.
#include <yaml-cpp/yaml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/config.h"

namespace slipway::base {
namespace {

/// Stands for the missing value of a switch; no argument can contain it by chance.
constexpr char kBare[] =
    "\x01"
    "bare";

/// CLI11 reads `--name=` as a switch without a value; two arguments say what is meant.
std::vector<std::string> Arguments(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      arguments.push_back(argument.substr(0, argument.size() - 1));
      arguments.emplace_back();
    } else {
      arguments.push_back(argument);
    }
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI::App::parse wants them
  return arguments;
}

/// The texts of a scalar or of a sequence of scalars; false for anything else.
bool ReadScalars(const YAML::Node& node, std::vector<std::string>* values) {
  if (node.IsScalar()) {
    values->push_back(node.Scalar());
    return true;
  }
  if (!node.IsSequence()) return false;
  for (const YAML::Node& element : node) {
    if (!element.IsScalar()) return false;
    values->push_back(element.Scalar());
  }
  return true;
}

}  // namespace

std::vector<ConfigParser::Given> ConfigParser::ReadSwitches(int argc, const char* const* argv) {
  CLI::App app(description_, program_);
  app.set_help_flag();
  app.add_flag("-h,--help", help_);
  app.add_flag("--version", version_);
  app.allow_extras();
  if (positionals_ != nullptr) app.add_option("positionals", *positionals_);
  std::vector<std::pair<ConfigOption*, CLI::Option*>> switches;
  for (ConfigOption& option : options_) {
    const std::string name = absl::StrCat("--", option.name_);
    CLI::Option* added = option.is_bool_ ? app.add_flag(name) : app.add_option(name);
    // CLI11 only splits the arguments: a missing value is told apart below, with all other faults.
    if (!option.is_bool_) added->expected(0, 1)->default_str(kBare);
    added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    switches.emplace_back(&option, added);
  }
  try {
    app.parse(Arguments(argc, argv));
  } catch (const CLI::Error& error) {
    Complain(error.what());
  }
  RefuseExtras(app.remaining());

  std::vector<Given> given;
  for (const auto& [option, parsed] : switches) {
    if (parsed->count() == 0) continue;
    Given& values = given.emplace_back(Given{option, absl::StrCat("--", option->name_), {}});
    for (const std::string& value : parsed->results()) {
      if (value != kBare) {
        values.values.push_back(value);
      } else if (option->value_if_bare_.has_value()) {
        values.values.push_back(*option->value_if_bare_);
      } else {
        Complain(absl::StrCat(values.key, ": needs a value: ", option->placeholder_));
      }
    }
  }
  return given;
}

void ConfigParser::RefuseExtras(const std::vector<std::string>& extras) {
  for (const std::string& extra : extras) {
    if (extra == "--") continue;
    if (!extra.starts_with('-')) {
      Complain(absl::StrCat("unexpected argument \"", extra, "\""));
      continue;
    }
    const std::string name = extra.substr(0, extra.find('='));
    Complain(absl::StrCat(name, ": unknown switch", UnknownName(name)));
  }
}

std::string ConfigParser::EnvironmentName(const std::string& option) {
  return absl::StrCat("SLIPWAY_", absl::AsciiStrToUpper(absl::StrReplaceAll(option, {{"-", "_"}})));
}

std::vector<ConfigParser::Given> ConfigParser::ReadEnvironment() {
  std::vector<Given> given;
  for (ConfigOption& option : options_) {
    const std::string name = EnvironmentName(option.name_);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') continue;
    Given& values = given.emplace_back(Given{&option, name, {}});
    if (option.is_list_) {
      values.values = absl::StrSplit(value, ',');
    } else {
      values.values.emplace_back(value);
    }
  }
  return given;
}

std::vector<ConfigParser::Given> ConfigParser::ReadFile() {
  std::vector<Given> given;
  if (config_file_.empty()) return given;
  YAML::Node root;
  std::error_code unknown;
  if (std::filesystem::is_directory(config_file_, unknown)) {
    Complain(absl::StrCat("--config: \"", config_file_, "\" is a directory"));
    return given;
  }
  try {
    root = YAML::LoadFile(config_file_);
  } catch (const YAML::BadFile&) {
    Complain(absl::StrCat("--config: \"", config_file_, "\" cannot be read"));
    return given;
  } catch (const YAML::Exception& error) {
    Complain(absl::StrCat(config_file_, ": ", error.what()));
    return given;
  }
  if (root.IsNull()) return given;  // an empty file
  if (!root.IsMap()) {
    Complain(absl::StrCat(config_file_, ": must be a YAML map of option names to values"));
    return given;
  }
  std::set<std::string> seen;
  for (const auto& entry : root) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "(no scalar)";
    const std::string key =
        absl::StrCat(config_file_, ":", entry.first.Mark().line + 1, ": ", name);
    ConfigOption* option = name == "config" ? nullptr : Find(name);
    Given values{option, key, {}};
    if (option == nullptr) {
      Complain(absl::StrCat(key, ": unknown key", UnknownName(name)));
    } else if (!seen.insert(name).second) {
      Complain(absl::StrCat(key, ": the key is given twice"));
    } else if (entry.second.IsNull() && option->value_if_bare_.has_value()) {
      given.push_back({option, key, {*option->value_if_bare_}});
    } else if (!ReadScalars(entry.second, &values.values) ||
               (entry.second.IsSequence() && !option->is_list_)) {
      Complain(
          absl::StrCat(key, ": must be ", option->is_list_ ? "a list of values" : "one value"));
    } else {
      given.push_back(std::move(values));
    }
  }
  return given;
}

}  // namespace slipway::base
