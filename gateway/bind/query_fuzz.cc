// Any bytes as a query or a form, and as Grpc-Timeout. Parameters that are read are the same when
// they are written with every byte escaped and read again; a fault anywhere hands nothing out. A
// time-out is the same when it is written in nanoseconds, and never beyond the clock.
#include <string>
#include <utility>
#include <vector>

#include "gateway/bind/grpc_timeout.h"
#include "gateway/bind/query.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::gateway {
namespace {

using fuzz::Check;
using Parameters = std::vector<std::pair<std::string, std::string>>;

absl::Status Read(std::string_view text, Parameters* parameters) {
  return ReadParameters(text, [parameters](std::string_view key, std::string_view value) {
    parameters->emplace_back(key, value);
    return absl::OkStatus();
  });
}

void AppendEscaped(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    *out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
}

void CheckQuery(std::string_view text) {
  Parameters parameters;
  const absl::Status status = Read(text, &parameters);
  if (!status.ok()) {
    Check(status.code() == absl::StatusCode::kInvalidArgument, "the caller is to blame");
    Check(parameters.empty(), "a fault hands nothing out");
    return;
  }
  std::string written;
  for (const auto& [key, value] : parameters) {
    AppendEscaped(key, &written);
    written += '=';
    AppendEscaped(value, &written);
    written += '&';
  }
  Parameters again;
  Check(Read(written, &again).ok() && again == parameters, "what is written is read", written);
}

void CheckTimeout(std::string_view text) {
  const auto timeout = ParseGrpcTimeout(text);
  if (!timeout.ok()) {
    Check(timeout.status().code() == absl::StatusCode::kInvalidArgument, "the caller is to blame");
    return;
  }
  // Adding it to the clock must not overflow.
  Check(timeout->count() >= -1 && timeout->count() <= INT64_MAX / 4, "a time-out fits the clock");
  const auto again = ParseGrpcTimeout(std::to_string(timeout->count()) + "n");
  Check(again.ok() && *again == *timeout, "a time-out is the same in nanoseconds", text);
}

}  // namespace
}  // namespace slipway::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::gateway;
  const std::string_view text = slipway::fuzz::Text(data, size);
  CheckQuery(text);
  CheckTimeout(text);
  return 0;
}
