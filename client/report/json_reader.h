#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/struct.pb.h"

namespace slipway::client {

/// One object of a JSON document that is read, and where it stands. The first thing that is wrong
/// anywhere in the document is kept in a status that all its objects share, with its path; from
/// then on the values read are as if absent, so that a reader looks at the status once, at the end.
/// Absent and null are the same. A view: the document and the status outlive it.
class JsonObject {
 public:
  using Value = google::protobuf::Value;
  /// A hundred thousand of them can be added up, and doubles hold them exactly.
  static constexpr int64_t kMostCount = 90'000'000'000'000;

  /// `path` is empty for the document itself.
  JsonObject(const Value* value, std::string path, absl::Status* status);

  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  bool IsString(std::string_view key) const;
  /// INVALID_ARGUMENT when `key` is absent.
  void Require(std::string_view key) const;

  /// Empty when absent.
  std::string String(std::string_view key) const;
  std::vector<std::string> Strings(std::string_view key) const;
  /// Each of an array of arrays of strings.
  std::vector<std::vector<std::string>> Rows(std::string_view key) const;
  bool Bool(std::string_view key) const;
  /// A whole number from `least` to `most`; `absent` when there is none.
  int64_t Int(std::string_view key, int64_t least, int64_t most, int64_t absent = 0) const;
  /// A whole number from 0 to kMostCount; 0 when absent.
  int64_t Count(std::string_view key) const;
  /// Finite; 0 when absent.
  double Number(std::string_view key, double least, double most) const;
  /// To the nanosecond, from 0 to 1e9 seconds.
  std::chrono::nanoseconds Seconds(std::string_view key) const;
  /// Empty when absent.
  JsonObject Object(std::string_view key) const;
  /// Each object of an array.
  void ForEach(std::string_view key, const std::function<void(const JsonObject&)>& use) const;
  std::vector<std::string> Keys() const;

  /// Notes that `key` (empty: the object itself) is wrong: `problem` completes `PATH: …`.
  void Fail(std::string_view key, std::string_view problem) const;
  bool ok() const { return status_->ok(); }

 private:
  const Value* Find(std::string_view key) const;
  /// The elements of an array.
  const google::protobuf::ListValue& List(std::string_view key) const;
  std::string PathOf(std::string_view key) const;

  const google::protobuf::Struct* object_;
  std::string path_;
  absl::Status* status_;
};

}  // namespace slipway::client
