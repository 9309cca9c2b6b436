#include "wire/channel.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "rpc/dispatcher.h"
#include "wire/testing/dispatcher_server.h"

namespace slipway::wire {
namespace {

rpc::Task<rpc::Status> Echo(rpc::CallContext&, rpc::ServerStream& stream) {
  std::optional<std::string> request = co_await stream.Read();
  co_await stream.Write(*std::move(request));
  co_return rpc::Status();
}

rpc::Task<void> CallEcho(Channel& channel, rpc::UnaryResult& result, bool& done) {
  auto call = channel.NewCall();
  rpc::CallSpec spec;
  spec.method = "/test.Echo/Echo";
  result = co_await rpc::CallUnary(*call, std::move(spec), "hello");
  done = true;
}

TEST(Channel, AnswersAUnaryCall) {
  rpc::Dispatcher::Builder builder;
  builder.Add({"/test.Echo/Echo", rpc::MethodKind::kUnary, Echo});
  testing::DispatcherServer server(std::move(builder).Build());
  rpc::IoExecutor executor;
  Channel channel(executor, {.target = server.address()});
  rpc::UnaryResult result;
  bool done = false;
  rpc::Spawn(CallEcho(channel, result, done));
  executor.RunUntil(done);
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.message, "hello");
}

}  // namespace
}  // namespace slipway::wire
