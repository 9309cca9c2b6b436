#pragma once

#include <memory>

#include "rpc/dispatcher.h"
#include "wire/testing/http2_server.h"

namespace slipway::wire::testing {

/// A real gRPC server for tests: serves a Dispatcher over HTTP/2 on a thread of its own.
class DispatcherServer {
 public:
  explicit DispatcherServer(std::shared_ptr<const rpc::Dispatcher> dispatcher,
                            Http2ServerOptions options = {});

  Http2Server& http2() { return server_; }
  std::string address() const { return server_.address(); }

 private:
  Http2Server server_;
};

}  // namespace slipway::wire::testing
