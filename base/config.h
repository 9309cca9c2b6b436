#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/host_port.h"

namespace slipway::base {

/// One option as it was declared; what ConfigParser's Add… answer, to refine it:
/// `parser.AddHostPortList(…).ValueIfBare("127.0.0.1:8080")`.
class ConfigOption {
 public:
  /// Takes all values that one source gives and puts them into the target, or says what is allowed.
  using Apply = std::function<absl::Status(const std::vector<std::string>&)>;

  /// The switch may stand without a value and then means `value`; `--name=value` and, where the
  /// next argument is no switch, `--name value` still work.
  ConfigOption& ValueIfBare(std::string value);
  /// What the help shows for the value: HOST:PORT, FILE, ….
  ConfigOption& Placeholder(std::string text);

 private:
  friend class ConfigParser;

  std::string name_;
  std::string help_;
  std::string placeholder_ = "TEXT";
  /// Shown in the help; empty: not shown.
  std::string default_text_;
  bool is_list_ = false;
  bool is_bool_ = false;
  std::optional<std::string> value_if_bare_;
  Apply apply_;
};

/// A program's options, each declared once, read from four sources: switch beats environment
/// beats file beats default. The default is what the target holds when it is declared, so a struct
/// with initialisers is the whole declaration of a room's options:
///
///     ServerOptions options;
///     ConfigParser parser("slipway-server", "Serves the Docking API over gRPC.");
///     parser.AddInt("threads", &options.threads, 1, 1024, "completion-queue threads");
///     SLIPWAY_ASSIGN_OR_RETURN(const bool run, parser.Parse(argc, argv));
///     if (!run) return 0;  // --help or --version
///
/// `--info-delay 5s`, `SLIPWAY_INFO_DELAY=5s` and `info-delay: 5s` in the YAML file of `--config`
/// are the same. Lists: the switch repeated, the variable split at commas, a YAML sequence; the
/// strongest source that names a list replaces it. An empty variable counts as not set. Of a switch
/// given twice that is no list, the last counts.
///
/// Used by one thread, in main. Targets outlive the parser.
class ConfigParser {
 public:
  /// OK, or an error whose message says what is allowed ("a positive number of workers").
  using Check = std::function<absl::Status(std::string_view)>;

  ConfigParser(std::string program, std::string description);

  ConfigOption& AddString(std::string name, std::string* target, std::string help,
                          Check check = {});
  ConfigOption& AddStringList(std::string name, std::vector<std::string>* target, std::string help,
                              Check check = {});
  /// A decimal number from `min` to `max`, both included.
  template <std::integral T>
  ConfigOption& AddInt(std::string name, T* target, std::int64_t min, std::int64_t max,
                       std::string help);
  /// A decimal number, also with a fraction or an exponent, from `min` to `max`, both included.
  ConfigOption& AddReal(std::string name, double* target, double min, double max, std::string help);
  /// `--name`, `--name=true`, `--name=false`; never takes the next argument.
  ConfigOption& AddBool(std::string name, bool* target, std::string help);
  /// `0`, `100ms`, `5s`, `1m30s`, `1h`; neither negative nor infinite.
  ConfigOption& AddDuration(std::string name, absl::Duration* target, std::string help);
  /// The same for a std::chrono duration; finer than its unit is not allowed.
  template <typename Rep, typename Period>
  ConfigOption& AddDuration(std::string name, std::chrono::duration<Rep, Period>* target,
                            std::string help);
  /// One of a list of words.
  ConfigOption& AddChoice(std::string name, std::string* target, std::vector<std::string> choices,
                          std::string help);
  /// One of a list of words that stand for values.
  template <typename T>
  ConfigOption& AddChoice(std::string name, T* target,
                          std::vector<std::pair<std::string, T>> choices, std::string help);
  /// HOST:PORT, [IPV6]:PORT or :PORT.
  ConfigOption& AddHostPort(std::string name, HostPort* target, std::string help);
  /// The same, or `off` for none.
  ConfigOption& AddHostPort(std::string name, std::optional<HostPort>* target, std::string help);
  ConfigOption& AddHostPortList(std::string name, std::vector<HostPort>* target, std::string help);

