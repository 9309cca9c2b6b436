#pragma once

#include <string_view>

namespace slipway::client {

// What client/report/html/ holds, made into a source file by the build (slipway_embed).

/// The page, with the marks `/*css*/`, `{{data}}` and `/*script*/` where the rest belongs.
extern const std::string_view kReportHtml;
extern const std::string_view kReportCss;
/// All scripts in the order of their names; the page wraps them in one function.
extern const std::string_view kReportScript;

}  // namespace slipway::client
