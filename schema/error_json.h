#pragma once

#include <string>

#include "rpc/status.h"
#include "schema/schema.h"

namespace slipway::schema {

/// The google.rpc.Status JSON of a failed call: `{"code":5,"message":"…","details":[…]}`. Message
/// and details come from `status.details()` when that decodes, else the message alone; the code is
/// always `status.code()`, which also decides the HTTP status. Each detail is expanded with
/// `@type`; one whose type `schema` does not know, or that does not decode, becomes
/// `{"@type":…,"value":"<base64>"}`. Without a schema only the messages linked into this program
/// are known. Any thread; cannot fail.
std::string ErrorJson(const rpc::Status& status, const Schema* schema);

}  // namespace slipway::schema
