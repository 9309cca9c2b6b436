// Any bytes as what gRPC puts into headers. `grpc-message`: decoding makes nothing longer and
// undoes any escaping. `-bin` values: what is encoded is read back, and what is read survives
// another round. `grpc-timeout`: never shorter than the time that is left. Statuses from the other
// side are never OK by accident.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "tests/fuzz/fuzz.h"
#include "wire/encoding.h"
#include "wire/status_mapping.h"

namespace slipway::wire {
namespace {

using fuzz::Check;

void CheckMessage(std::string_view text) {
  const std::string decoded = PercentDecode(text);
  Check(decoded.size() <= text.size(), "decoding makes nothing longer");
  if (text.find('%') == text.npos) Check(decoded == text, "plain text stays as it is");
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c != '%' && byte >= ' ' && byte <= '~') {
      escaped += c;
    } else {
      escaped += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  Check(PercentDecode(escaped) == text, "decoding undoes escaping");
}

void CheckBinary(std::string_view text) {
  rpc::Metadata metadata;
  AddBinary("a-bin", EncodeBinary(text), &metadata);
  Check(metadata.size() == 1 && metadata.begin()->second == text, "bytes are read back");
  rpc::Metadata read;
  AddBinary("a-bin", text, &read);
  std::vector<std::string> encoded;
  for (const auto& [key, value] : read) encoded.push_back(EncodeBinary(value));
  rpc::Metadata again;
  if (!read.empty()) AddBinary("a-bin", absl::StrJoin(encoded, ","), &again);
  Check(std::equal(read.begin(), read.end(), again.begin(), again.end()),
        "values survive another round");
}

void CheckTimeout(std::string_view bytes) {
  int64_t left = 0;
  std::memcpy(&left, bytes.data(), std::min(bytes.size(), sizeof left));
  const std::string text = FormatTimeout(std::chrono::nanoseconds(left));
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  Check(
      error == std::errc() && end == text.data() + text.size() - 1 && text.size() <= 9 && count > 0,
      "a timeout is one to eight digits and a unit", text);
  const auto unit = std::string_view("numSMH").find(text.back());
  Check(unit != std::string_view::npos, "a timeout has a unit", text);
  constexpr double kUnits[] = {1, 1e3, 1e6, 1e9, 6e10, 3.6e12};
  // Hours hold more than the clock does.
  Check(static_cast<double>(count) * kUnits[unit] >= static_cast<double>(left) * (1 - 1e-12),
        "a timeout is not shorter than what is left", text);
}

void CheckStatus(std::string_view bytes) {
  uint32_t number = 0;
  std::memcpy(&number, bytes.data(), std::min(bytes.size(), sizeof number));
  Check(!StatusFromHttp2Error(number).ok(), "a reset stream is no success");
  Check(!StatusFromHttpStatus(static_cast<int>(number)).ok(), "no grpc-status is no success");
  const rpc::Status status =
      rpc::Status::FromCode(static_cast<int>(number), std::string(bytes), std::string(bytes));
  Check(status.ok() == (number == 0), "only 0 is a success");
  Check(
      status.code() >= absl::StatusCode::kOk && status.code() <= absl::StatusCode::kUnauthenticated,
      "codes are those of gRPC");
}

}  // namespace
}  // namespace slipway::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::wire;
  const std::string_view bytes = slipway::fuzz::Text(data, size);
  CheckMessage(bytes);
  CheckBinary(bytes);
  CheckTimeout(bytes);
  CheckStatus(bytes);
  return 0;
}
