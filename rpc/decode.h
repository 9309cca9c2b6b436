#pragma once

#include <string_view>

#include "google/protobuf/message_lite.h"

namespace slipway::rpc {

/// How deep messages may lie in each other to be read, wherever messages are read: Protobuf's own
/// limit, 100, is only 33 levels of JSON in a google.protobuf.Struct, where each level is three
/// messages. This is enough for the 100 levels of JSON that are read, and what is around them.
inline constexpr int kMaxMessageDepth = 320;

/// Reads wire bytes into `message`. False when they do not decode: bytes of another message,
/// required fields that are missing, or messages deeper than `max_depth` in each other. What is
/// kept for later with a message inside is read with a larger `max_depth`, so that what was taken
/// is readable. Any thread.
bool Decode(std::string_view bytes, google::protobuf::MessageLite* message,
            int max_depth = kMaxMessageDepth);

/// The same, but required fields may be missing.
bool DecodePartial(std::string_view bytes, google::protobuf::MessageLite* message,
                   int max_depth = kMaxMessageDepth);

}  // namespace slipway::rpc
