// Any text as a report's JSON. What is read is the same when it is written and read again; what is
// refused is INVALID_ARGUMENT.
#include <string>

#include "client/report/json_report.h"
#include "client/report/report.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::client;
  using slipway::fuzz::Check;
  const auto report = ParseReport(slipway::fuzz::Text(data, size));
  if (!report.ok()) {
    Check(report.status().code() == absl::StatusCode::kInvalidArgument &&
              !report.status().message().empty(),
          "what is wrong is said");
    return 0;
  }
  const std::string written = ReportJson(*report);
  const auto again = ParseReport(written);
  Check(again.ok(), "what was written is read",
        again.ok() ? std::string() : std::string(again.status().message()));
  Check(ReportJson(*again) == written, "a report is written the same", written);
  return 0;
}
