#pragma once

#include <vector>

#include "rpc/dispatcher.h"

namespace slipway::server {

/// grpc.channelz.v1.Channelz over this process's gRPC channels, servers and sockets. The library's
/// own service is a synchronous one that would bring threads of its own; its data, which the
/// library hands out as JSON, is answered here on the Dispatcher like everything else.
std::vector<rpc::Method> ChannelzMethods();

}  // namespace slipway::server
