#include "server/service/cat_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "docking/v1/cat_facts.pb.h"
#include "google/api/httpbody.pb.h"
#include "rpc/in_process.h"
#include "rpc/thread_executor.h"
#include "server/blocking/blocking_pool.h"
#include "server/upstream/cat_fact_list.h"

namespace slipway::server {
namespace {

namespace pb = docking::v1;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr char kInTurn[] = "/docking.v1.CatFacts/GetFacts";
constexpr char kAtOnce[] = "/docking.v1.CatFacts/GetFactsAtOnce";
constexpr char kLimited[] = "/docking.v1.CatFacts/GetFactsLimited";
constexpr char kStream[] = "/docking.v1.CatFacts/StreamFacts";
constexpr char kHello[] = "/docking.v1.CatFacts/SayHello";

/// Short windows, quick retries, and an upstream in the process but behind real sockets.
FactConfig QuickConfig(int limit, absl::Duration window) {
  FactConfig config;
  config.limit = limit;
  config.window = window;
  config.retry.first = milliseconds(1);
  config.retry.longest = milliseconds(5);
  config.most_refusals = 1;
  return config;
}

/// One caller's thread: its executor and the calls it has under way.
class Caller {
 public:
  explicit Caller(std::shared_ptr<const rpc::Dispatcher> dispatcher)
      : upstream_(std::move(dispatcher), executor_) {}

  struct Outcome {
    rpc::UnaryResult result;
    std::vector<std::string> facts;
  };

  /// Makes all calls at the same time, and waits for their ends.
  std::vector<Outcome> Ask(const char* method, const std::vector<int>& counts,
                           rpc::Duration timeout = std::chrono::minutes(1)) {
    std::vector<Outcome> outcomes(counts.size());
    std::vector<std::unique_ptr<rpc::ClientCall>> calls;
    size_t left = counts.size();
    bool done = false;
    for (size_t i = 0; i < counts.size(); ++i) {
      calls.push_back(upstream_.NewCall());
      rpc::CallSpec spec{.method = method, .deadline = executor_.Now() + timeout};
      rpc::Spawn(AskOne(*calls.back(), std::move(spec), counts[i], outcomes[i], left, done));
    }
    executor_.RunUntil(done);
    return outcomes;
  }
  Outcome Ask(const char* method, int count, rpc::Duration timeout = std::chrono::minutes(1)) {
    return std::move(Ask(method, std::vector<int>{count}, timeout).front());
  }

  /// Begins a call and leaves it when `when` is true.
  void AskAndLeave(const char* method, int count, const std::function<bool()>& when) {
    auto call = upstream_.NewCall();
    Outcome outcome;
    size_t left = 1;
    bool done = false;
    rpc::Spawn(AskOne(*call, {.method = method}, count, outcome, left, done));
    bool leave = false;
    rpc::Timer timer(executor_);
    std::function<void()> look = [&] {
      leave = when();
      if (!leave) timer.Start(executor_.Now() + milliseconds(1), [&] { look(); });
    };
    look();
    executor_.RunUntil(leave);
    EXPECT_FALSE(done);
    call->Cancel();
    executor_.RunUntil(done);
    EXPECT_EQ(outcome.result.status.code(), absl::StatusCode::kCancelled);
  }

  struct Streamed {
    std::vector<pb::Fact> facts;
    rpc::Status status;
  };
  Streamed Stream(int count) {
    Streamed streamed;
    bool done = false;
    auto call = upstream_.NewCall();
    rpc::Spawn(StreamOne(*call, count, streamed, done));
    executor_.RunUntil(done);
    return streamed;
  }

  rpc::UnaryResult Hello(const std::string& name) {
    pb::SayHelloRequest request;
    request.set_name(name);
    rpc::UnaryResult result;
    bool done = false;
    auto call = upstream_.NewCall();
    rpc::Spawn(CallOne(*call, {.method = kHello}, request.SerializeAsString(), result, done));
    executor_.RunUntil(done);
    return result;
  }

  rpc::ThreadExecutor& executor() { return executor_; }
  rpc::InProcessUpstream& upstream() { return upstream_; }

