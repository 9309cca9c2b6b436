#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "rpc/in_process.h"
#include "rpc/thread_executor.h"
#include "tests/conformance/client_call_suite.h"

namespace slipway::conformance {
namespace {

class InProcessWorld : public ClientCallWorld {
 public:
  explicit InProcessWorld(std::shared_ptr<const rpc::Dispatcher> dispatcher)
      : upstream_(std::move(dispatcher), executor_) {}

  rpc::Upstream& upstream() override { return upstream_; }
  void RunUntil(const bool& done) override { executor_.RunUntil(done); }

 private:
  rpc::ThreadExecutor executor_;
  rpc::InProcessUpstream upstream_;
};

INSTANTIATE_TEST_SUITE_P(InProcess, ClientCallSuite,
                         ::testing::Values(ClientCallImplementation{
                             "Plain",
                             [](std::shared_ptr<const rpc::Dispatcher> dispatcher) {
                               return std::make_unique<InProcessWorld>(std::move(dispatcher));
                             }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slipway::conformance
