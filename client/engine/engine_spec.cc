#include "client/engine/engine_spec.h"

#include <type_traits>

#include "absl/status/status.h"
#include "client/engine/epoll_loop.h"
#include "client/engine/grpcpp_engine.h"
#include "client/engine/grpcpp_loop.h"
#include "client/engine/http1_engine.h"
#include "client/engine/http2_engine.h"

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
        "one run cannot mix HTTP/1.1 with HTTP/2 or gRPC, nor either with the gRPC C++ library: "
        "each waits for its events in its own way");
  }
};

template <typename EngineType, typename LoopType>
std::unique_ptr<Engine> Make(LoopType* loop, const EngineSpec& spec, const Share& share) {
  if (loop == nullptr) return std::make_unique<MisplacedEngine>();
  if constexpr (std::is_same_v<LoopType, CqLoop>) {
    return std::make_unique<EngineType>(*loop, spec, share);
  } else {
    return std::make_unique<EngineType>(loop->executor(), spec, share);
  }
}

}  // namespace

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
      return Make<Http1Engine>(dynamic_cast<EpollLoop*>(&loop), spec, share);
    case EngineKind::kGrpcpp:
      return Make<GrpcppEngine>(dynamic_cast<CqLoop*>(&loop), spec, share);
    case EngineKind::kHttp2:
    case EngineKind::kGrpc:
      break;
  }
  return Make<Http2Engine>(dynamic_cast<IoLoop*>(&loop), spec, share);
}

}  // namespace slipway::client
