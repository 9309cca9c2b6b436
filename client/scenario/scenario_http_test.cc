// Whole runs over HTTP whose requests take several steps.
#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "client/data/request_workload.h"
#include "client/engine/engine_spec.h"
#include "client/run/plan.h"
#include "client/run/trial.h"
#include "client/scenario/scenario_workload.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

/// Jobs that are done when they have been asked for twice, and sessions that have to be logged in.
class Shop {
 public:
  Shop() {
    server_.new_task_queue = [] { return new httplib::ThreadPool(16); };
    server_.set_keep_alive_max_count(1'000'000);
    server_.set_tcp_nodelay(true);
    server_.Post("/jobs", [this](const httplib::Request&, httplib::Response& response) {
      response.status = 202;
      response.set_header("Location", absl::StrCat("/jobs/", ++jobs_));
      response.set_header("Retry-After", "0");
    });
    server_.Get(R"(/jobs/(\d+))",
                [this](const httplib::Request& request, httplib::Response& response) {
                  const std::lock_guard lock(mutex_);
                  const bool done = ++asked_[request.matches[1]] == 2;
                  response.status = done ? 302 : 202;
                  if (done) response.set_header("Location", request.path + "/result");
                  if (!done) response.set_header("Retry-After", "0");
                });
    server_.Get(R"(/jobs/(\d+)/result)", [this](const auto& request, httplib::Response& response) {
      ++results_;
      response.set_content(absl::StrCat("{\"id\":", std::string(request.matches[1]), "}"),
                           "application/json");
    });
    server_.Post("/login", [this](const httplib::Request& request, httplib::Response& response) {
      ++logins_;
      response.set_content("{\"token\":\"t-" + request.body + "\"}", "application/json");
    });
    server_.Get("/cart", [this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      ++carts_[request.get_header_value("authorization")];
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~Shop() {
    server_.stop();
    thread_.join();
  }

  std::string url() const { return absl::StrCat("http://127.0.0.1:", port_); }
  absl::StatusOr<TrialResult> Load(std::shared_ptr<const Workload> workload, LoadShape load) {
    Plan plan;
    plan.load = load;
    plan.load.threads = 2;
    plan.load.concurrency = plan.load.connections = 8;
    plan.load.timeout = seconds(20);
    EngineSpec spec;
    spec.endpoint =
        Endpoint(boost::asio::ip::make_address("127.0.0.1"), static_cast<uint16_t>(port_));
    spec.authority = ToString(spec.endpoint);
    spec.timeout = plan.load.timeout;
    spec.keep_response = workload->reads_responses();
    plan.engines = {spec};
    plan.workload = std::move(workload);
    plan.seed = 1;
    return RunTrial(plan, nullptr);
  }

  int64_t logins() const { return logins_; }
  int64_t results() const { return results_; }
  /// By token. After the run.
  const std::map<std::string, int>& carts() const { return carts_; }

 private:
  httplib::Server server_;
  std::atomic<int64_t> jobs_{0}, results_{0}, logins_{0};
  std::mutex mutex_;
  std::map<std::string, int> asked_;
  std::map<std::string, int> carts_;
  int port_ = 0;
  std::thread thread_;
};

TEST(ScenarioOverHttp, UsersCarryTheirTokensFromStepToStep) {
  Shop shop;
  auto file = ParseScenarioFile(absl::StrCat("target: ", shop.url(), R"(
steps:
  - name: login
    http: POST /login
    data: "{{counter}}"
    headers: {content-type: text/plain}
    extract: {token: 'json:token'}
  - name: cart
    http: GET /cart
    headers: {authorization: "{{token}}"}
    repeat: 2
)"));
  ASSERT_TRUE(file.ok()) << file.status();
  auto workload = MakeScenarioWorkload(*std::move(file), nullptr);
  ASSERT_TRUE(workload.ok()) << workload.status();
  const auto result = shop.Load(*workload, {.requests = 500, .drain = seconds(20)});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->tally.ok(), 500);
  EXPECT_EQ(result->tally.failed(), 0);
  ASSERT_EQ(result->tally.steps().size(), 2u);
  EXPECT_EQ(result->tally.steps()[0].ok.count(), 500);
  EXPECT_EQ(result->tally.steps()[1].ok.count(), 1000);
  EXPECT_EQ(shop.logins(), 500);
  EXPECT_EQ(shop.carts().size(), 500u) << "each iteration has a number of its own";
  for (const auto& [token, count] : shop.carts()) EXPECT_EQ(count, 2) << token;
}

TEST(FollowOverHttp, EveryJobIsFollowedToItsResult) {
  Shop shop;
  RequestRecipe recipe;
  recipe.texts.method = "POST";
  recipe.texts.path = "/jobs";
  recipe.follow = true;
  recipe.expect = {"status=200", "json:id"};
  auto workload = MakeRequestWorkload(recipe);
  ASSERT_TRUE(workload.ok()) << workload.status();
  const auto result = shop.Load(*workload, {.requests = 200, .drain = seconds(20)});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->tally.ok(), 200);
  EXPECT_EQ(result->tally.http_count(200), 200);
  EXPECT_EQ(result->tally.Of(Series::kAcknowledged).count(), 200);
  EXPECT_EQ(shop.results(), 200);
  EXPECT_LT(result->tally.Of(Series::kAcknowledged).mean(), result->tally.ok_latency().mean());
}

TEST(ScenarioOverHttp, UsersWhoThinkAtTheEndAreCutOff) {
  Shop shop;
  auto file = ParseScenarioFile(absl::StrCat("target: ", shop.url(), R"(
steps:
  - {name: cart, http: GET /cart, think: 1h}
  - {name: never, http: GET /cart}
)"));
  ASSERT_TRUE(file.ok()) << file.status();
  auto workload = MakeScenarioWorkload(*std::move(file), nullptr);
  ASSERT_TRUE(workload.ok()) << workload.status();
  const auto result =
      shop.Load(*workload, {.duration = milliseconds(50), .drain = milliseconds(50)});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->cut_off, 8);
  EXPECT_EQ(result->tally.total(), 0);
}

}  // namespace
}  // namespace slipway::client
