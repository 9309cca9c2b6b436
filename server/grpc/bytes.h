#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <string>

namespace slipway::server {

/// The bytes of one message, copied once.
std::string ToString(const grpc::ByteBuffer& buffer);
/// One message to send. Small ones are copied (gRPC keeps them inline), large ones handed over.
grpc::ByteBuffer ToByteBuffer(std::string message);

}  // namespace slipway::server
