#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "rpc/io_executor.h"
#include "server/grpc/grpc_server.h"
#include "tests/conformance/client_call_suite.h"
#include "wire/channel.h"

// Our client against our server, over a socket: wire/ before the completion queues.
namespace slipway::conformance {
namespace {

class GrpcWorld : public ClientCallWorld {
 public:
  explicit GrpcWorld(std::shared_ptr<const rpc::Dispatcher> dispatcher) {
    auto server = server::GrpcServer::Start(
        {.listen = "127.0.0.1:0", .threads = 2, .max_message_bytes = 64 << 20},
        std::move(dispatcher));
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    wire::ChannelOptions options;
    options.target = "127.0.0.1:" + std::to_string(server_->port());
    channel_ = std::make_unique<wire::Channel>(executor_, options);
  }

  rpc::Upstream& upstream() override { return *channel_; }
  void RunUntil(const bool& done) override { executor_.RunUntil(done); }

 private:
  std::unique_ptr<server::GrpcServer> server_;
  rpc::IoExecutor executor_;
  std::unique_ptr<wire::Channel> channel_;
};

INSTANTIATE_TEST_SUITE_P(Grpc, ClientCallSuite,
                         ::testing::Values(ClientCallImplementation{
                             "CompletionQueues",
                             [](std::shared_ptr<const rpc::Dispatcher> dispatcher) {
                               return std::make_unique<GrpcWorld>(std::move(dispatcher));
                             },
                             // The library counts a deadline from a time that it keeps in whole
                             // milliseconds and may have taken one before.
                             std::chrono::milliseconds(2)}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slipway::conformance
