#pragma once

#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"

namespace slipway::gateway {

/// The path of one request, decoded and split, as templates are matched against it. Lives in the
/// frame of the request; the segments view the request's target or, when it had escapes, a buffer
/// of this object.
///
/// Escapes are decoded once and before splitting, so `%2F` separates (as in grpc-gateway). Nothing
/// is normalised: `//` is an empty segment and a trailing `/` an empty last one.
class RequestPath {
 public:
  RequestPath() = default;
  RequestPath(const RequestPath&) = delete;
  RequestPath& operator=(const RequestPath&) = delete;

  /// `raw` must outlive this object. INVALID_ARGUMENT for a path that does not begin with `/`, a
  /// malformed escape or a control byte, raw or escaped. `strict` also refuses what two routers
  /// could read differently: text that is not UTF-8, `.` and `..`, empty segments before the last,
  /// `\`, an escaped slash, and more than 256 segments.
  absl::Status Parse(std::string_view raw, bool strict = false);

  const absl::InlinedVector<std::string_view, 16>& segments() const { return segments_; }

 private:
  absl::Status Decode(std::string_view raw);
  absl::Status CheckStrictly(std::string_view raw) const;
  void Split();

  std::string buffer_;
  std::string_view decoded_;
  absl::InlinedVector<std::string_view, 16> segments_;
};

/// The value of a hexadecimal digit, or -1.
int HexDigit(char c);
/// Decodes `%XX`, and `+` as a space if `plus_is_space`. False for a malformed escape.
bool PercentDecode(std::string_view text, bool plus_is_space, std::string* out);
/// True when `text` is well-formed UTF-8: no overlong forms, no surrogates.
bool IsUtf8(std::string_view text);

}  // namespace slipway::gateway
