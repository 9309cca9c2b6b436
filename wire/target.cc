#include "wire/target.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace slipway::wire {
namespace {

absl::Status Wrong(std::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("target \"", absl::string_view(text.data(), text.size()), "\": ", why,
                   "; allowed is [grpc://|grpcs://]HOST:PORT[,HOST:PORT...]"));
}

bool RemovePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

}  // namespace

absl::StatusOr<Target> ParseTarget(std::string_view text) {
  Target target;
  std::string_view rest = text;
  target.tls = RemovePrefix(&rest, "grpcs://");
  if (!target.tls) RemovePrefix(&rest, "grpc://");
  for (size_t begin = 0; begin <= rest.size();) {
    const size_t end = std::min(rest.find(',', begin), rest.size());
    auto host = base::ParseHostPort(rest.substr(begin, end - begin));
    if (!host.ok()) return Wrong(text, host.status().message());
    if (host->host.empty()) return Wrong(text, "the host is missing");
    if (host->port == 0) return Wrong(text, "the port must not be 0");
    target.hosts.push_back(*std::move(host));
    begin = end + 1;
  }
  return target;
}

}  // namespace slipway::wire
