#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "rpc/client_call.h"
#include "rpc/dispatcher.h"
#include "rpc/task.h"

// What every rpc::ClientCall must do, whatever its transport. An implementation is tested by
//
//   INSTANTIATE_TEST_SUITE_P(Name, ClientCallSuite, ::testing::Values(
//       ClientCallImplementation{"Name", MakeWorld}));
//
// in one test file of the program, inside namespace slipway::conformance.
namespace slipway::conformance {

/// An upstream whose far side serves the suite's Dispatcher, and the thread it lives on.
class ClientCallWorld {
 public:
  virtual ~ClientCallWorld() = default;
  virtual rpc::Upstream& upstream() = 0;
  /// Runs the upstream's executor on this thread until `done`.
  virtual void RunUntil(const bool& done) = 0;
};

struct ClientCallImplementation {
  std::string name;
  std::function<std::unique_ptr<ClientCallWorld>(std::shared_ptr<const rpc::Dispatcher>)> make;
  /// How much sooner than ours the far side's own clock may end a call: zero where it is our clock.
  std::chrono::milliseconds far_clock_early{0};
};
inline void PrintTo(const ClientCallImplementation& implementation, std::ostream* out) {
  *out << implementation.name;
}

/// What the far side tells the test. Handlers may run on another thread than the test.
struct Probe {
  std::atomic<int> cancelled{0};  // handlers that have seen the end of their call
  std::atomic<int> written{0};    // messages that a handler could write
  std::atomic<int> started{0};
};

namespace far_side {

using rpc::CallContext;
using rpc::ServerStream;
using rpc::Status;
using rpc::Task;

inline const std::string kBytes("\x00\xff\x01 ,=", 6);

/// Answers each message with itself. Sends back `x-echo` as initial metadata and as trailer.
inline Task<Status> Echo(CallContext& context, ServerStream& stream) {
  if (auto value = context.metadata().Find("x-echo")) {
    context.AddInitialMetadata("x-initial", std::string(*value));
    context.AddTrailer("x-trailer", std::string(*value));
  }
  if (auto value = context.metadata().Find("x-echo-bin")) {
    context.AddInitialMetadata("x-initial-bin", std::string(*value));
    context.AddTrailer("x-trailer-bin", std::string(*value));
  }
  while (std::optional<std::string> message = co_await stream.Read()) {
    const bool written = co_await stream.Write(*std::move(message));
    if (!written) break;
  }
  co_return Status();
}

/// Answers `x-count` messages "0", "1", …, each of `x-size` bytes at least.
inline Task<Status> Count(std::shared_ptr<Probe> probe, CallContext& context,
                          ServerStream& stream) {
  co_await stream.Read();
  const int count = std::stoi(std::string(context.metadata().Find("x-count").value_or("0")));
  const size_t size = std::stoul(std::string(context.metadata().Find("x-size").value_or("0")));
  for (int i = 0; i < count; ++i) {
    std::string message = std::to_string(i);
    if (message.size() < size) message.resize(size, '.');
    const bool written = co_await stream.Write(std::move(message));
    if (!written) break;
    ++probe->written;
  }
  co_return Status();
}

/// Answers all messages as one, after the half-close.
inline Task<Status> Join(CallContext&, ServerStream& stream) {
  std::string all;
  while (std::optional<std::string> message = co_await stream.Read()) all += *message;
  co_await stream.Write(std::move(all));
  co_return Status();
}

/// Fails after the request, with everything a status can have.
inline Task<Status> Fail(CallContext& context, ServerStream& stream) {
  co_await stream.Read();
  context.AddTrailer("x-trailer", "given");
  co_return Status(absl::StatusCode::kNotFound, "not found: 100 % \xc3\xbc\n\x01", kBytes);
}

/// Fails after one message was answered.
inline Task<Status> FailLate(CallContext&, ServerStream& stream) {
  co_await stream.Read();
  co_await stream.Write("first");
  co_return Status(absl::StatusCode::kDataLoss, "late");
}

/// Fails without reading anything.
inline Task<Status> FailEarly(CallContext&, ServerStream&) {
  co_return Status(absl::StatusCode::kFailedPrecondition, "early");
}

/// Says nothing until its call is cancelled.
inline Task<Status> Hang(std::shared_ptr<Probe> probe, CallContext& context, ServerStream&) {
  ++probe->started;
  const Status status = co_await context.Sleep(std::chrono::hours(1));
  ++probe->cancelled;
  co_return status;
}

/// Writes until its caller is gone.
inline Task<Status> Flood(std::shared_ptr<Probe> probe, CallContext&, ServerStream& stream) {
  const std::string message(1'000, 'x');
  for (;;) {
    // A temporary in a loop's condition is more than g++ 12's coroutines can do.
    const bool written = co_await stream.Write(message);
    if (!written) break;
    ++probe->written;
  }
  ++probe->cancelled;
  co_return Status();
}

/// Ends well without a message.
inline Task<Status> Nothing(CallContext&, ServerStream& stream) {
  co_await stream.Read();
  co_return Status();
}

inline std::shared_ptr<const rpc::Dispatcher> MakeDispatcher(std::shared_ptr<Probe> probe) {
  using rpc::MethodKind;
  const auto with_probe = [&probe](auto* function) {
    return [probe, function](CallContext& context, ServerStream& stream) {
      return function(probe, context, stream);
    };
  };
  rpc::Dispatcher::Builder builder;
  builder.Add({"/test.Suite/Echo", MethodKind::kBidiStreaming, Echo})
      .Add({"/test.Suite/Count", MethodKind::kServerStreaming, with_probe(Count)})
      .Add({"/test.Suite/Join", MethodKind::kClientStreaming, Join})
      .Add({"/test.Suite/Fail", MethodKind::kUnary, Fail})
      .Add({"/test.Suite/FailLate", MethodKind::kServerStreaming, FailLate})
      .Add({"/test.Suite/FailEarly", MethodKind::kBidiStreaming, FailEarly})
      .Add({"/test.Suite/Hang", MethodKind::kUnary, with_probe(Hang)})
      .Add({"/test.Suite/Flood", MethodKind::kServerStreaming, with_probe(Flood)})
      .Add({"/test.Suite/Nothing", MethodKind::kUnary, Nothing});
  return std::move(builder).Build();
}

}  // namespace far_side

class ClientCallSuite : public ::testing::TestWithParam<ClientCallImplementation> {
 protected:
  ClientCallSuite()
      : probe_(std::make_shared<Probe>()),
        world_(GetParam().make(far_side::MakeDispatcher(probe_))) {}

