#include "client/run/target.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/host_port.h"
#include "base/status_macros.h"

namespace slipway::client {
namespace {

absl::Status Wrong(std::string_view url, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "the target \"%s\" %s; allowed: http[s]://HOST[:PORT]/PATH, h2c://HOST[:PORT]/PATH, "
      "grpc[s]://HOST:PORT/pkg.Service/Method",
      url, what));
}

absl::Status SetScheme(std::string_view url, std::string_view scheme, Target* target) {
  if (scheme == "http" || scheme == "https") {
    target->scheme = Scheme::kHttp;
    target->tls = scheme == "https";
  } else if (scheme == "h2c") {
    target->scheme = Scheme::kH2c;
  } else if (scheme == "grpc" || scheme == "grpcs") {
    target->scheme = Scheme::kGrpc;
    target->tls = scheme == "grpcs";
  } else {
    return Wrong(url, "has an unknown scheme");
  }
  return absl::OkStatus();
}

absl::Status SetAuthority(std::string_view url, std::string_view authority, Target* target) {
  if (authority.find('@') != std::string_view::npos) {
    return Wrong(url, "has a user name, which belongs into a header");
  }
  target->authority = std::string(authority);
  std::string with_port = target->authority;
  const size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  if (!has_port && target->scheme == Scheme::kGrpc) return Wrong(url, "has no port");
  if (!has_port) with_port += target->tls ? ":443" : ":80";
  const absl::StatusOr<base::HostPort> host_port = base::ParseHostPort(with_port);
  if (!host_port.ok() || host_port->host.empty() || host_port->port == 0) {
    return Wrong(url, "has no valid HOST:PORT");
  }
  target->host = host_port->host;
  target->port = host_port->port;
  return absl::OkStatus();
}

/// Where the first wanted character outside of templates (`{{…}}`) is, or npos.
template <typename Predicate>
size_t FindOutsideTemplates(std::string_view text, Predicate wanted) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "{{") {
      const size_t end = text.find("}}", i);
      if (end == std::string_view::npos) return std::string_view::npos;  // the template's error
      i = end + 1;
    } else if (wanted(text[i])) {
      return i;
    }
  }
  return std::string_view::npos;
}

absl::Status SetPath(std::string_view url, std::string_view path, Target* target) {
  path = path.substr(0, FindOutsideTemplates(path, [](char c) { return c == '#'; }));
  // What would end the request line; everything else is the server's to judge.
  const auto is_blank = [](unsigned char c) { return c <= ' ' || c == 127; };
  if (FindOutsideTemplates(path, is_blank) != std::string_view::npos) {
    return Wrong(url, "has white space or control characters (write %20 for a space)");
  }
  target->path = std::string(path);
  if (target->scheme != Scheme::kGrpc) {
    if (!absl::StartsWith(target->path, "/")) target->path = absl::StrCat("/", target->path);
    return absl::OkStatus();
  }
  const size_t slash = target->path.find('/', 1);
  const bool two_parts = slash != std::string::npos && slash > 1 &&
                         slash + 1 < target->path.size() &&
                         target->path.find('/', slash + 1) == std::string::npos;
  if (!two_parts) return Wrong(url, "names no method");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Target> ParseOrigin(std::string_view url) {
  Target target;
  target.url = std::string(url);
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return Wrong(url, "has no scheme");
  const std::string scheme = absl::AsciiStrToLower(std::string(url.substr(0, scheme_end)));
  SLIPWAY_RETURN_IF_ERROR(SetScheme(url, scheme, &target));
  const std::string_view rest = url.substr(scheme_end + 3);
  SLIPWAY_RETURN_IF_ERROR(SetAuthority(url, rest.substr(0, rest.find_first_of("/?#")), &target));
  return target;
}

absl::StatusOr<Target> ParseTarget(std::string_view url) {
  SLIPWAY_ASSIGN_OR_RETURN(Target target, ParseOrigin(url));
  const size_t authority = url.find("://") + 3;
  const size_t path = std::min(url.find_first_of("/?#", authority), url.size());
  SLIPWAY_RETURN_IF_ERROR(SetPath(url, url.substr(path), &target));
  return target;
}

}  // namespace slipway::client
