#include "gateway/reply/http_status.h"

#include <array>
#include <cstddef>

#include "base/reason.h"

namespace slipway::gateway {

int HttpStatus(absl::StatusCode code) {
  static constexpr std::array<int, 17> kStatuses = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                                                    400, 409, 400, 501, 500, 503, 500, 401};
  const auto index = static_cast<size_t>(code);
  return index < kStatuses.size() ? kStatuses[index] : 500;
}

int HttpStatus(const absl::Status& status) {
  switch (base::ReasonOf(status)) {
    case base::Reason::kBodyTooLarge:
      return 413;
    case base::Reason::kBodyTimeout:
      return 408;
    case base::Reason::kUnsupportedMediaType:
    case base::Reason::kUnsupportedEncoding:
      return 415;
    default:
      return HttpStatus(status.code());
  }
}

}  // namespace slipway::gateway
