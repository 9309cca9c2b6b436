#include "rpc/in_process.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "rpc/manual_executor.h"

namespace slipway::rpc {
namespace {

Task<Status> Echo(CallContext&, ServerStream& stream) {
  std::optional<std::string> message = co_await stream.Read();
  if (message) co_await stream.Write(*std::move(message));
  co_return Status();
}

Task<void> ReadAndFinish(ClientCall& call, std::optional<std::string>& message,
                         std::optional<Status>& status) {
  message = co_await call.Read();
  CallResult result = co_await call.Finish();
  status = std::move(result.status);
}

/// A call whose handler has ended while its answer is not read yet.
class AnsweredCall : public testing::Test {
 protected:
  AnsweredCall() : upstream_(MakeDispatcher(), executor_), call_(upstream_.NewCall()) {
    call_->Start({.method = "/t.T/Echo", .deadline = executor_.Now() + std::chrono::seconds(1)});
    Spawn([](ClientCall& call) -> Task<void> {
      co_await call.Write("answer");
      call.WritesDone();
    }(*call_));
  }
  static std::shared_ptr<const Dispatcher> MakeDispatcher() {
    Dispatcher::Builder builder;
    builder.Add({"/t.T/Echo", MethodKind::kUnary, &Echo});
    return std::move(builder).Build();
  }
  void ExpectAnswer() {
    std::optional<std::string> message;
    std::optional<Status> status;
    Spawn(ReadAndFinish(*call_, message, status));
    executor_.RunPosted();
    EXPECT_EQ(message, "answer");
    ASSERT_TRUE(status);
    EXPECT_TRUE(status->ok()) << status->message();
  }

  ManualExecutor executor_;
  InProcessUpstream upstream_;
  std::unique_ptr<ClientCall> call_;
};

TEST_F(AnsweredCall, KeepsItsAnswerWhenTheDeadlinePasses) {
  executor_.Advance(std::chrono::seconds(2));
  ExpectAnswer();
}

TEST_F(AnsweredCall, KeepsItsAnswerWhenItIsCancelled) {
  call_->Cancel();
  ExpectAnswer();
}

}  // namespace
}  // namespace slipway::rpc
