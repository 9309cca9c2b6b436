// The kinds of options: how each reads its values and what it allows.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/config.h"
#include "base/status_macros.h"

namespace slipway::base {
namespace {

/// "VALUE" and what is allowed instead; Parse puts the key in front.
absl::Status NotAllowed(std::string_view value, std::string_view allowed) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(value), "\" is not allowed: ", std::string(allowed)));
}

absl::Status RunCheck(const ConfigParser::Check& check, const std::string& value) {
  if (!check) return absl::OkStatus();
  const absl::Status checked = check(value);
  return checked.ok() ? checked : NotAllowed(value, std::string(checked.message()));
}

absl::StatusOr<bool> ParseBool(const std::string& text) {
  for (const char* yes : {"true", "yes", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"false", "no", "off", "0"}) {
    if (text == no) return false;
  }
  return NotAllowed(text, "true or false");
}

absl::StatusOr<absl::Duration> ParseTime(const std::string& text, absl::Duration unit) {
  constexpr char kAllowed[] = "a duration such as 0, 100ms, 5s, 1m30s or 1h";
  absl::Duration value;
  if (!absl::ParseDuration(text, &value) || value < absl::ZeroDuration()) {
    return NotAllowed(text, kAllowed);
  }
  // About 292 years fit the nanoseconds of std::chrono.
  if (value > absl::Hours(24 * 365 * 290)) return NotAllowed(text, "at most 290 years");
  if (absl::Trunc(value, unit) != value) {
    return NotAllowed(text, absl::StrCat("a multiple of ", absl::FormatDuration(unit)));
  }
  return value;
}

absl::StatusOr<HostPort> ParseAddress(const std::string& text) {
  absl::StatusOr<HostPort> parsed = ParseHostPort(text);
  // ParseHostPort's message starts with the quoted text already.
  if (!parsed.ok()) return absl::InvalidArgumentError(parsed.status().message());
  return parsed;
}

std::string JoinAddresses(const std::vector<HostPort>& addresses) {
  return absl::StrJoin(addresses, ",", [](std::string* out, const HostPort& address) {
    out->append(address.ToString());
  });
}

}  // namespace

ConfigOption& ConfigOption::ValueIfBare(std::string value) {
  value_if_bare_ = std::move(value);
  return *this;
}

ConfigOption& ConfigOption::Placeholder(std::string text) {
  placeholder_ = std::move(text);
  return *this;
}

ConfigOption& ConfigParser::Add(std::string name, std::string help, ConfigOption::Apply apply) {
  ConfigOption& option = options_.emplace_back();
  option.name_ = std::move(name);
  option.help_ = std::move(help);
  option.apply_ = std::move(apply);
  return option;
}

ConfigOption& ConfigParser::AddString(std::string name, std::string* target, std::string help,
                                      Check check) {
  ConfigOption& option =
      Add(std::move(name), std::move(help),
          [target, check = std::move(check)](const std::vector<std::string>& values) {
            SLIPWAY_RETURN_IF_ERROR(RunCheck(check, values.back()));
            *target = values.back();
            return absl::OkStatus();
          });
  option.default_text_ = *target;
  return option;
}

ConfigOption& ConfigParser::AddStringList(std::string name, std::vector<std::string>* target,
                                          std::string help, Check check) {
  ConfigOption& option =
      Add(std::move(name), std::move(help),
          [target, check = std::move(check)](const std::vector<std::string>& values) {
            for (const std::string& value : values) {
              SLIPWAY_RETURN_IF_ERROR(RunCheck(check, value));
            }
            *target = values;
            return absl::OkStatus();
          });
  option.default_text_ = absl::StrJoin(*target, ",");
  option.is_list_ = true;
  return option;
}

ConfigOption& ConfigParser::AddBool(std::string name, bool* target, std::string help) {
  ConfigOption& option = Add(std::move(name), std::move(help),
                             [target](const std::vector<std::string>& values) -> absl::Status {
                               SLIPWAY_ASSIGN_OR_RETURN(*target, ParseBool(values.back()));
                               return absl::OkStatus();
                             });
  option.default_text_ = *target ? "true" : "";
  option.is_bool_ = true;
  return option;
}

ConfigOption& ConfigParser::AddNumber(std::string name, std::int64_t current, std::int64_t min,
                                      std::int64_t max, std::string help,
                                      std::function<void(std::int64_t)> set) {
  ConfigOption& option =
      Add(std::move(name), std::move(help),
          [min, max, set = std::move(set)](const std::vector<std::string>& values) {
            std::int64_t value = 0;
            if (!absl::SimpleAtoi(values.back(), &value) || value < min || value > max) {
              return NotAllowed(values.back(), absl::StrCat("an integer from ", min, " to ", max));
            }
            set(value);
            return absl::OkStatus();
          });
  option.default_text_ = absl::StrCat(current);
  option.placeholder_ = "N";
  return option;
}

