#include "client/report/html_report.h"

#include "client/report/json_report.h"

namespace slipway::client {

std::string HtmlReport(const Report& report) {
  return HtmlOfJson(ReportJson(report, /*with_spectrum=*/true));
}

}  // namespace slipway::client
