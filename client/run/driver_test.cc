#include "client/run/driver.h"

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "rpc/manual_executor.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// An engine whose requests end when the test says so.
class FakeEngine : public Engine {
 public:
  rpc::Task<absl::Status> Connect(rpc::Deadline) override { co_return absl::OkStatus(); }
  void Listen(Listener* listener) override { listener_ = listener; }
  void Issue(uint32_t slot, rpc::Time) override {
    ++issued;
    in_flight.push_back(slot);
  }
  rpc::Task<void> Shutdown() override { co_return; }
  uint64_t bytes_sent() const override { return 0; }

  void EndOldest(rpc::Time now, Outcome outcome = {OutcomeKind::kHttpStatus, 200, true}) {
    const uint32_t slot = in_flight.front();
    in_flight.pop_front();
    listener_->Done(slot, outcome, now);
  }

  int issued = 0;
  std::deque<uint32_t> in_flight;

 private:
  Listener* listener_ = nullptr;
};

/// Requests at given times.
class Schedule : public Pacer {
 public:
  explicit Schedule(std::deque<rpc::Time> times) : times_(std::move(times)) {}
  std::optional<rpc::Time> Next(rpc::Time) override {
    if (times_.empty()) return std::nullopt;
    const rpc::Time next = times_.front();
    times_.pop_front();
    return next;
  }

 private:
  std::deque<rpc::Time> times_;
};

/// Each request when its slot is free.
class AtOnce : public Pacer {
 public:
  std::optional<rpc::Time> Next(rpc::Time now) override { return now; }
};

class DriverTest : public testing::Test {
 protected:
  rpc::Time At(milliseconds since_start) const { return start_ + since_start; }

  rpc::ManualExecutor executor_;
  const rpc::Time start_ = executor_.Now();
  FakeEngine engine_;
};

TEST_F(DriverTest, KeepsAllSlotsBusy) {
  AtOnce pacer;
  Driver driver(executor_, engine_, pacer, 3, {start_, rpc::Time::max()});
  driver.Start();
  EXPECT_EQ(engine_.in_flight.size(), 3u);
  executor_.Advance(milliseconds(5));
  engine_.EndOldest(executor_.Now());
  EXPECT_EQ(engine_.in_flight.size(), 3u);
  EXPECT_EQ(engine_.issued, 4);
  EXPECT_EQ(driver.tally().ok_latency().max(), 5'000'000);
}

// A server that stalls delays requests that were due meanwhile; their waiting is latency.
TEST_F(DriverTest, MeasuresFromTheIntendedStart) {
  Schedule pacer({At(milliseconds(0)), At(milliseconds(10)), At(milliseconds(20))});
  Driver driver(executor_, engine_, pacer, 1, {start_, rpc::Time::max()});
  driver.Start();
  executor_.Advance(milliseconds(100));
  EXPECT_EQ(engine_.issued, 1) << "the only slot is taken";
  engine_.EndOldest(executor_.Now());
  executor_.Advance(milliseconds(1));
  engine_.EndOldest(executor_.Now());
  executor_.Advance(milliseconds(1));
  engine_.EndOldest(executor_.Now());
  const Histogram& latency = driver.tally().ok_latency();
  EXPECT_EQ(latency.count(), 3);
  EXPECT_EQ(latency.max(), 100'000'000);
  EXPECT_EQ(latency.min(), 82'000'000);
  EXPECT_TRUE(driver.ended());
}

TEST_F(DriverTest, WaitsForRequestsThatAreNotDueYet) {
  Schedule pacer({At(milliseconds(10)), At(milliseconds(30))});
  Driver driver(executor_, engine_, pacer, 5, {start_, rpc::Time::max()});
  driver.Start();
  EXPECT_EQ(engine_.issued, 0);
  executor_.Advance(milliseconds(10));
  EXPECT_EQ(engine_.issued, 1);
  engine_.EndOldest(executor_.Now());
  executor_.Advance(milliseconds(19));
  EXPECT_EQ(engine_.issued, 1);
  EXPECT_FALSE(driver.ended());
  executor_.Advance(milliseconds(1));
  EXPECT_EQ(engine_.issued, 2);
}

TEST_F(DriverTest, WindowDecidesWhatCounts) {
  AtOnce pacer;
  Driver driver(executor_, engine_, pacer, 1, {At(milliseconds(10)), At(milliseconds(20))});
  driver.Start();
  executor_.Advance(milliseconds(12));
  engine_.EndOldest(executor_.Now());  // due in the warm-up, ended in the window
  executor_.Advance(milliseconds(4));
  engine_.EndOldest(executor_.Now());  // all in the window
  executor_.Advance(milliseconds(9));
  driver.Stop(executor_.Now());
  engine_.EndOldest(executor_.Now());  // due in the window, ended after it
  EXPECT_EQ(driver.tally().total(), 2);
  EXPECT_EQ(driver.in_window().finished, 2);
  EXPECT_EQ(driver.finished(), 3);
  EXPECT_TRUE(driver.ended());
}

TEST_F(DriverTest, StopWaitsForWhatIsInFlightAndAbandonDoesNot) {
  AtOnce pacer;
  Driver driver(executor_, engine_, pacer, 2, {start_, rpc::Time::max()});
  driver.Start();
  driver.Stop(executor_.Now());
  EXPECT_FALSE(driver.ended());
  engine_.EndOldest(executor_.Now());
  EXPECT_EQ(engine_.issued, 2);
  driver.Abandon(executor_.Now());
  EXPECT_EQ(driver.abandoned(), 1);
  EXPECT_EQ(driver.tally().total(), 1);
}

TEST_F(DriverTest, UnreachableTargetIsNotHammered) {
  AtOnce pacer;
  Driver driver(executor_, engine_, pacer, 2, {start_, rpc::Time::max()});
  driver.Start();
  const Outcome refused{OutcomeKind::kConnect, ECONNREFUSED, false, true, "refused"};
  engine_.EndOldest(executor_.Now(), refused);
  engine_.EndOldest(executor_.Now(), refused);
  EXPECT_EQ(engine_.issued, 2) << "not at once";
  executor_.Advance(seconds(1));
  EXPECT_EQ(engine_.issued, 4);
  engine_.EndOldest(executor_.Now(), refused);
  engine_.EndOldest(executor_.Now(), refused);
  driver.Stop(executor_.Now());
  EXPECT_TRUE(driver.ended()) << "a slot that rests is not in flight";
}

}  // namespace
}  // namespace slipway::client
