#include "client/run/driver.h"

#include <cerrno>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "client/pace/closed_loop.h"
#include "client/pace/open_loop.h"
#include "client/pace/schedule.h"
#include "rpc/manual_executor.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Outcome Answer() { return {.kind = OutcomeKind::kHttpStatus, .code = 200, .ok = true}; }
Outcome Error() { return {.kind = OutcomeKind::kHttpStatus, .code = 500, .ok = false}; }
Outcome Refused() {
  return {.kind = OutcomeKind::kConnect,
          .code = ECONNREFUSED,
          .unreachable = true,
          .message = "refused"};
}

/// An issuer whose requests end when the test says so.
class FakeIssuer : public Issuer {
 public:
  void Listen(Listener* listener) override { listener_ = listener; }
  void Issue(uint32_t slot, rpc::Time) override {
    ++issued;
    in_flight.push_back(slot);
    if (on_issue) on_issue();
  }

  void EndOldest(rpc::Time now, const Outcome& outcome = Answer()) {
    const uint32_t slot = in_flight.front();
    in_flight.pop_front();
    listener_->Done(slot, outcome, now);
  }
  Listener& listener() { return *listener_; }

  int issued = 0;
  std::deque<uint32_t> in_flight;
  std::function<void()> on_issue;

 private:
  Listener* listener_ = nullptr;
};

/// Requests at given times, the pacer of an open loop.
class AtTimes : public Pacer {
 public:
  explicit AtTimes(std::deque<rpc::Time> times) : times_(std::move(times)) {}
  bool open_loop() const override { return true; }
  std::optional<Due> Next(rpc::Time, rpc::Time) override {
    if (times_.empty()) return std::nullopt;
    const rpc::Time next = times_.front();
    times_.pop_front();
    return Due{next, next};
  }

 private:
  std::deque<rpc::Time> times_;
};

class DriverTest : public testing::Test {
 protected:
  rpc::Time At(milliseconds since_start) const { return start_ + since_start; }
  Window From(milliseconds begin) const { return {At(begin), rpc::Time::max()}; }
  Window Between(milliseconds begin, milliseconds end) const { return {At(begin), At(end)}; }

  /// What a server does that answers every request at once, but for one stall.
  void AnswerAllBut(milliseconds stall_begin, milliseconds stall_end, milliseconds until) {
    while (executor_.Now() < At(until)) {
      const bool stalled = executor_.Now() >= At(stall_begin) && executor_.Now() < At(stall_end);
      while (!stalled && !issuer_.in_flight.empty()) issuer_.EndOldest(executor_.Now());
      executor_.Advance(milliseconds(1));
    }
  }

  rpc::ManualExecutor executor_;
  const rpc::Time start_ = executor_.Now();
  FakeIssuer issuer_;
};

TEST_F(DriverTest, KeepsAllSlotsBusy) {
  ClosedLoop pacer(From(milliseconds(0)), nullptr);
  Driver driver(executor_, issuer_, pacer, {.slots = 3, .window = From(milliseconds(0))});
  driver.Start();
  EXPECT_EQ(issuer_.in_flight.size(), 3u);
  executor_.Advance(milliseconds(5));
  issuer_.EndOldest(executor_.Now());
  EXPECT_EQ(issuer_.in_flight.size(), 3u);
  EXPECT_EQ(issuer_.issued, 4);
  EXPECT_EQ(driver.in_flight(), 3);
  EXPECT_EQ(driver.tally().ok_latency().max(), 5'000'000);
  EXPECT_EQ(driver.tally().Of(Series::kLag).count(), 0) << "nothing is late in a closed loop";
  EXPECT_EQ(driver.tally().Of(Series::kService).count(), 0);
}