  rpc::Upstream& upstream() { return world_->upstream(); }
  rpc::Executor& executor() { return upstream().executor(); }

  static rpc::CallSpec Spec(std::string method, rpc::Metadata metadata = {},
                            rpc::Deadline deadline = rpc::kNoDeadline) {
    rpc::CallSpec spec;
    spec.method = "/test.Suite/" + std::move(method);
    spec.metadata = std::move(metadata);
    spec.deadline = deadline;
    return spec;
  }

  template <typename T>
  T Run(rpc::Task<T> task) {
    std::optional<T> result;
    bool done = false;
    rpc::Spawn(Store(std::move(task), result, done));
    Wait(done);
    return *std::move(result);
  }
  void Run(rpc::Task<void> task) {
    bool done = false;
    rpc::Spawn(Signal(std::move(task), done));
    Wait(done);
  }

  /// Runs the executor until `done`; ends the program when that never comes.
  void Wait(const bool& done) {
    rpc::Timer watchdog(executor());
    watchdog.Start(executor().Now() + std::chrono::seconds(60), [] {
      std::fprintf(stderr, "the test does not come to its end\n");
      std::abort();
    });
    world_->RunUntil(done);
  }
  /// Runs the executor until the far side has counted to `value`.
  void WaitFor(const std::atomic<int>& counter, int value) {
    bool done = false;
    rpc::Timer timer(executor());
    Poll(timer, counter, value, done);
    Wait(done);
  }

  rpc::UnaryResult Unary(rpc::CallSpec spec, std::string request) {
    const auto call = upstream().NewCall();
    return Run(rpc::CallUnary(*call, std::move(spec), std::move(request)));
  }

