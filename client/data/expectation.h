#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/data/answer.h"
#include "client/data/json_path.h"
#include "client/data/json_value.h"
#include "client/measure/outcome.h"

namespace slipway::client {

/// What answers must be to count as successes:
///
///   status=200, status=200,202   HTTP; gRPC: names or numbers of codes, status=OK,5
///   json:PATH=VALUE              the value there has this text, or is equal as JSON
///   json:PATH                    something is there
///   sha256=HEX                   of the body, or of the last message's wire bytes
///   body~TEXT                    the body, of gRPC the last message as JSON, contains it
///
/// Without `status`, HTTP from 400 and gRPC other than OK stay failures; with it, only what it
/// names is a success. Immutable; any thread.
class Expectations {
 public:
  /// INVALID_ARGUMENT names the text and what is allowed.
  static absl::StatusOr<Expectations> Parse(const std::vector<std::string>& texts, bool grpc);

  bool empty() const { return checks_.empty() && statuses_.empty(); }
  /// The engine must keep the answers.
  bool reads_responses() const { return !checks_.empty(); }

  /// Decides on `outcome`, which `answer` looks at. What was not expected becomes kUnexpected with
  /// a message of what was found and wanted; `message` keeps it. What is no answer stays.
  void Judge(Answer& answer, Outcome* outcome, std::string* message) const;

 private:
  struct Field {
    JsonPath path;
    std::optional<std::string> text;
    /// The text as JSON, if it is.
    std::optional<JsonValue> json;
  };
  struct Digest {
    std::string hex;
  };
  struct Contains {
    std::string text;
  };
  using Check = std::variant<Field, Digest, Contains>;

  static absl::StatusOr<Check> ParseCheck(const std::string& text, bool grpc);
  static absl::StatusOr<Check> ParseField(std::string_view text);
  absl::Status ParseStatuses(std::string_view list, bool grpc);
  bool Allows(int status) const;
  std::string WantedStatuses(bool grpc) const;
  /// What is wrong; empty when nothing is.
  static std::string Verify(const Field& field, Answer& answer);
  static std::string Verify(const Digest& digest, Answer& answer);
  static std::string Verify(const Contains& contains, Answer& answer);

  std::vector<int> statuses_;
  std::vector<Check> checks_;
};

/// The value as messages show it: `"a"`, `5`.
std::string Shown(const JsonValue& value);

}  // namespace slipway::client
