#pragma once

#include <string>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/message_lite.h"

namespace slipway::schema {

/// Appends the wire bytes of `message` with its maps sorted by key, so that equal messages have
/// equal bytes, also in another process of the same program; else their order is random. Required
/// fields may be missing. False when it is larger than 2 GiB.
inline bool AppendDeterministic(const google::protobuf::MessageLite& message, std::string* out) {
  google::protobuf::io::StringOutputStream stream(out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  return message.SerializePartialToCodedStream(&coded);
}

}  // namespace slipway::schema
