#include "client/data/answer.h"

#include "absl/status/status.h"
#include "base/status_macros.h"

namespace slipway::client {

const std::string* Answer::FindHeader(std::string_view name) const {
  return outcome_.response == nullptr ? nullptr : outcome_.response->FindHeader(name);
}

std::string_view Answer::bytes() const {
  return outcome_.response == nullptr ? std::string_view() : outcome_.response->body;
}

absl::StatusOr<std::string_view> Answer::text() {
  if (method_ == nullptr) return bytes();
  if (!decoded_) {
    decoded_ = method_->decode ? method_->decode(bytes())
                               : absl::FailedPreconditionError("the method's schema is not known");
  }
  if (!decoded_->ok()) return decoded_->status();
  return **decoded_;
}

absl::StatusOr<const JsonValue*> Answer::json() {
  if (!json_) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string_view body, text());
    json_ = ParseJson(body);
  }
  if (!json_->ok()) return json_->status();
  return &**json_;
}

}  // namespace slipway::client
