#pragma once

#include <string>
#include <string_view>

#include "rpc/executor.h"
#include "rpc/metadata.h"

namespace slipway::wire {

/// `grpc-timeout` for what is left of a deadline: at most eight digits and a unit, rounded up, so
/// that the server never gives up before us. At least `1n`.
std::string FormatTimeout(rpc::Duration left);

/// `grpc-message` as text; what is not a valid escape stays as it is.
std::string PercentDecode(std::string_view text);

/// Bytes of a `-bin` value for the wire: base64 without padding.
std::string EncodeBinary(std::string_view bytes);

/// Adds the values of a received `-bin` header: base64 with or without padding, several joined by
/// commas. What is not base64 is dropped.
void AddBinary(std::string_view key, std::string_view value, rpc::Metadata* metadata);

/// True for keys whose values are bytes.
inline bool IsBinaryKey(std::string_view key) { return key.ends_with("-bin"); }

/// True when a metadata key may be sent: lower-case letters, digits, `_`, `-`, `.`.
bool ValidKey(std::string_view key);
/// True when a text value may be sent: printable ASCII.
bool ValidValue(std::string_view value);
/// True for keys that belong to the protocol and are left out when somebody sets them.
bool ReservedKey(std::string_view key);

}  // namespace slipway::wire
