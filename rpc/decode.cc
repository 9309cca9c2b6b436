#include "rpc/decode.h"

#include <cstdint>

#include "google/protobuf/io/coded_stream.h"

namespace slipway::rpc {

bool Decode(std::string_view bytes, google::protobuf::MessageLite* message, int max_depth) {
  return DecodePartial(bytes, message, max_depth) && message->IsInitialized();
}

bool DecodePartial(std::string_view bytes, google::protobuf::MessageLite* message, int max_depth) {
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  input.SetRecursionLimit(max_depth);
  return message->ParsePartialFromCodedStream(&input) && input.ConsumedEntireMessage();
}

}  // namespace slipway::rpc
