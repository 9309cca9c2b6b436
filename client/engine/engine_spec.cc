#include "client/engine/engine_spec.h"

#include <algorithm>

#include "client/engine/epoll_loop.h"
#include "client/engine/grpcpp_engine.h"
#include "client/engine/grpcpp_loop.h"
#include "client/engine/http1_engine.h"
#include "client/engine/http2_engine.h"
#include "client/engine/mixed_loop.h"

namespace slipway::client {

std::unique_ptr<Loop> MakeLoop(absl::Span<const EngineSpec> specs) {
  const auto has = [specs](EngineKind kind) {
    return std::any_of(specs.begin(), specs.end(),
                       [kind](const EngineSpec& spec) { return spec.kind == kind; });
  };
  if (has(EngineKind::kGrpcpp)) return std::make_unique<CqLoop>();
  if (!has(EngineKind::kHttp1)) return std::make_unique<IoLoop>();
  const bool mixed = has(EngineKind::kHttp2) || has(EngineKind::kGrpc);
  if (mixed) return std::make_unique<MixedLoop>();
  return std::make_unique<EpollLoop>();
}

std::unique_ptr<Engine> MakeEngine(Loop& loop, const EngineSpec& spec, const Share& share) {
  switch (spec.kind) {
    case EngineKind::kHttp1:
      return std::make_unique<Http1Engine>(*loop.epoll(), spec, share);
    case EngineKind::kGrpcpp:
      return std::make_unique<GrpcppEngine>(static_cast<CqLoop&>(loop), spec, share);
    case EngineKind::kHttp2:
    case EngineKind::kGrpc:
      break;
  }
  return std::make_unique<Http2Engine>(*loop.io(), spec, share);
}

}  // namespace slipway::client
