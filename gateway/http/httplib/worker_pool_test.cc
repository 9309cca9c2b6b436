#include "gateway/http/httplib/worker_pool.h"

#include <future>
#include <memory>
#include <stdexcept>

#include "gateway/http/exchange.h"
#include "gateway/http/httplib/blocking_exchange.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::unique_ptr<ExchangeHandler> NoHandler(rpc::Executor&) { return nullptr; }

TEST(WorkerPool, RunsWhatIsQueuedOnThreadsOfItsOwn) {
  WorkerPool pool;
  ASSERT_TRUE(pool.Start(2, LocalLoops(NoHandler)).ok());
  std::promise<void> first, second;
  // Each waits for the other: two threads, or none of them ends.
  pool.Enqueue([&] {
    first.set_value();
    second.get_future().wait();
  });
  pool.Enqueue([&] {
    first.get_future().wait();
    second.set_value();
  });
  pool.Join();
}

TEST(WorkerPool, SaysWhatTheSystemRefuses) {
  WorkerLoops loops = LocalLoops(NoHandler);
  int made = 0;
  loops.make = [&made, make = loops.make] {
    if (++made == 3) throw std::runtime_error("Too many open files");
    return make();
  };
  WorkerPool pool;
  const absl::Status started = pool.Start(5, loops);
  EXPECT_EQ(started.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(started.message()),
              AllOf(HasSubstr("--workers 5"), HasSubstr("Too many open files")));
}

}  // namespace
}  // namespace slipway::gateway
