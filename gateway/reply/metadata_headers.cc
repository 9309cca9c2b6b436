#include "gateway/reply/metadata_headers.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"

namespace slipway::gateway {

bool IsTransportKey(std::string_view key) {
  static constexpr std::array<std::string_view, 14> kKeys = {
      "content-type",      "te",           "grpc-encoding",     "grpc-accept-encoding",
      "grpc-status",       "grpc-message", "grpc-message-type", "grpc-status-details-bin",
      "grpc-timeout",      "connection",   "accept-encoding",   "content-length",
      "transfer-encoding", "trailer"};
  if (key.empty() || key[0] == ':') return true;
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

std::string HeaderName(std::string_view prefix, std::string_view key) {
  std::string name;
  name.reserve(prefix.size() + key.size());
  name.append(prefix);
  bool start = true;
  for (const char c : key) {
    name.push_back(start ? absl::ascii_toupper(c) : c);
    start = c == '-';
  }
  return name;
}

std::string HeaderValue(std::string_view key, const std::string& value) {
  return key.ends_with("-bin") ? absl::Base64Escape(value) : value;
}

std::vector<Header> TrailerFields(const rpc::Metadata& trailers) {
  std::vector<Header> fields;
  for (const auto& [key, value] : trailers) {
    if (IsTransportKey(key)) continue;
    fields.push_back({HeaderName("Grpc-Trailer-", key), HeaderValue(key, value)});
  }
  return fields;
}

std::string TrailerNames(const std::vector<Header>& fields) {
  std::vector<std::string_view> names;
  std::string out;
  for (const Header& field : fields) {
    if (std::find(names.begin(), names.end(), field.name) != names.end()) continue;
    names.push_back(field.name);
    if (!out.empty()) out += ", ";
    out += field.name;
  }
  return out;
}

}  // namespace slipway::gateway
