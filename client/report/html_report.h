#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/report/report.h"

namespace slipway::client {

/// The report as one HTML file that needs nothing else: style, script and the JSON form are in it,
/// and its content security policy lets it load nothing. It draws charts of whatever the report
/// has; read again, it yields the same report.
std::string HtmlReport(const Report& report);

/// The same around the JSON form of a report. What the JSON holds cannot end the block it stands
/// in, whatever its strings say.
std::string HtmlOfJson(std::string_view json);

/// The JSON form within a file that HtmlReport has made, a part of `html`. InvalidArgument when
/// `html` is something else or was cut short.
absl::StatusOr<std::string_view> JsonInHtml(std::string_view html);

}  // namespace slipway::client