 private:
  static std::string Request(int count) {
    pb::GetFactsRequest request;
    request.set_count(count);
    return request.SerializeAsString();
  }
  static rpc::Task<void> CallOne(rpc::ClientCall& call, rpc::CallSpec spec, std::string request,
                                 rpc::UnaryResult& result, bool& done) {
    rpc::Task<rpc::UnaryResult> calling = rpc::CallUnary(call, std::move(spec), std::move(request));
    result = co_await std::move(calling);
    done = true;
  }
  static rpc::Task<void> AskOne(rpc::ClientCall& call, rpc::CallSpec spec, int count,
                                Outcome& outcome, size_t& left, bool& done) {
    rpc::Task<rpc::UnaryResult> calling = rpc::CallUnary(call, std::move(spec), Request(count));
    outcome.result = co_await std::move(calling);
    pb::GetFactsResponse response;
    EXPECT_TRUE(response.ParseFromString(outcome.result.message));
    outcome.facts.assign(response.facts().begin(), response.facts().end());
    done = --left == 0;
  }
  static rpc::Task<void> StreamOne(rpc::ClientCall& call, int count, Streamed& streamed,
                                   bool& done) {
    call.Start({.method = kStream});
    auto writing = call.Write(Request(count));
    co_await writing;
    call.WritesDone();
    for (;;) {
      std::optional<std::string> message = co_await call.Read();
      if (!message) break;
      EXPECT_TRUE(streamed.facts.emplace_back().ParseFromString(*message));
    }
    rpc::CallResult end = co_await call.Finish();
    streamed.status = std::move(end.status);
    done = true;
  }

  rpc::ThreadExecutor executor_;
  rpc::InProcessUpstream upstream_;
};

class CatFactsTest : public testing::Test {
 protected:
  void Start(const FactConfig& config) {
    auto started = FactUpstream::Start(config, metrics_);
    ASSERT_TRUE(started.ok()) << started.status();
    upstream_ = *std::move(started);
    rpc::Dispatcher::Builder builder;
    for (rpc::Method& method : CatFactMethods(upstream_)) builder.Add(std::move(method));
    dispatcher_ = std::move(builder).Build();
    caller_.emplace(dispatcher_);
  }
  /// An upstream that nobody serves.
  void StartWithoutUpstream() {
    FactConfig config = QuickConfig(100, absl::Minutes(10));
    {
      const auto gone = EmbeddedUpstream::Start({});
      ASSERT_TRUE(gone.ok());
      config.upstream = (*gone)->url();
    }
    Start(config);
  }
  EmbeddedUpstream& embedded() { return *upstream_->embedded(); }
  std::int64_t Waiting() { return metrics_.GetGauge("slipway_limiter_waiting", "").Value(); }
  /// Calls and waits are where they were before.
  void ExpectNothingLeft() {
    while (upstream_->calls_under_way() > 0) std::this_thread::yield();
    EXPECT_EQ(Waiting(), 0);
  }
  static std::set<std::string> Distinct(const std::vector<std::string>& facts) {
    return {facts.begin(), facts.end()};
  }

