#include "client/engine/engine_spec.h"

#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "client/testing/engine_harness.h"

namespace slipway::client {
namespace {

rpc::Task<void> Connect(Engine* engine, std::optional<absl::Status>* status) {
  rpc::Task<absl::Status> task = engine->Connect(rpc::Clock::now() + std::chrono::seconds(20));
  *status = co_await std::move(task);
}

TEST(MakeEngine, GrpcppGoesWithNoOtherKind) {
  for (const EngineKind other : {EngineKind::kHttp1, EngineKind::kHttp2, EngineKind::kGrpc}) {
    const EngineSpec specs[] = {testing::SpecFor(EngineKind::kGrpcpp, 1),
                                testing::SpecFor(other, 1)};
    const std::unique_ptr<Loop> loop = MakeLoop(specs);
    const std::unique_ptr<Engine> engine = MakeEngine(*loop, specs[0], {});
    EXPECT_TRUE(absl::IsInvalidArgument(engine->Encode({}).status()));
    std::optional<absl::Status> status;
    rpc::Spawn(Connect(engine.get(), &status));
    ASSERT_TRUE(status.has_value());
    EXPECT_TRUE(absl::IsInvalidArgument(*status)) << *status;
  }
}

}  // namespace
}  // namespace slipway::client
