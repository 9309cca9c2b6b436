#include "client/engine/engine_spec.h"

#include "client/engine/epoll_loop.h"
#include "client/engine/grpcpp_engine.h"
#include "client/engine/grpcpp_loop.h"
#include "client/engine/http1_engine.h"
#include "client/engine/http2_engine.h"

namespace slipway::client {

std::unique_ptr<Loop> MakeLoop(EngineKind kind) {
  switch (kind) {
    case EngineKind::kHttp1:
      return std::make_unique<EpollLoop>();
    case EngineKind::kGrpcpp:
      return std::make_unique<CqLoop>();
    case EngineKind::kHttp2:
    case EngineKind::kGrpc:
      break;
  }
  return std::make_unique<IoLoop>();
}

std::unique_ptr<Engine> MakeEngine(Loop& loop, const EngineSpec& spec, const Share& share) {
  switch (spec.kind) {
    case EngineKind::kHttp1:
      return std::make_unique<Http1Engine>(static_cast<EpollLoop&>(loop).executor(), spec, share);
    case EngineKind::kGrpcpp:
      return std::make_unique<GrpcppEngine>(static_cast<CqLoop&>(loop), spec, share);
    case EngineKind::kHttp2:
    case EngineKind::kGrpc:
      break;
  }
  return std::make_unique<Http2Engine>(static_cast<IoLoop&>(loop).executor(), spec, share);
}

}  // namespace slipway::client