  static rpc::Task<rpc::CallResult> Finish(rpc::ClientCall& call) {
    co_return co_await call.Finish();
  }
  static rpc::Task<bool> Write(rpc::ClientCall& call, std::string message) {
    co_return co_await call.Write(std::move(message));
  }
  static rpc::Task<std::optional<std::string>> Read(rpc::ClientCall& call) {
    co_return co_await call.Read();
  }
  static rpc::Task<rpc::Metadata> InitialMetadata(rpc::ClientCall& call) {
    co_return co_await call.InitialMetadata();
  }
  static rpc::Task<std::vector<std::string>> ReadAll(rpc::ClientCall& call) {
    std::vector<std::string> all;
    while (std::optional<std::string> message = co_await call.Read()) {
      all.push_back(*std::move(message));
    }
    co_return all;
  }

  const std::shared_ptr<Probe> probe_;
  const std::unique_ptr<ClientCallWorld> world_;

 private:
  template <typename T>
  static rpc::Task<void> Store(rpc::Task<T> task, std::optional<T>& result, bool& done) {
    result.emplace(co_await std::move(task));
    done = true;
  }
  static rpc::Task<void> Signal(rpc::Task<void> task, bool& done) {
    co_await std::move(task);
    done = true;
  }
  void Poll(rpc::Timer& timer, const std::atomic<int>& counter, int value, bool& done) {
    if (counter >= value) {
      executor().Post([&done] { done = true; });
      return;
    }
    timer.Start(executor().Now() + std::chrono::milliseconds(1),
                [&timer, &counter, value, &done, this] { Poll(timer, counter, value, done); });
  }
};

TEST_P(ClientCallSuite, UnaryOk) {
  const rpc::UnaryResult result = Unary(Spec("Echo"), "hello");
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.message, "hello");
}

TEST_P(ClientCallSuite, UnaryWithAnEmptyMessage) {
  const rpc::UnaryResult result = Unary(Spec("Echo"), "");
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.message, "");
}

TEST_P(ClientCallSuite, MetadataOfBothDirections) {
  const rpc::UnaryResult result = Unary(
      Spec("Echo", {{"x-echo", "some text, and more"}, {"x-echo-bin", far_side::kBytes}}), "");
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.initial_metadata.Find("x-initial"), "some text, and more");
  EXPECT_EQ(result.initial_metadata.Find("x-initial-bin"), far_side::kBytes);
  EXPECT_EQ(result.trailers.Find("x-trailer"), "some text, and more");
  EXPECT_EQ(result.trailers.Find("x-trailer-bin"), far_side::kBytes);
  EXPECT_EQ(result.initial_metadata.size(), 2u) << "nothing of the protocol shows";
  EXPECT_EQ(result.trailers.size(), 2u);
}

TEST_P(ClientCallSuite, ErrorWithDetailsAndTrailers) {
  const rpc::UnaryResult result = Unary(Spec("Fail"), "x");
  EXPECT_EQ(result.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(result.status.message(), "not found: 100 % \xc3\xbc\n\x01");
  EXPECT_EQ(result.status.details(), far_side::kBytes);
  EXPECT_EQ(result.trailers.Find("x-trailer"), "given");
  EXPECT_TRUE(result.initial_metadata.empty());
}

TEST_P(ClientCallSuite, UnknownMethod) {
  EXPECT_EQ(Unary(Spec("Missing"), "x").status.code(), absl::StatusCode::kUnimplemented);
}

TEST_P(ClientCallSuite, UnaryCardinalityIsChecked) {
  EXPECT_EQ(Unary(Spec("Nothing"), "x").status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Unary(Spec("Count", {{"x-count", "2"}}), "x").status.code(),
            absl::StatusCode::kInternal);
}

TEST_P(ClientCallSuite, ServerStreaming) {
  const auto call = upstream().NewCall();
  call->Start(Spec("Count", {{"x-count", "100"}}));
  EXPECT_TRUE(Run(Write(*call, "go")));
  call->WritesDone();
  const std::vector<std::string> messages = Run(ReadAll(*call));
  ASSERT_EQ(messages.size(), 100u);
  for (size_t i = 0; i < messages.size(); ++i) EXPECT_EQ(messages[i], std::to_string(i));
  EXPECT_TRUE(Run(Finish(*call)).status.ok());
}

TEST_P(ClientCallSuite, ClientStreamingEndsWithTheHalfClose) {
  const auto call = upstream().NewCall();
  call->Start(Spec("Join"));
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    expected += std::to_string(i);
    EXPECT_TRUE(Run(Write(*call, std::to_string(i))));
  }
  call->WritesDone();
  EXPECT_EQ(Run(Read(*call)), expected);
  EXPECT_EQ(Run(Read(*call)), std::nullopt);
  EXPECT_TRUE(Run(Finish(*call)).status.ok());
}

