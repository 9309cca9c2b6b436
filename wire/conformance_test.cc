#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "tests/conformance/client_call_suite.h"
#include "wire/channel.h"
#include "wire/testing/dispatcher_server.h"

namespace slipway::conformance {
namespace {

class WireWorld : public ClientCallWorld {
 public:
  WireWorld(std::shared_ptr<const rpc::Dispatcher> dispatcher,
            wire::testing::Http2ServerOptions options)
      : server_(std::move(dispatcher), std::move(options)),
        channel_(executor_, {.target = server_.address()}) {}

  rpc::Upstream& upstream() override { return channel_; }
  void RunUntil(const bool& done) override { executor_.RunUntil(done); }

 private:
  wire::testing::DispatcherServer server_;
  rpc::IoExecutor executor_;
  wire::Channel channel_;
};

ClientCallImplementation Wire(std::string name, wire::testing::Http2ServerOptions options = {}) {
  return {std::move(name), [options](std::shared_ptr<const rpc::Dispatcher> dispatcher) {
            return std::make_unique<WireWorld>(std::move(dispatcher), options);
          }};
}

INSTANTIATE_TEST_SUITE_P(
    Wire, ClientCallSuite,
    ::testing::Values(Wire("Plain"), Wire("FewStreams", {.max_concurrent_streams = 2}),
                      Wire("SmallWindows", {.stream_window = 1'000, .max_data = 777})),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slipway::conformance