  base::Metrics metrics_;
  std::shared_ptr<FactUpstream> upstream_;
  std::shared_ptr<const rpc::Dispatcher> dispatcher_;
  std::optional<Caller> caller_;
};

TEST_F(CatFactsTest, InTurnGivesThemInOrder) {
  Start(QuickConfig(100, absl::Minutes(1)));
  const auto outcome = caller_->Ask(kInTurn, 5);
  ASSERT_TRUE(outcome.result.status.ok()) << outcome.result.status.message();
  const auto list = CatFactList();
  EXPECT_EQ(outcome.facts, std::vector<std::string>(list.begin(), list.begin() + 5));
  EXPECT_EQ(embedded().counts().most_in_progress, 1);
}

TEST_F(CatFactsTest, NoneIsAnEmptyListWithoutACall) {
  Start(QuickConfig(100, absl::Minutes(1)));
  for (const char* method : {kInTurn, kAtOnce, kLimited}) {
    const auto outcome = caller_->Ask(method, 0);
    EXPECT_TRUE(outcome.result.status.ok()) << method;
    EXPECT_THAT(outcome.facts, testing::IsEmpty());
  }
  EXPECT_TRUE(caller_->Stream(0).status.ok());
  EXPECT_EQ(embedded().counts().facts, 0u);
}

TEST_F(CatFactsTest, CountsOutsideTheRangeAreRefusedByName) {
  FactConfig config = QuickConfig(100, absl::Minutes(1));
  config.max = 7;
  Start(config);
  for (const char* method : {kInTurn, kAtOnce, kLimited}) {
    for (const int count : {-1, 8, 100'000'000}) {
      const auto outcome = caller_->Ask(method, count);
      EXPECT_EQ(outcome.result.status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_EQ(outcome.result.status.message(),
                "count: " + std::to_string(count) + " is not allowed: 0 to 7");
    }
    EXPECT_EQ(caller_->Ask(method, 7).facts.size(), 7u);
  }
  EXPECT_EQ(caller_->Stream(8).status.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CatFactsTest, InTurnFailsWhenTheUpstreamRefuses) {
  Start(QuickConfig(3, absl::Minutes(1)));
  const auto outcome = caller_->Ask(kInTurn, 5);
  EXPECT_EQ(outcome.result.status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(outcome.result.status.message(), HasSubstr("429"));
  EXPECT_THAT(outcome.result.status.message(), HasSubstr("3 of 5 facts had arrived"));
  EXPECT_EQ(embedded().counts().refused, 1u);
}

TEST_F(CatFactsTest, AtOnceGivesThoseThatSucceeded) {
  FactConfig config = QuickConfig(20, absl::Minutes(1));
  config.latency = absl::Milliseconds(20);
  Start(config);
  const auto outcome = caller_->Ask(kAtOnce, 50);
  ASSERT_TRUE(outcome.result.status.ok()) << outcome.result.status.message();
  EXPECT_EQ(outcome.facts.size(), 20u);
  EXPECT_EQ(outcome.result.initial_metadata.Find("facts-asked"), "50");
  EXPECT_EQ(outcome.result.initial_metadata.Find("facts-refused"), "30");
  EXPECT_EQ(embedded().counts().refused, 30u);
  EXPECT_GT(embedded().counts().most_in_progress, 1);
}

TEST_F(CatFactsTest, LimitedGetsAllOverSeveralWindows) {
  FactConfig config = QuickConfig(15, absl::Milliseconds(200));
  config.latency = absl::Milliseconds(5);
  Start(config);
  const auto outcome = caller_->Ask(kLimited, 48);
  ASSERT_TRUE(outcome.result.status.ok()) << outcome.result.status.message();
  EXPECT_EQ(Distinct(outcome.facts).size(), CatFactList().size()) << "none twice, none lost";
  EXPECT_EQ(outcome.facts.size(), 48u);
  EXPECT_LE(embedded().counts().most_in_progress, 15);
  EXPECT_GE(metrics_.GetCounter("slipway_limiter_waits_total", "", {{"reason", "window"}}).Value(),
            3u);
  ExpectNothingLeft();
}

TEST_F(CatFactsTest, RequestsAtTheSameTimeShareTheLimitInTurns) {
  FactConfig config = QuickConfig(20, absl::Milliseconds(200));
  config.most_refusals = 10;
  Start(config);
  // The large one came first; the small one does not wait for its end.
  const auto outcomes = caller_->Ask(kLimited, {100, 5, 30});
  for (const auto& outcome : outcomes) {
    EXPECT_TRUE(outcome.result.status.ok()) << outcome.result.status.message();
  }
  EXPECT_EQ(outcomes[0].facts.size(), 100u);
  EXPECT_EQ(outcomes[1].facts.size(), 5u);
  EXPECT_EQ(outcomes[2].facts.size(), 30u);
  ExpectNothingLeft();
}

TEST_F(CatFactsTest, RequestsOnSeveralThreadsShareTheLimit) {
  FactConfig config = QuickConfig(50, absl::Milliseconds(200));
  config.most_refusals = 10;
  Start(config);
  std::vector<std::thread> threads;
  std::vector<Caller::Outcome> outcomes(4);
  for (size_t i = 0; i < outcomes.size(); ++i) {
    threads.emplace_back([&, i] { outcomes[i] = Caller(dispatcher_).Ask(kLimited, 60); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& outcome : outcomes) {
    EXPECT_TRUE(outcome.result.status.ok()) << outcome.result.status.message();
    EXPECT_EQ(outcome.facts.size(), 60u);
  }
  ExpectNothingLeft();
}

TEST_F(CatFactsTest, LimitedWorksOnThreadsThatMayBeBlocked) {
  FactConfig config = QuickConfig(10, absl::Milliseconds(100));
  config.most_refusals = 10;
  Start(config);
  BlockingPool pool(3, dispatcher_);
  Caller caller(pool.Dispatch());
  for (const auto& outcome : caller.Ask(kLimited, {15, 15, 15, 15})) {
    EXPECT_TRUE(outcome.result.status.ok()) << outcome.result.status.message();
    EXPECT_EQ(outcome.facts.size(), 15u);
  }
  ExpectNothingLeft();
}

TEST_F(CatFactsTest, LimitedWaitsAsLongAsTheUpstreamSays) {
  FactConfig config = QuickConfig(10, absl::Milliseconds(50));
  Start(config);
  embedded().SetFault(UpstreamFault::kRefuse, 1);
  const auto outcome = caller_->Ask(kLimited, 12);
  ASSERT_TRUE(outcome.result.status.ok()) << outcome.result.status.message();
  EXPECT_EQ(outcome.facts.size(), 12u);
  EXPECT_GE(metrics_.GetCounter("slipway_limiter_waits_total", "", {{"reason", "refused"}}).Value(),
            1u);
}

TEST_F(CatFactsTest, LimitedGivesUpOnAnUpstreamThatGoesOnRefusing) {
  Start(QuickConfig(10, absl::Milliseconds(50)));
  embedded().SetFault(UpstreamFault::kRefuse);
  const auto outcome = caller_->Ask(kLimited, 12);
  EXPECT_EQ(outcome.result.status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(outcome.result.status.message(), HasSubstr("0 of 12 facts had arrived"));
  ExpectNothingLeft();
}

TEST_F(CatFactsTest, LimitedFailsAtOnceWhileTheUpstreamRefusesForLong) {
  Start(QuickConfig(10, absl::Milliseconds(50)));
  const rpc::Time now = rpc::Clock::now();
  upstream_->limiter().Refused(upstream_->limiter().TakeAnyway(now), now, std::chrono::hours(24));
  for (int i = 0; i < 2; ++i) {
    const auto outcome = caller_->Ask(kLimited, 3);
    EXPECT_EQ(outcome.result.status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(outcome.result.status.message(), HasSubstr("it may be asked again in 86"));
    EXPECT_THAT(outcome.result.status.message(), HasSubstr(embedded().url()));
  }
  EXPECT_EQ(embedded().counts().facts, 0u);
  ExpectNothingLeft();
  EXPECT_EQ(caller_->Ask(kInTurn, 1).facts.size(), 1u) << "the upstream gives again";
  EXPECT_EQ(caller_->Ask(kLimited, 3).facts.size(), 3u);
}

TEST_F(CatFactsTest, LimitedFailsWhenAnotherRequestIsRefusedForLong) {
  Start(QuickConfig(10, absl::Minutes(20)));
  Caller::Outcome outcome;
  std::thread waits([&] { outcome = Caller(dispatcher_).Ask(kLimited, 11); });
  while (Waiting() == 0) std::this_thread::yield();
  const rpc::Time now = rpc::Clock::now();
  upstream_->limiter().Refused(upstream_->limiter().TakeAnyway(now), now, std::chrono::hours(24));
  waits.join();
  EXPECT_EQ(outcome.result.status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(outcome.result.status.message(), HasSubstr(" of 11 facts had arrived"));
  ExpectNothingLeft();
}

TEST_F(CatFactsTest, ARefusalThatSaysWhenIsNotBackedOffFrom) {
  FactConfig config = QuickConfig(10, absl::Milliseconds(50));
  config.retry.first = config.retry.longest = std::chrono::hours(1);
  Start(config);
  embedded().SetFault(UpstreamFault::kRefuse, 1);
  EXPECT_EQ(caller_->Ask(kLimited, 3).facts.size(), 3u);
}

TEST_F(CatFactsTest, BackOffsAreCountedAsWaits) {
  Start(QuickConfig(50, absl::Minutes(1)));
  embedded().SetFault(UpstreamFault::kError, 1);
  EXPECT_EQ(caller_->Ask(kLimited, 1).facts.size(), 1u);
  EXPECT_EQ(metrics_.GetCounter("slipway_limiter_waits_total", "", {{"reason", "failed"}}).Value(),
            1u);
}

/// What GetFacts(1) comes to when the upstream answers 200 with `body`.
class CatFactBodyTest : public CatFactsTest {
 protected:
  rpc::Status Ask(const std::string& body) {
    httplib::Server server;
    server.set_keep_alive_max_count(1);  // its end waits for connections that are kept
    server.Get("/fact", [&](const httplib::Request&, httplib::Response& response) {
      response.set_content(body, "application/json");
    });
    const int port = server.bind_to_any_port("127.0.0.1");
    std::thread serving([&] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
    FactConfig config = QuickConfig(50, absl::Minutes(1));
    config.upstream = "http://127.0.0.1:" + std::to_string(port) + "/fact?key=secret";
    Start(config);
    const rpc::Status status = caller_->Ask(kInTurn, 1).result.status;
    server.stop();
    serving.join();
    return status;
  }
};

TEST_F(CatFactBodyTest, DepthIsBounded) {
  const std::string many(8000, '[');
  // Behind an apostrophe: the parser takes either kind of quotes.
  for (const std::string& body :
       {many + std::string(8000, ']'), R"({'"': )" + many, R"({"\\": )" + many}) {
    const rpc::Status status = Ask(body);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(status.message(), HasSubstr("no fact: its body is nested deeper than 32"));
  }
  EXPECT_TRUE(Ask(R"({"fact": "\"[)" + many + R"("})").ok()) << "in a string it is text";
  EXPECT_TRUE(Ask(R"({"fact": "A fact.", "more": [[[{}]]]})").ok());
}

TEST_F(CatFactBodyTest, AnEmptyTextIsNoFact) {
  EXPECT_THAT(Ask(R"({"fact": ""})").message(), HasSubstr("no fact"));
}

TEST_F(CatFactBodyTest, MessagesDoNotShowTheQuery) {
  const auto message = std::string(Ask("[]").message());
  EXPECT_THAT(message, HasSubstr("/fact"));
  EXPECT_THAT(message, testing::Not(HasSubstr("secret")));
}

TEST_F(CatFactsTest, LimitedSurvivesFailuresForAWhile) {
  Start(QuickConfig(50, absl::Milliseconds(50)));
  for (const UpstreamFault fault :
       {UpstreamFault::kError, UpstreamFault::kGarbage, UpstreamFault::kClose}) {
    embedded().SetFault(fault, 3);
    const auto outcome = caller_->Ask(kLimited, 10);
    EXPECT_TRUE(outcome.result.status.ok()) << outcome.result.status.message();
    EXPECT_EQ(outcome.facts.size(), 10u);
  }
  ExpectNothingLeft();
}

struct Misbehaviour {
  UpstreamFault fault;
  const char* message;
};

TEST_F(CatFactsTest, AllWaysFailClearlyWhenTheUpstreamMisbehaves) {
  FactConfig config = QuickConfig(100, absl::Milliseconds(50));
  config.call_timeout = absl::Milliseconds(100);
  Start(config);
  const std::vector<Misbehaviour> all = {{UpstreamFault::kError, "answered 500"},
                                         {UpstreamFault::kGarbage, "no fact"},
                                         {UpstreamFault::kEndless, "no fact"},
                                         {UpstreamFault::kClose, "no fact"},
                                         {UpstreamFault::kStall, "no complete answer within"}};
  for (const auto& [fault, message] : all) {
    embedded().SetFault(fault);
    for (const char* method : {kInTurn, kAtOnce, kLimited}) {
      const auto outcome = caller_->Ask(method, 3);
      EXPECT_EQ(outcome.result.status.code(), absl::StatusCode::kUnavailable);
      EXPECT_THAT(outcome.result.status.message(), HasSubstr(message));
      EXPECT_THAT(outcome.result.status.message(), HasSubstr(embedded().url()));
    }
  }
  ExpectNothingLeft();
  embedded().SetFault(UpstreamFault::kNone);
  EXPECT_EQ(caller_->Ask(kLimited, 3).facts.size(), 3u) << "it recovers";
}

TEST_F(CatFactsTest, AllWaysFailClearlyWithoutAnUpstream) {
  StartWithoutUpstream();
  for (const char* method : {kInTurn, kAtOnce, kLimited}) {
    const auto outcome = caller_->Ask(method, 3);
    EXPECT_EQ(outcome.result.status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(outcome.result.status.message(), HasSubstr(upstream_->config().upstream));
  }
  // Calls that never arrived have not used up the limit: this would wait for ten minutes.
  EXPECT_EQ(caller_->Ask(kLimited, 100).result.status.code(), absl::StatusCode::kUnavailable);
  ExpectNothingLeft();
}

TEST_F(CatFactsTest, ACallerThatLeavesEndsItsWaitAndItsCalls) {
  FactConfig config = QuickConfig(10, absl::Minutes(10));
  Start(config);
  caller_->AskAndLeave(kLimited, 20, [this] { return embedded().counts().facts == 10; });
  ExpectNothingLeft();
  for (const char* method : {kInTurn, kAtOnce}) {
    Start(config);
    embedded().SetFault(UpstreamFault::kStall);
    caller_->AskAndLeave(method, 20, [this] { return embedded().counts().in_progress > 0; });
    ExpectNothingLeft();
  }
}

TEST_F(CatFactsTest, ADeadlineEndsTheWait) {
  Start(QuickConfig(10, absl::Minutes(10)));
  const auto outcome = caller_->Ask(kLimited, 11, milliseconds(200));
  EXPECT_EQ(outcome.result.status.code(), absl::StatusCode::kDeadlineExceeded);
  ExpectNothingLeft();
}

TEST_F(CatFactsTest, TheStreamGivesEachFactOnce) {
  FactConfig config = QuickConfig(10, absl::Milliseconds(100));
  config.most_refusals = 10;
  Start(config);
  const auto streamed = caller_->Stream(25);
  EXPECT_TRUE(streamed.status.ok()) << streamed.status.message();
  std::set<int> indexes;
  for (const pb::Fact& fact : streamed.facts) {
    indexes.insert(fact.index());
    EXPECT_FALSE(fact.text().empty());
  }
  EXPECT_EQ(streamed.facts.size(), 25u);
  EXPECT_EQ(indexes.size(), 25u);
  EXPECT_EQ(*indexes.rbegin(), 24);
  ExpectNothingLeft();
}

TEST_F(CatFactsTest, TheStreamGivesWhatArrivedBeforeItFails) {
  Start(QuickConfig(4, absl::Milliseconds(100)));
  auto call = caller_->upstream().NewCall();
  bool done = false;
  int read = 0;
  rpc::Status status;
  rpc::Spawn([](rpc::ClientCall& call, EmbeddedUpstream& embedded, int& read, rpc::Status& status,
                bool& done) -> rpc::Task<void> {
    pb::GetFactsRequest request;
    request.set_count(20);
    call.Start({.method = kStream});
    std::string bytes = request.SerializeAsString();
    auto writing = call.Write(std::move(bytes));
    co_await writing;
    call.WritesDone();
    for (;;) {
      std::optional<std::string> message = co_await call.Read();
      if (!message) break;
      if (++read == 4) embedded.SetFault(UpstreamFault::kError);
    }
    rpc::CallResult end = co_await call.Finish();
    status = std::move(end.status);
    done = true;
  }(*call, embedded(), read, status, done));
  caller_->executor().RunUntil(done);
  EXPECT_GE(read, 4);
  EXPECT_LT(read, 20);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr(std::to_string(read) + " of 20 facts had arrived"));
}

TEST_F(CatFactsTest, AStreamThatNobodyReadsHoldsUpNobody) {
  FactConfig config = QuickConfig(10, absl::Milliseconds(50));
  config.most_refusals = 10;
  Start(config);
  auto stuck = caller_->upstream().NewCall();
  rpc::Spawn([](rpc::ClientCall& call) -> rpc::Task<void> {
    pb::GetFactsRequest request;
    request.set_count(10'000);
    call.Start({.method = kStream});
    std::string bytes = request.SerializeAsString();
    auto writing = call.Write(std::move(bytes));
    co_await writing;
    call.WritesDone();
  }(*stuck));
  EXPECT_EQ(caller_->Ask(kLimited, 40).facts.size(), 40u);
  EXPECT_LE(embedded().counts().facts, 40u + 12u) << "it asks for no more than it may hold";
}

TEST_F(CatFactsTest, SaysHello) {
  Start({});
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"", "Hello"}, {"Ann", "Hello Ann"}, {"J\u00fcrgen", "Hello J\u00fcrgen"}}) {
    const rpc::UnaryResult result = caller_->Hello(name);
    google::api::HttpBody body;
    ASSERT_TRUE(result.status.ok() && body.ParseFromString(result.message));
    EXPECT_EQ(body.data(), text);
    EXPECT_EQ(body.content_type(), "text/plain; charset=utf-8");
  }
}

}  // namespace
}  // namespace slipway::server
