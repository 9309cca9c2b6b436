#include "server/grpc/bytes.h"

#include <utility>
#include <vector>

#include "base/happens_before.h"

namespace slipway::server {
namespace {

constexpr size_t kCopyUpTo = 4096;

grpc::Slice ToSlice(std::string message) {
  if (message.size() <= kCopyUpTo) return grpc::Slice(message);
  auto* owned = new std::string(std::move(message));
  base::HappensBefore(owned);  // the library gives it back on any of its threads
  const auto destroy = [](void* string) {
    base::HappensAfter(string);
    delete static_cast<std::string*>(string);
  };
  return grpc::Slice(owned->data(), owned->size(), destroy, owned);
}

}  // namespace

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::string bytes;
  grpc::Slice single;
  if (buffer.TrySingleSlice(&single).ok()) {
    bytes.assign(reinterpret_cast<const char*>(single.begin()), single.size());
    return bytes;
  }
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::ByteBuffer ToByteBuffer(std::string message) {
  grpc::Slice slice = ToSlice(std::move(message));
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace slipway::server