TEST_P(ClientCallSuite, BidirectionalInTurns) {
  const auto call = upstream().NewCall();
  call->Start(Spec("Echo", {{"x-echo", "early"}}));
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(Run(Write(*call, std::to_string(i))));
    EXPECT_EQ(Run(Read(*call)), std::to_string(i));
    if (i == 0) {
      EXPECT_EQ(Run(InitialMetadata(*call)).Find("x-initial"), "early");
    }
  }
  call->WritesDone();
  EXPECT_EQ(Run(Read(*call)), std::nullopt);
  EXPECT_TRUE(Run(Finish(*call)).status.ok());
}

inline rpc::Task<void> WriteMany(rpc::ClientCall& call, int count) {
  for (int i = 0; i < count; ++i) EXPECT_TRUE(co_await call.Write(std::to_string(i)));
  call.WritesDone();
}

TEST_P(ClientCallSuite, ReaderAndWriterAtTheSameTime) {
  const auto call = upstream().NewCall();
  call->Start(Spec("Echo"));
  rpc::Spawn(WriteMany(*call, 1'000));
  EXPECT_EQ(Run(ReadAll(*call)).size(), 1'000u);
  EXPECT_TRUE(Run(Finish(*call)).status.ok());
}

TEST_P(ClientCallSuite, MessagesBeforeAnErrorCanBeRead) {
  const auto call = upstream().NewCall();
  call->Start(Spec("FailLate"));
  Run(Write(*call, "x"));
  call->WritesDone();
  EXPECT_EQ(Run(Read(*call)), "first");
  EXPECT_EQ(Run(Read(*call)), std::nullopt);
  const rpc::CallResult result = Run(Finish(*call));
  EXPECT_EQ(result.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(result.status.message(), "late");
}

inline rpc::Task<int> WriteUntilRefused(rpc::ClientCall& call) {
  const std::string message(1'000, 'x');
  int count = 0;
  for (;;) {
    const bool written = co_await call.Write(message);
    if (!written) break;
    ++count;
  }
  co_return count;
}

TEST_P(ClientCallSuite, EarlyEndStopsTheWriter) {
  const auto call = upstream().NewCall();
  call->Start(Spec("FailEarly"));
  Run(WriteUntilRefused(*call));
  const rpc::CallResult result = Run(Finish(*call));
  EXPECT_EQ(result.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(result.status.message(), "early");
}

TEST_P(ClientCallSuite, CancelBeforeStart) {
  const auto call = upstream().NewCall();
  call->Cancel();
  call->Start(Spec("Hang"));
  EXPECT_EQ(Run(Finish(*call)).status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(probe_->started, 0);
}

TEST_P(ClientCallSuite, CancelRightAfterStart) {
  const auto call = upstream().NewCall();
  call->Start(Spec("Hang"));
  call->Cancel();
  EXPECT_EQ(Run(Finish(*call)).status.code(), absl::StatusCode::kCancelled);
}

TEST_P(ClientCallSuite, CancelReachesTheHandler) {
  const auto call = upstream().NewCall();
  call->Start(Spec("Hang"));
  WaitFor(probe_->started, 1);
  call->Cancel();
  EXPECT_EQ(Run(Finish(*call)).status.code(), absl::StatusCode::kCancelled);
  WaitFor(probe_->cancelled, 1);
}

inline rpc::Task<rpc::CallResult> ReadThenFinish(rpc::ClientCall& call) {
  EXPECT_EQ(co_await call.Read(), std::nullopt);
  EXPECT_FALSE(co_await call.Write("too late"));
  EXPECT_TRUE((co_await call.InitialMetadata()).empty());
  co_return co_await call.Finish();
}

TEST_P(ClientCallSuite, CancelWakesTheReader) {
  const auto call = upstream().NewCall();
  call->Start(Spec("Hang"));
  WaitFor(probe_->started, 1);
  executor().Post([&call] { call->Cancel(); });
  EXPECT_EQ(Run(ReadThenFinish(*call)).status.code(), absl::StatusCode::kCancelled);
}

TEST_P(ClientCallSuite, CancelAfterTheEndChangesNothing) {
  const auto call = upstream().NewCall();
  call->Start(Spec("FailEarly"));
  EXPECT_EQ(Run(Read(*call)), std::nullopt);
  call->Cancel();
  EXPECT_EQ(Run(Finish(*call)).status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_P(ClientCallSuite, DeadlineEndsTheCallAndTheHandler) {
  const rpc::Deadline deadline = executor().Now() + std::chrono::milliseconds(50);
  EXPECT_EQ(Unary(Spec("Hang", {}, deadline), "x").status.code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_GE(executor().Now() + GetParam().far_clock_early, deadline);
  WaitFor(probe_->cancelled, probe_->started);
}

TEST_P(ClientCallSuite, DeadlineInThePast) {
  EXPECT_EQ(Unary(Spec("Hang", {}, executor().Now() - std::chrono::seconds(1)), "x").status.code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(probe_->started, 0);
}

TEST_P(ClientCallSuite, DeadlineThatIsNotReached) {
  const rpc::Deadline deadline = executor().Now() + std::chrono::hours(1);
  EXPECT_TRUE(Unary(Spec("Echo", {}, deadline), "x").status.ok());
}

TEST_P(ClientCallSuite, SlowReaderHoldsTheWriterBack) {
  constexpr int kCount = 1'000;
  const auto call = upstream().NewCall();
  call->Start(Spec("Count", {{"x-count", std::to_string(kCount)}, {"x-size", "65536"}}));
  Run(Write(*call, "go"));
  call->WritesDone();
  EXPECT_TRUE(Run(Read(*call)));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Unary(Spec("Echo"), "meanwhile").status.ok());
  EXPECT_LT(probe_->written, kCount / 2) << "64 MB were taken without a reader";
  EXPECT_EQ(Run(ReadAll(*call)).size(), kCount - 1u);
  EXPECT_TRUE(Run(Finish(*call)).status.ok());
}

TEST_P(ClientCallSuite, FinishDropsWhatIsNotRead) {
  const auto call = upstream().NewCall();
  call->Start(Spec("Count", {{"x-count", "500"}, {"x-size", "65536"}}));
  Run(Write(*call, "go"));
  call->WritesDone();
  EXPECT_TRUE(Run(Read(*call)));
  EXPECT_TRUE(Run(Finish(*call)).status.ok());
}

TEST_P(ClientCallSuite, BigMessages) {
  std::string big(3 << 20, '\0');
  for (size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 31 >> 3);
  const rpc::UnaryResult result = Unary(Spec("Echo"), big);
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_TRUE(result.message == big);
}

TEST_P(ClientCallSuite, DestroyedBeforeStart) { upstream().NewCall().reset(); }

TEST_P(ClientCallSuite, DestroyedRightAfterStart) {
  auto call = upstream().NewCall();
  call->Start(Spec("Hang"));
  call.reset();
  EXPECT_TRUE(Unary(Spec("Echo"), "still works").status.ok());
}

TEST_P(ClientCallSuite, DestroyedInFlightIsCancelled) {
  auto call = upstream().NewCall();
  call->Start(Spec("Hang"));
  WaitFor(probe_->started, 1);
  call.reset();
  WaitFor(probe_->cancelled, 1);
}

TEST_P(ClientCallSuite, DestroyedWhileMessagesComeIn) {
  auto call = upstream().NewCall();
  call->Start(Spec("Flood"));
  EXPECT_TRUE(Run(Read(*call)));
  call.reset();
  WaitFor(probe_->cancelled, 1);
}

inline rpc::Task<void> CallAndCount(rpc::Upstream& upstream, rpc::CallSpec spec, int& ok, int& left,
                                    bool& done) {
  const auto call = upstream.NewCall();
  const std::string request = std::to_string(left);
  const rpc::UnaryResult result = co_await rpc::CallUnary(*call, std::move(spec), request);
  if (result.status.ok() && result.message == request) ++ok;
  done = --left == 0;
}

TEST_P(ClientCallSuite, ManyCallsAtOnce) {
  constexpr int kCalls = 1'000;
  int ok = 0;
  int left = kCalls;
  bool done = false;
  for (int i = 0; i < kCalls; ++i) {
    rpc::Spawn(CallAndCount(upstream(), Spec("Echo"), ok, left, done));
  }
  Wait(done);
  EXPECT_EQ(ok, kCalls);
}

}  // namespace slipway::conformance
