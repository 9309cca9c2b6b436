#pragma once

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace slipway::client {

/// What is wrong in a file, all of it, each with its line.
class Problems {
 public:
  /// Lines count from 1.
  void Add(int line, std::string text) { found_.emplace_back(line, std::move(text)); }
  /// INVALID_ARGUMENT with a line of text for each, in the order of the file; OK without any.
  absl::Status ToStatus() const;

 private:
  std::vector<std::pair<int, std::string>> found_;
};

/// A text and the line that it is on.
struct LocatedText {
  std::string text;
  int line = 1;
};

/// One map of a YAML file, whose keys are known. All that is not as it must be becomes a problem,
/// and reading goes on. Used while a file is read; the problems outlive it.
class YamlMap {
 public:
  /// `what` it is, for messages: `the step`. Problems are: no map, keys that are not among `keys`,
  /// keys that are there twice.
  YamlMap(const YAML::Node& node, std::string what, const std::vector<std::string>& keys,
          Problems& problems);

  int line() const { return line_; }
  bool Has(const std::string& key) const;
  /// A scalar; nothing when it is missing or wrong.
  std::optional<LocatedText> Text(const std::string& key) const;
  /// An integer of this range.
  int64_t Integer(const std::string& key, int64_t least, int64_t most, int64_t without) const;
  /// At most a day.
  std::chrono::nanoseconds Duration(const std::string& key) const;
  /// One scalar, or a list of them.
  std::vector<LocatedText> Texts(const std::string& key) const;
  /// A map of names to scalars, in the order of the file.
  std::vector<std::pair<LocatedText, std::string>> Pairs(const std::string& key) const;
  /// The elements of a list that is not empty.
  std::vector<YAML::Node> List(const std::string& key) const;

  void Complain(int line, const std::string& text) const {
    problems_.Add(line, what_ + ": " + text);
  }

 private:
  /// Undefined when it is missing.
  YAML::Node Find(const std::string& key) const;
  int LineOf(const YAML::Node& node) const;

  const std::string what_;
  Problems& problems_;
  int line_ = 1;
  std::vector<std::pair<std::string, YAML::Node>> values_;
};

}  // namespace slipway::client