// A server that stalls delays requests that were due meanwhile; their waiting is latency.
TEST_F(DriverTest, MeasuresFromTheIntendedStart) {
  AtTimes pacer({At(milliseconds(0)), At(milliseconds(10)), At(milliseconds(20))});
  Driver driver(executor_, issuer_, pacer, {.slots = 1, .window = From(milliseconds(0))});
  driver.Start();
  executor_.Advance(milliseconds(100));
  EXPECT_EQ(issuer_.issued, 1) << "the only slot is taken";
  issuer_.EndOldest(executor_.Now());
  executor_.Advance(milliseconds(1));
  issuer_.EndOldest(executor_.Now());
  executor_.Advance(milliseconds(1));
  issuer_.EndOldest(executor_.Now());
  const Histogram& latency = driver.tally().ok_latency();
  EXPECT_EQ(latency.count(), 3);
  EXPECT_EQ(latency.max(), 100'000'000);
  EXPECT_EQ(latency.min(), 82'000'000);
  EXPECT_EQ(driver.tally().Of(Series::kService).min(), 1'000'000);
  EXPECT_EQ(driver.tally().Of(Series::kLag).max(), 90'000'000);
  EXPECT_TRUE(driver.ended());
}

// One slot, 100 requests a second, a stall of one second: a closed loop would show one slow
// request.
TEST_F(DriverTest, StallShowsInAllRequestsThatWereDue) {
  const Schedule schedule = Schedule::Constant(100, seconds(3));
  const Window window = Between(milliseconds(0), seconds(3));
  SpacedArrivals pacer({.schedule = &schedule, .begin = start_, .window = window}, 0);
  Driver driver(executor_, issuer_, pacer, {.slots = 1, .window = window});
  driver.Start();
  AnswerAllBut(seconds(1), seconds(2), seconds(4));
  ASSERT_TRUE(driver.ended());
  const Tally& tally = driver.tally();
  EXPECT_EQ(tally.ok(), 300);
  EXPECT_EQ(driver.offered(), 300);
  int64_t late = 0;
  const Histogram& latency = tally.Of(Series::kOk);
  for (size_t i = latency.SlotOf(10'000'000); i < latency.slots(); ++i) {
    late += latency.CountOfSlot(i);
  }
  EXPECT_GE(late, 99);
  EXPECT_LE(late, 115);
  EXPECT_EQ(latency.max(), 1'000'000'000);
  EXPECT_EQ(tally.Of(Series::kService).count(), 300);
  EXPECT_LE(tally.Of(Series::kService).ValueAt(99), 2'000'000);
  EXPECT_EQ(tally.Of(Series::kLag).count(), 300);
  EXPECT_GE(tally.Of(Series::kLag).max(), 980'000'000);
}

TEST_F(DriverTest, WaitsForRequestsThatAreNotDueYet) {
  AtTimes pacer({At(milliseconds(10)), At(milliseconds(30))});
  Driver driver(executor_, issuer_, pacer, {.slots = 5, .window = From(milliseconds(0))});
  driver.Start();
  EXPECT_EQ(issuer_.issued, 0);
  executor_.Advance(milliseconds(10));
  EXPECT_EQ(issuer_.issued, 1);
  issuer_.EndOldest(executor_.Now());
  executor_.Advance(milliseconds(19));
  EXPECT_EQ(issuer_.issued, 1);
  EXPECT_FALSE(driver.ended());
  executor_.Advance(milliseconds(1));
  EXPECT_EQ(issuer_.issued, 2);
  EXPECT_EQ(driver.tally().Of(Series::kLag).max(), 0);
}

// Sending takes time: the last of a burst is late, and the lag says so.
TEST_F(DriverTest, LagOfABurstIsTrue) {
  AtTimes pacer({start_, start_, start_});
  Driver driver(executor_, issuer_, pacer, {.slots = 5, .window = From(milliseconds(0))});
  issuer_.on_issue = [this] { executor_.Advance(milliseconds(1)); };
  driver.Start();
  EXPECT_EQ(issuer_.issued, 3);
  EXPECT_EQ(driver.tally().Of(Series::kLag).min(), 0);
  EXPECT_EQ(driver.tally().Of(Series::kLag).max(), 2'000'000);
}

TEST_F(DriverTest, TimeWhenDueDecidesWhatIsMeasured) {
  const Window window = Between(milliseconds(10), milliseconds(20));
  ClosedLoop pacer(window, nullptr);
  Driver driver(executor_, issuer_, pacer, {.slots = 1, .window = window});
  driver.Start();
  executor_.Advance(milliseconds(12));
  issuer_.EndOldest(executor_.Now());  // due in the warm-up, ended in the window
  executor_.Advance(milliseconds(4));
  issuer_.EndOldest(executor_.Now(), Error());  // all in the window
  executor_.Advance(milliseconds(9));
  issuer_.EndOldest(executor_.Now());  // due in the window, ended after it
  EXPECT_TRUE(driver.ended());
  EXPECT_EQ(driver.tally().total(), 2);
  EXPECT_EQ(driver.tally().failed(), 1);
  EXPECT_EQ(driver.warmup_requests(), 1);
  EXPECT_EQ(driver.cut_off(), 0);
  EXPECT_EQ(driver.in_window().finished, 2);
  EXPECT_EQ(driver.in_window().ok, 1);
  ASSERT_EQ(driver.timeline().slices().size(), 1u);
  EXPECT_EQ(driver.timeline().slices()[0].failed, 1);
  EXPECT_EQ(driver.timeline().slices()[0].ok.count(), 1);
  EXPECT_EQ(driver.finished(), 3);
  EXPECT_EQ(driver.failed(), 1);
}

// One slow worker behind many slots: what ends within the window was begun in the warm-up.
TEST_F(DriverTest, TotalsAreExactWhenNothingIsMeasured) {
  const Window window = Between(milliseconds(10), milliseconds(1000));
  ClosedLoop pacer(window, nullptr);
  Driver driver(executor_, issuer_, pacer, {.slots = 3, .window = window, .drain = seconds(1)});
  driver.Start();
  executor_.Advance(milliseconds(500));
  issuer_.EndOldest(executor_.Now());
  executor_.Advance(seconds(3));
  EXPECT_TRUE(driver.ended());
  EXPECT_EQ(issuer_.issued, 4);
  EXPECT_EQ(driver.warmup_requests(), 3) << "also those that never ended";
  EXPECT_EQ(driver.tally().total(), 0);
  EXPECT_EQ(driver.cut_off(), 1);
  EXPECT_EQ(driver.in_window().finished, 1);
}

TEST_F(DriverTest, DrainWaitsSoLongAndThenCutsOff) {
  const Window window = Between(milliseconds(0), milliseconds(100));
  ClosedLoop pacer(window, nullptr);
  Driver driver(executor_, issuer_, pacer,
                {.slots = 3, .window = window, .drain = milliseconds(50)});
  driver.Start();
  executor_.Advance(milliseconds(120));
  EXPECT_FALSE(driver.ended());
  issuer_.EndOldest(executor_.Now());
  EXPECT_EQ(issuer_.issued, 3) << "nothing starts after the window";
  executor_.Advance(milliseconds(29));
  EXPECT_FALSE(driver.ended());
  executor_.Advance(milliseconds(1));
  EXPECT_TRUE(driver.ended());
  EXPECT_EQ(driver.tally().total(), 1);
  EXPECT_EQ(driver.cut_off(), 2);
  issuer_.EndOldest(executor_.Now());
  EXPECT_EQ(driver.tally().total(), 1) << "what was cut off does not count any more";
}

TEST_F(DriverTest, DrainOfNothingCutsOffAtOnce) {
  const Window window = Between(milliseconds(0), milliseconds(100));
  ClosedLoop pacer(window, nullptr);
  Driver driver(executor_, issuer_, pacer, {.slots = 3, .window = window, .drain = seconds(0)});
  driver.Start();
  executor_.Advance(milliseconds(100));
  EXPECT_TRUE(driver.ended());
  EXPECT_EQ(driver.cut_off(), 3);
}

TEST_F(DriverTest, CutOffHasWhatWasDueAndNeverStarted) {
  const Schedule schedule = Schedule::Constant(100, std::nullopt);
  const Window window = Between(milliseconds(100), seconds(1));
  SpacedArrivals pacer({.schedule = &schedule, .begin = start_, .window = window}, 0);
  Driver driver(executor_, issuer_, pacer,
                {.slots = 2, .window = window, .drain = milliseconds(500)});
  driver.Start();
  executor_.Advance(milliseconds(205));  // numbers 0 and 1 hold the slots
  issuer_.EndOldest(executor_.Now());    // number 2 starts, of the warm-up too
  while (driver.warmup_requests() < 10) issuer_.EndOldest(executor_.Now());
  issuer_.EndOldest(executor_.Now());
  issuer_.EndOldest(executor_.Now());  // numbers 10 and 11 hold the slots
  issuer_.EndOldest(executor_.Now());  // number 10 has ended
  executor_.Advance(seconds(2));
  EXPECT_TRUE(driver.ended());
  EXPECT_EQ(driver.warmup_requests(), 10);
  EXPECT_EQ(driver.offered(), 90);
  EXPECT_EQ(driver.tally().total() + driver.cut_off(), 90);
  EXPECT_GT(driver.tally().total(), 0);
  EXPECT_EQ(driver.tally().Of(Series::kLag).count(), issuer_.issued - 10);
}

TEST_F(DriverTest, InterruptCountsWhatWasDueUntilThen) {
  const Schedule schedule = Schedule::Constant(100, std::nullopt);
  const Window window = Between(milliseconds(0), seconds(10));
  SpacedArrivals pacer({.schedule = &schedule, .begin = start_, .window = window}, 0);
  Driver driver(executor_, issuer_, pacer, {.slots = 1, .window = window});
  driver.Start();
  executor_.Advance(milliseconds(495));
  driver.CutOff(executor_.Now());
  EXPECT_TRUE(driver.ended());
  EXPECT_EQ(driver.offered(), 50);
  EXPECT_EQ(driver.cut_off(), 50);
}

TEST_F(DriverTest, InterruptOfWhatIsNotDueYetCountsNothing) {
  AtTimes pacer({At(seconds(5))});
  Driver driver(executor_, issuer_, pacer, {.slots = 1, .window = From(milliseconds(0))});
  driver.Start();
  driver.CutOff(executor_.Now());
  EXPECT_TRUE(driver.ended());
  EXPECT_EQ(driver.offered(), 0);
  EXPECT_EQ(driver.cut_off(), 0);
}

TEST_F(DriverTest, ThinkingSlotsRest) {
  const Window window = Between(milliseconds(0), milliseconds(100));
  ClosedLoop pacer(window, nullptr, {.think = milliseconds(30)}, 0, 0);
  Driver driver(executor_, issuer_, pacer, {.slots = 2, .window = window});
  driver.Start();
  EXPECT_EQ(issuer_.issued, 2);
  executor_.Advance(milliseconds(10));
  issuer_.EndOldest(executor_.Now());  // rests until 40
  executor_.Advance(milliseconds(10));
  issuer_.EndOldest(executor_.Now());  // rests until 50
  EXPECT_EQ(issuer_.issued, 2);
  EXPECT_EQ(driver.in_flight(), 0);
  executor_.Advance(milliseconds(20));
  EXPECT_EQ(issuer_.issued, 3);
  executor_.Advance(milliseconds(10));
  EXPECT_EQ(issuer_.issued, 4);
  executor_.Advance(milliseconds(45));
  issuer_.EndOldest(executor_.Now());
  issuer_.EndOldest(executor_.Now());
  EXPECT_EQ(driver.tally().ok_latency().max(), 55'000'000) << "thinking is not latency";
  EXPECT_FALSE(driver.ended());
  executor_.Advance(milliseconds(5));
  EXPECT_TRUE(driver.ended()) << "nobody waits for users who think beyond the window";
}

TEST_F(DriverTest, SlotsThatThinkShorterOvertake) {
  /// Thinks as long as the test says.
  class Thinker : public ClosedLoop {
   public:
    using ClosedLoop::ClosedLoop;
    rpc::Duration Think() override { return think; }
    rpc::Duration think{0};
  };
  Thinker pacer(From(milliseconds(0)), nullptr);
  Driver driver(executor_, issuer_, pacer, {.slots = 2, .window = From(milliseconds(0))});
  driver.Start();
  pacer.think = seconds(1);
  issuer_.EndOldest(executor_.Now());
  pacer.think = milliseconds(1);
  issuer_.EndOldest(executor_.Now());
  executor_.Advance(milliseconds(1));
  ASSERT_EQ(issuer_.in_flight.size(), 1u);
  EXPECT_EQ(issuer_.in_flight.front(), 1u);
}

TEST_F(DriverTest, UnreachableTargetIsNotHammered) {
  const Window window = Between(milliseconds(0), milliseconds(1010));
  ClosedLoop pacer(window, nullptr);
  Driver driver(executor_, issuer_, pacer, {.slots = 2, .window = window});
  driver.Start();
  issuer_.EndOldest(executor_.Now(), Refused());
  issuer_.EndOldest(executor_.Now(), Refused());
  EXPECT_EQ(issuer_.issued, 2) << "not at once";
  executor_.Advance(seconds(1));
  EXPECT_EQ(issuer_.issued, 4);
  issuer_.EndOldest(executor_.Now(), Refused());
  issuer_.EndOldest(executor_.Now(), Refused());
  EXPECT_FALSE(driver.ended());
  executor_.Advance(milliseconds(10));
  EXPECT_TRUE(driver.ended()) << "a slot that rests is not in flight";
}

TEST_F(DriverTest, BudgetIsIssuedExactly) {
  RequestBudget budget(7, 1);
  ClosedLoop pacer(From(milliseconds(10)), &budget);
  Driver driver(executor_, issuer_, pacer, {.slots = 3, .window = From(milliseconds(10))});
  driver.Start();
  executor_.Advance(milliseconds(5));
  issuer_.EndOldest(executor_.Now());
  executor_.Advance(milliseconds(10));
  while (!issuer_.in_flight.empty()) issuer_.EndOldest(executor_.Now());
  EXPECT_TRUE(driver.ended());
  EXPECT_EQ(driver.tally().total(), 7);
  EXPECT_EQ(driver.warmup_requests(), 4);
  EXPECT_EQ(issuer_.issued, 11);
}

TEST_F(DriverTest, SeriesOfAnOutcome) {
  AtTimes pacer({At(milliseconds(0)), At(milliseconds(0))});
  Driver driver(executor_, issuer_, pacer, {.slots = 1, .window = From(milliseconds(0))});
  driver.Start();
  executor_.Advance(milliseconds(10));
  issuer_.listener().Message(0, milliseconds(3));
  issuer_.listener().Step(0, 1, Answer(), milliseconds(4));
  issuer_.EndOldest(executor_.Now());
  executor_.Advance(milliseconds(10));
  Outcome late = Answer();
  late.stream_wait = milliseconds(5);
  late.acknowledged = milliseconds(2);
  issuer_.EndOldest(executor_.Now(), late);
  const Tally& tally = driver.tally();
  EXPECT_EQ(tally.Of(Series::kMessage).max(), 3'000'000);
  EXPECT_EQ(tally.Of(Series::kStreamWait).count(), 1);
  EXPECT_EQ(tally.Of(Series::kStreamWait).max(), 5'000'000);
  EXPECT_EQ(tally.Of(Series::kAcknowledged).count(), 1);
  EXPECT_EQ(tally.Of(Series::kAcknowledged).max(), 12'000'000) << "from the intended start";
  ASSERT_EQ(tally.steps().size(), 2u);
  EXPECT_EQ(tally.steps()[1].ok.count(), 1);
}

TEST_F(DriverTest, NothingOfTheWarmUpIsMeasured) {
  AtTimes pacer({At(milliseconds(0))});
  Driver driver(executor_, issuer_, pacer, {.slots = 1, .window = From(milliseconds(1))});
  driver.Start();
  issuer_.listener().Message(0, milliseconds(3));
  issuer_.listener().Step(0, 0, Answer(), milliseconds(4));
  Outcome outcome = Answer();
  outcome.stream_wait = milliseconds(5);
  issuer_.EndOldest(executor_.Now(), outcome);
  for (Series series : kAllSeries) EXPECT_EQ(driver.tally().Of(series).count(), 0);
  EXPECT_TRUE(driver.tally().steps().empty());
  EXPECT_EQ(driver.offered(), 0);
}

TEST_F(DriverTest, RecentLatenciesAreTakenOnce) {
  ClosedLoop pacer(From(milliseconds(0)), nullptr);
  Driver driver(executor_, issuer_, pacer, {.slots = 1, .window = From(milliseconds(0))});
  driver.WatchRecent();
  driver.Start();
  executor_.Advance(milliseconds(2));
  issuer_.EndOldest(executor_.Now());
  issuer_.EndOldest(executor_.Now(), Error());
  const Histogram recent = driver.TakeRecent();
  EXPECT_EQ(recent.count(), 1);
  EXPECT_EQ(recent.max(), 2'000'000);
  EXPECT_EQ(driver.TakeRecent().count(), 0);
}

}  // namespace
}  // namespace slipway::client
