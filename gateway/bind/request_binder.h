#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/bind/binding.h"
#include "gateway/http/exchange.h"
#include "gateway/router/router.h"

namespace slipway::gateway {

/// What of a request fills its message.
struct RequestParts {
  const RequestHead& head;
  const Captures& captures;
  std::string_view body;
};

/// The request message of a unary or server-streaming call in wire bytes: body, then the update
/// mask of a PATCH, then path variables, then form and query; what comes later wins.
/// INVALID_ARGUMENT names what does not fit. Bodies of bindings that take none are ignored, unless
/// they are forms.
absl::StatusOr<std::string> BindRequest(const Binding& binding, const RequestParts& parts);

/// True for a POST that GET's binding may serve: its Content-Type is exactly that of a form.
bool IsFormPost(const RequestHead& head);

}  // namespace slipway::gateway
