#include "wire/stream.h"

#include <nghttp2/nghttp2.h>

#include "wire/connection.h"

namespace slipway::wire {

Stream::~Stream() {
  if (connection_ != nullptr) connection_->Reset(*this, NGHTTP2_CANCEL);
}

}  // namespace slipway::wire
