#include "server/upstream/embedded_upstream.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "server/upstream/cat_fact_list.h"
#include "server/upstream/threads_on_demand.h"
#include "server/upstream/window_counter.h"

namespace slipway::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(WindowCounter, OpensWithTheFirstRequest) {
  WindowCounter counter(2, seconds(10));
  const rpc::Time start{seconds(1000)};
  EXPECT_EQ(counter.Admit(start), std::nullopt);
  EXPECT_EQ(counter.Admit(start + seconds(9)), std::nullopt);
  EXPECT_EQ(counter.Admit(start + seconds(9)), seconds(1));
  EXPECT_EQ(counter.Admit(start + seconds(10) - milliseconds(1)), milliseconds(1));
  EXPECT_EQ(counter.Admit(start + seconds(25)), std::nullopt);
  EXPECT_EQ(counter.Admit(start + seconds(34)), std::nullopt);
  EXPECT_EQ(counter.Admit(start + seconds(34)), seconds(1));
}

TEST(ThreadsOnDemand, RunsAsManyAtOnceAsItMayAndTheRestAfterwards) {
  ThreadsOnDemand threads(3);
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::atomic<int> started{0};
  std::atomic<int> done{0};
  for (int i = 0; i < 10; ++i) {
    threads.enqueue([&, released] {
      ++started;
      released.wait();
      ++done;
    });
  }
  while (started < 3) std::this_thread::yield();
  EXPECT_EQ(started, 3);
  release.set_value();
  threads.shutdown();
  EXPECT_EQ(done, 10);
}

class EmbeddedUpstreamTest : public testing::Test {
 protected:
  void Start(EmbeddedUpstream::Options options) {
    auto started = EmbeddedUpstream::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    upstream_ = *std::move(started);
  }
  httplib::Result Get(const char* path = "/fact") {
    httplib::Client client("127.0.0.1", upstream_->port());
    return client.Get(path);
  }

  std::unique_ptr<EmbeddedUpstream> upstream_;
};

TEST_F(EmbeddedUpstreamTest, FaultsOfTheOptionsAreSpreadByTheirShares) {
  Start({.limit = 1000, .faults = {{UpstreamFault::kError, 0.1}, {UpstreamFault::kRefuse, 0.25}}});
  std::vector<int> statuses;
  // One more than 40: of two that are due at once, the second one waits for the next request.
  for (int i = 0; i < 41; ++i) {
    const httplib::Result result = Get();
    ASSERT_TRUE(result);
    statuses.push_back(result->status);
  }
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 500), 4);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 429), 10);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 200), 27);
  EXPECT_EQ(statuses[3], 429) << "every fourth";
  EXPECT_EQ(upstream_->counts().faulty, 4u);
}

TEST_F(EmbeddedUpstreamTest, AnswersFactsInTurn) {
  Start({.limit = 1000});
  const auto facts = CatFactList();
  for (size_t i = 0; i < facts.size() + 1; ++i) {
    const auto result = Get();
    ASSERT_TRUE(result);
    const std::string fact(facts[i % facts.size()]);
    EXPECT_EQ(result->status, 200);
    EXPECT_EQ(result->body,
              "{\"fact\": \"" + fact + "\", \"length\": " + std::to_string(fact.size()) + "}");
    EXPECT_EQ(result->get_header_value("Content-Type"), "application/json");
  }
}

TEST_F(EmbeddedUpstreamTest, RefusesBeyondTheLimitAndSaysHowLong) {
  Start({.limit = 2, .window = milliseconds(59'500)});
  EXPECT_EQ(Get()->status, 200);
  EXPECT_EQ(Get()->status, 200);
  const auto refused = Get();
  EXPECT_EQ(refused->status, 429);
  const int wait = std::stoi(refused->get_header_value("Retry-After"));
  EXPECT_GT(wait, 0);
  EXPECT_LE(wait, 60);
  EXPECT_EQ(upstream_->counts().facts, 2u);
  EXPECT_EQ(upstream_->counts().refused, 1u);
}

TEST_F(EmbeddedUpstreamTest, OnlyFact) {
  Start({});
  EXPECT_EQ(Get("/")->status, 404);
  EXPECT_EQ(Get("/facts")->status, 404);
  EXPECT_EQ(upstream_->counts().facts, 0u);
}

TEST_F(EmbeddedUpstreamTest, ServesHundredsAtOnce) {
  Start({.limit = 1000, .latency = milliseconds(50)});
  std::vector<std::future<int>> answers;
  for (int i = 0; i < 200; ++i) {
    answers.push_back(std::async(std::launch::async, [this] {
      const auto result = Get();
      return result ? result->status : 0;
    }));
  }
  for (auto& answer : answers) EXPECT_EQ(answer.get(), 200);
  EXPECT_EQ(upstream_->counts().facts, 200u);
  EXPECT_EQ(upstream_->counts().in_progress, 0);
}

TEST_F(EmbeddedUpstreamTest, FaultsLastForAsManyRequestsAsAreSaid) {
  Start({});
  upstream_->SetFault(UpstreamFault::kError, 2);
  EXPECT_EQ(Get()->status, 500);
  EXPECT_EQ(Get()->status, 500);
  EXPECT_EQ(Get()->status, 200);
  upstream_->SetFault(UpstreamFault::kRefuse, 1);
  EXPECT_EQ(Get()->get_header_value("Retry-After"), "1");
  upstream_->SetFault(UpstreamFault::kGarbage, 1);
  EXPECT_EQ(Get()->body.find("{"), std::string::npos);
  upstream_->SetFault(UpstreamFault::kClose, 1);
  EXPECT_FALSE(Get());
  EXPECT_EQ(upstream_->counts().faulty, 4u);
}

TEST_F(EmbeddedUpstreamTest, EndsWhileCallsStall) {
  Start({});
  upstream_->SetFault(UpstreamFault::kStall);
  auto stalled = std::async(std::launch::async, [this] { return Get()->status; });
  while (upstream_->counts().in_progress == 0) std::this_thread::yield();
  upstream_.reset();
  EXPECT_EQ(stalled.get(), 500);
}

TEST_F(EmbeddedUpstreamTest, AnEndlessBodyEndsWithItsReader) {
  Start({});
  upstream_->SetFault(UpstreamFault::kEndless, 1);
  httplib::Client client("127.0.0.1", upstream_->port());
  size_t received = 0;
  const auto result = client.Get("/fact", [&](const char*, size_t size) {
    received += size;
    return received < 1'000'000;
  });
  EXPECT_FALSE(result);
  EXPECT_GE(received, 1'000'000u);
}

TEST_F(EmbeddedUpstreamTest, ATakenPortIsAnError) {
  Start({});
  const auto second = EmbeddedUpstream::Start({.port = upstream_->port()});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(second.status().message().find(std::to_string(upstream_->port())),
            absl::string_view::npos);
}

}  // namespace
}  // namespace slipway::server
