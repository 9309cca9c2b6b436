// Any bytes as the texts by which jobs are known outside, and as an answer on disk. Each text that
// is taken is the only one for its meaning; each number has a text that is read back; a stored
// answer that is read is the same when it is stored and read again.
#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/ascii.h"
#include "google/protobuf/stubs/logging.h"
#include "jobs/delivery/token.h"
#include "jobs/store/id.h"
#include "jobs/store/stored_answer.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::jobs {
namespace {

using fuzz::Check;

void CheckPageToken(std::string_view text) {
  if (const auto sequence = DecodePageToken(text); sequence.ok()) {
    Check(EncodePageToken(*sequence) == text, "a page has one token", text);
  } else {
    Check(sequence.status().code() == absl::StatusCode::kInvalidArgument, "the caller is to blame");
  }
  int64_t number = 0;
  std::memcpy(&number, text.data(), std::min(text.size(), sizeof number));
  const auto decoded = DecodePageToken(EncodePageToken(number));
  Check(decoded.ok() && *decoded == number, "a token is read back");
}

void CheckJobId(std::string_view text) {
  if (ValidJobId(text)) {
    const std::string token = TokenFromJobId(text);
    Check(JobIdFromToken(token) == text, "a token means its job", token);
  }
  if (const auto id = JobIdFromToken(text)) {
    Check(ValidJobId(*id), "a token means a job", text);
    Check(TokenFromJobId(*id) == absl::AsciiStrToLower({text.data(), text.size()}),
          "a job has one token", text);
  }
}

void CheckAnswer(std::string_view bytes) {
  const JobResult result = DecodeResult(bytes);
  const std::string stored = EncodeResult(result);
  const JobResult again = DecodeResult(stored);
  // An OK has no message; only a stored answer that is not ours has one.
  const bool same_message = result.status.ok() || again.status.message() == result.status.message();
  Check(again.status.code() == result.status.code() && same_message &&
            again.content_type == result.content_type && again.body == result.body,
        "an answer is read back");
  Check(EncodeResult(again) == stored, "an answer is stored the same");
}

}  // namespace
}  // namespace slipway::jobs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::jobs;
  static const google::protobuf::LogSilencer silencer;  // it logs each text that is no UTF-8
  const std::string_view bytes = slipway::fuzz::Text(data, size);
  CheckPageToken(bytes);
  CheckJobId(bytes);
  CheckAnswer(bytes);
  return 0;
}
