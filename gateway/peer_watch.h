#pragma once

#include "gateway/http/exchange.h"
#include "rpc/client_call.h"

namespace slipway::gateway {

/// Cancels a call when the peer of an exchange goes, for as long as this object lives. The call
/// must have been started: the peer may be gone already.
class PeerWatch {
 public:
  PeerWatch(Exchange& exchange, rpc::ClientCall& call) : exchange_(exchange) {
    exchange_.OnPeerGone([&call] { call.Cancel(); });
  }
  PeerWatch(const PeerWatch&) = delete;
  PeerWatch& operator=(const PeerWatch&) = delete;
  ~PeerWatch() { exchange_.OnPeerGone(nullptr); }

 private:
  Exchange& exchange_;
};

}  // namespace slipway::gateway
