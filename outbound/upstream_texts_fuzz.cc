// Any text as a URL to call and as an upstream's Retry-After. A URL that is taken names a server
// that is the same when only its name is read again; a wait is between nothing and a year.
#include <string>

#include "absl/strings/ascii.h"
#include "outbound/retry.h"
#include "outbound/url.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::outbound {
namespace {

using fuzz::Check;

void CheckUrl(std::string_view text) {
  const auto url = Url::Parse(text);
  if (!url.ok()) {
    Check(url.status().code() == absl::StatusCode::kInvalidArgument, "the caller is to blame");
    return;
  }
  Check(!url->host().empty() && url->port() != 0, "a URL names a server", text);
  Check(absl::AsciiStrToLower(url->host()) == url->host(), "hosts are in lower case", url->host());
  for (const char c : url->shown()) {
    Check(static_cast<uint8_t>(c) >= ' ' && c != 0x7f, "what is shown is a text", url->shown());
  }
  const auto again = Url::Parse((url->secure() ? "https://" : "http://") + url->HostPort() + "/");
  Check(again.ok() && again->host() == url->host() && again->port() == url->port() &&
            again->secure() == url->secure() &&
            again->address().has_value() == url->address().has_value(),
        "a server's name is the same server", url->HostPort());
}

void CheckRetryAfter(std::string_view text) {
  const auto wait = ParseRetryAfter(text, absl::FromUnixSeconds(1'000'000'000));
  if (!wait) return;
  Check(*wait >= rpc::Duration::zero() && *wait <= std::chrono::hours(24 * 365),
        "a wait is within a year", text);
}

}  // namespace
}  // namespace slipway::outbound

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::outbound;
  const std::string_view text = slipway::fuzz::Text(data, size);
  CheckUrl(text);
  CheckRetryAfter(text);
  return 0;
}
