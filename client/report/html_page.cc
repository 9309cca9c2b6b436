#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "client/report/html_assets.h"
#include "client/report/html_report.h"

namespace slipway::client {
namespace {

constexpr std::string_view kOpening = R"(<script type="application/json" id="slipway-report">)";
constexpr std::string_view kClosing = "</script>";

absl::string_view AsAbsl(std::string_view text) { return {text.data(), text.size()}; }

/// In JSON these stand only within strings, where an escape means the same. `<` begins all that
/// HTML could take for an end or a comment; the separators end lines in old scripts.
std::string EscapeForHtml(std::string_view json) {
  return absl::StrReplaceAll(
      AsAbsl(json), {{"<", "\\u003c"}, {"\xe2\x80\xa8", "\\u2028"}, {"\xe2\x80\xa9", "\\u2029"}});
}

}  // namespace

std::string HtmlOfJson(std::string_view json) {
  // One pass over the page: marks within what is put in are not replaced.
  return absl::StrReplaceAll(AsAbsl(kReportHtml), {{"/*css*/", AsAbsl(kReportCss)},
                                                   {"{{data}}", EscapeForHtml(json)},
                                                   {"/*script*/", AsAbsl(kReportScript)}});
}

absl::StatusOr<std::string_view> JsonInHtml(std::string_view html) {
  const size_t opening = html.find(kOpening);
  if (opening == std::string_view::npos) {
    return absl::InvalidArgumentError("no report is embedded in this HTML file");
  }
  const size_t begin = opening + kOpening.size();
  const size_t end = html.find(kClosing, begin);
  if (end == std::string_view::npos) {
    return absl::InvalidArgumentError("the HTML file ends within its embedded report");
  }
  return html.substr(begin, end - begin);
}

}  // namespace slipway::client
