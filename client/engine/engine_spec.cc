#include "client/engine/engine_spec.h"

#include <algorithm>

#include "absl/status/status.h"
#include "client/engine/epoll_loop.h"
#include "client/engine/grpcpp_engine.h"
#include "client/engine/grpcpp_loop.h"
#include "client/engine/http1_engine.h"
#include "client/engine/http2_engine.h"
#include "client/engine/mixed_loop.h"

namespace slipway::client {
namespace {

/// Stands where an engine cannot be, because its thread waits for other events, and says so.
class MisplacedEngine : public Engine {
 public:
  rpc::Task<absl::Status> Connect(rpc::Deadline) override { co_return Why(); }
  void Listen(Listener*) override {}
  absl::StatusOr<std::unique_ptr<const Encoded>> Encode(const Request&) override { return Why(); }
  void Issue(uint32_t, const Encoded&, rpc::Time) override {}  // nothing was encoded
  rpc::Task<void> Shutdown() override { co_return; }
  EngineCounts counts() const override { return {}; }

 private:
  static absl::Status Why() {
    return absl::InvalidArgumentError(
        "the gRPC C++ library waits for its events in its own way: one run cannot mix it with "
        "another engine");
  }
};

std::unique_ptr<Engine> MakeGrpcpp(Loop& loop, const EngineSpec& spec, const Share& share) {
  auto* const queue = dynamic_cast<CqLoop*>(&loop);
  if (queue == nullptr) return std::make_unique<MisplacedEngine>();
  return std::make_unique<GrpcppEngine>(*queue, spec, share);
}

}  // namespace

std::unique_ptr<Loop> MakeLoop(absl::Span<const EngineSpec> specs) {
  const auto any = [specs](auto wanted) {
    return std::any_of(specs.begin(), specs.end(),
                       [wanted](const EngineSpec& spec) { return wanted(spec.kind); });
  };
  const bool grpcpp = any([](EngineKind kind) { return kind == EngineKind::kGrpcpp; });
  const bool http1 = any([](EngineKind kind) { return kind == EngineKind::kHttp1; });
  const bool http2 =
      any([](EngineKind kind) { return kind == EngineKind::kHttp2 || kind == EngineKind::kGrpc; });
  if (http1 && http2) return std::make_unique<MixedLoop>();
  if (http1) return std::make_unique<EpollLoop>();
  if (grpcpp && !http2) return std::make_unique<CqLoop>();
  return std::make_unique<IoLoop>();
}

std::unique_ptr<Engine> MakeEngine(Loop& loop, const EngineSpec& spec, const Share& share) {
  switch (spec.kind) {
    case EngineKind::kHttp1:
      if (loop.epoll() == nullptr) break;
      return std::make_unique<Http1Engine>(*loop.epoll(), spec, share);
    case EngineKind::kGrpcpp:
      return MakeGrpcpp(loop, spec, share);
    case EngineKind::kHttp2:
    case EngineKind::kGrpc:
      if (loop.io() == nullptr) break;
      return std::make_unique<Http2Engine>(*loop.io(), spec, share);
  }
  return std::make_unique<MisplacedEngine>();
}

}  // namespace slipway::client