  /// The arguments that are no switches, which are an error otherwise. `placeholder` is for the
  /// usage line: "URL [URL…]".
  void AddPositionals(std::vector<std::string>* target, std::string placeholder, std::string help);

  /// Reads all sources into the targets. False: help or version was asked for and printed. All that
  /// is wrong is in one INVALID_ARGUMENT, a line each, with source, key, value and what is allowed;
  /// targets may then have changed. argv[0] is not looked at, so that a sub-command can pass
  /// `argc - 1, argv + 1`.
  absl::StatusOr<bool> Parse(int argc, const char* const* argv);

  /// What --help prints.
  std::string Help() const;

 private:
  /// What one source gives one option.
  struct Given {
    ConfigOption* option;
    /// How the source names the option: `--threads`, `SLIPWAY_THREADS`, `slipway.yaml:3: threads`.
    std::string key;
    std::vector<std::string> values;
  };

  // config_options.cc
  ConfigOption& Add(std::string name, std::string help, ConfigOption::Apply apply);
  ConfigOption& AddNumber(std::string name, std::int64_t current, std::int64_t min,
                          std::int64_t max, std::string help,
                          std::function<void(std::int64_t)> set);
  ConfigOption& AddWord(std::string name, std::string current, std::vector<std::string> choices,
                        std::string help, std::function<void(std::size_t)> set);
  ConfigOption& AddTime(std::string name, absl::Duration current, absl::Duration unit,
                        std::string help, std::function<void(absl::Duration)> set);

  // config_sources.cc
  std::vector<Given> ReadSwitches(int argc, const char* const* argv);
  std::vector<Given> ReadEnvironment();
  std::vector<Given> ReadFile();
  void RefuseExtras(const std::vector<std::string>& extras);

  // config.cc
  ConfigOption* Find(std::string_view name);
  std::string UnknownName(std::string_view name) const;
  void Apply(const std::vector<Given>& given);
  static std::string EnvironmentName(const std::string& option);
  std::string HelpLine(const ConfigOption& option) const;
  void Complain(std::string line) { problems_.push_back(std::move(line)); }

  const std::string program_;
  const std::string description_;
  /// A deque: references to its elements stay valid.
  std::deque<ConfigOption> options_;
  std::vector<std::string>* positionals_ = nullptr;
  std::string positionals_placeholder_;
  std::string positionals_help_;

  std::string config_file_;
  bool help_ = false;
  bool version_ = false;
  std::vector<std::string> problems_;
};

template <std::integral T>
ConfigOption& ConfigParser::AddInt(std::string name, T* target, std::int64_t min, std::int64_t max,
                                   std::string help) {
  return AddNumber(std::move(name), static_cast<std::int64_t>(*target), min, max, std::move(help),
                   [target](std::int64_t value) { *target = static_cast<T>(value); });
}

template <typename Rep, typename Period>
ConfigOption& ConfigParser::AddDuration(std::string name,
                                        std::chrono::duration<Rep, Period>* target,
                                        std::string help) {
  using Target = std::chrono::duration<Rep, Period>;
  return AddTime(std::move(name), absl::FromChrono(*target), absl::FromChrono(Target(1)),
                 std::move(help), [target](absl::Duration value) {
                   *target = std::chrono::duration_cast<Target>(absl::ToChronoNanoseconds(value));
                 });
}

template <typename T>
ConfigOption& ConfigParser::AddChoice(std::string name, T* target,
                                      std::vector<std::pair<std::string, T>> choices,
                                      std::string help) {
  std::vector<std::string> words;
  std::string current;
  for (const auto& [word, value] : choices) {
    if (value == *target) current = word;
    words.push_back(word);
  }
  return AddWord(
      std::move(name), std::move(current), std::move(words), std::move(help),
      [target, choices = std::move(choices)](std::size_t i) { *target = choices[i].second; });
}

}  // namespace slipway::base