ConfigOption& ConfigParser::AddReal(std::string name, double* target, double min, double max,
                                    std::string help) {
  ConfigOption& option = Add(
      std::move(name), std::move(help), [min, max, target](const std::vector<std::string>& values) {
        double value = 0;
        // Written so that it refuses what is no number at all (NaN) as well.
        if (!absl::SimpleAtod(values.back(), &value) || !(value >= min && value <= max)) {
          return NotAllowed(values.back(), absl::StrCat("a number from ", min, " to ", max));
        }
        *target = value;
        return absl::OkStatus();
      });
  option.default_text_ = absl::StrCat(*target);
  option.placeholder_ = "NUMBER";
  return option;
}

ConfigOption& ConfigParser::AddTime(std::string name, absl::Duration current, absl::Duration unit,
                                    std::string help, std::function<void(absl::Duration)> set) {
  ConfigOption& option =
      Add(std::move(name), std::move(help),
          [unit, set = std::move(set)](const std::vector<std::string>& values) -> absl::Status {
            SLIPWAY_ASSIGN_OR_RETURN(const absl::Duration value, ParseTime(values.back(), unit));
            set(value);
            return absl::OkStatus();
          });
  option.default_text_ = absl::FormatDuration(current);
  option.placeholder_ = "DURATION";
  return option;
}

ConfigOption& ConfigParser::AddDuration(std::string name, absl::Duration* target,
                                        std::string help) {
  return AddTime(std::move(name), *target, absl::Nanoseconds(1), std::move(help),
                 [target](absl::Duration value) { *target = value; });
}

ConfigOption& ConfigParser::AddWord(std::string name, std::string current,
                                    std::vector<std::string> choices, std::string help,
                                    std::function<void(std::size_t)> set) {
  const std::string placeholder = absl::StrJoin(choices, "|");
  ConfigOption& option = Add(
      std::move(name), std::move(help),
      [choices = std::move(choices), set = std::move(set)](const std::vector<std::string>& values) {
        const auto found = std::find(choices.begin(), choices.end(), values.back());
        if (found == choices.end()) {
          return NotAllowed(values.back(), absl::StrCat("one of ", absl::StrJoin(choices, ", ")));
        }
        set(static_cast<std::size_t>(found - choices.begin()));
        return absl::OkStatus();
      });
  option.default_text_ = std::move(current);
  option.placeholder_ = placeholder;
  return option;
}

ConfigOption& ConfigParser::AddChoice(std::string name, std::string* target,
                                      std::vector<std::string> choices, std::string help) {
  return AddWord(std::move(name), *target, choices, std::move(help),
                 [target, choices](std::size_t i) { *target = choices[i]; });
}

ConfigOption& ConfigParser::AddHostPort(std::string name, HostPort* target, std::string help) {
  ConfigOption& option = Add(std::move(name), std::move(help),
                             [target](const std::vector<std::string>& values) -> absl::Status {
                               SLIPWAY_ASSIGN_OR_RETURN(*target, ParseAddress(values.back()));
                               return absl::OkStatus();
                             });
  option.default_text_ = target->ToString();
  option.placeholder_ = "HOST:PORT";
  return option;
}

ConfigOption& ConfigParser::AddHostPort(std::string name, std::optional<HostPort>* target,
                                        std::string help) {
  ConfigOption& option = Add(std::move(name), std::move(help),
                             [target](const std::vector<std::string>& values) -> absl::Status {
                               if (values.back() == "off") {
                                 target->reset();
                                 return absl::OkStatus();
                               }
                               SLIPWAY_ASSIGN_OR_RETURN(*target, ParseAddress(values.back()));
                               return absl::OkStatus();
                             });
  option.default_text_ = target->has_value() ? (*target)->ToString() : "off";
  option.placeholder_ = "HOST:PORT|off";
  return option;
}

ConfigOption& ConfigParser::AddHostPortList(std::string name, std::vector<HostPort>* target,
                                            std::string help) {
  ConfigOption& option = Add(std::move(name), std::move(help),
                             [target](const std::vector<std::string>& values) -> absl::Status {
                               std::vector<HostPort> addresses;
                               for (const std::string& value : values) {
                                 SLIPWAY_ASSIGN_OR_RETURN(HostPort address, ParseAddress(value));
                                 addresses.push_back(std::move(address));
                               }
                               *target = std::move(addresses);
                               return absl::OkStatus();
                             });
  option.default_text_ = JoinAddresses(*target);
  option.placeholder_ = "HOST:PORT";
  option.is_list_ = true;
  return option;
}

void ConfigParser::AddPositionals(std::vector<std::string>* target, std::string placeholder,
                                  std::string help) {
  positionals_ = target;
  positionals_placeholder_ = std::move(placeholder);
  positionals_help_ = std::move(help);
}

}  // namespace slipway::base
