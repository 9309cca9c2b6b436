#pragma once

#include <string>
#include <string_view>

#include "base/reason.h"

namespace slipway::gateway {

/// Why the engine itself answers a request, or a connection, with an error. A value type.
struct Refusal {
  int status = 400;
  base::Reason reason = base::Reason::kNone;
  /// Names the part of the request, its value where that helps, and what is allowed.
  std::string message;
};

/// The body of the answer in the shape of every other error of the gateway: the JSON of a
/// google.rpc.Status, `{"code":3,"message":"…","details":[]}`.
std::string RefusalJson(const Refusal& refusal);

/// A whole answer that closes the connection, for where there is no exchange to answer.
std::string RefusalAnswer(const Refusal& refusal);

/// `text` cut to a length fit for a message, in quotes, so that a hostile value cannot fill a log.
std::string Quoted(std::string_view text);

}  // namespace slipway::gateway
