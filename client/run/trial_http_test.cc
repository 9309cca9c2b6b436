// Whole runs over HTTP against servers on this machine.
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/engine/engine_spec.h"
#include "client/engine/tls.h"
#include "client/run/plan.h"
#include "client/run/trial.h"
#include "client/run/workload.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

/// A server whose answers a test decides, and which counts requests.
class HttpServer {
 public:
  using Answer = std::function<void(const httplib::Request&, httplib::Response&, int64_t number)>;

  explicit HttpServer(Answer answer) : answer_(std::move(answer)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(32); };
    server_.set_keep_alive_max_count(1'000'000);
    server_.set_tcp_nodelay(true);
    const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
      answer_(request, response, ++requests_);
    };
    server_.Get(".*", handle).Post(".*", handle).Delete(".*", handle);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~HttpServer() {
    Stop();
    thread_.join();
  }

  void Stop() { server_.stop(); }
  httplib::Server& server() { return server_; }
  int64_t requests() const { return requests_; }
  uint16_t port() const { return static_cast<uint16_t>(port_); }

 private:
  Answer answer_;
  httplib::Server server_;
  std::atomic<int64_t> requests_{0};
  int port_ = 0;
  std::thread thread_;
};

/// A listening socket that does to each connection what a test says, one after the other.
class RawServer {
 public:
  explicit RawServer(std::function<void(int fd)> serve) : serve_(std::move(serve)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    listen(listener_, 128);
    thread_ = std::thread([this] {
      for (int fd; (fd = accept(listener_, nullptr, nullptr)) >= 0; close(fd)) serve_(fd);
    });
  }
  ~RawServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  uint16_t port() const { return port_; }

 private:
  std::function<void(int fd)> serve_;
  int listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

/// Reads to the end of the request's head; empty when the peer has closed.
std::string ReadHead(int fd) {
  std::string head;
  char c;
  while (head.find("\r\n\r\n") == std::string::npos && recv(fd, &c, 1, 0) == 1) head += c;
  return head;
}

void Write(int fd, const std::string& text) {
  EXPECT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

/// A load of `GET /` that two threads make.
struct TestRun {
  uint16_t port = 0;
  Request request{.method = "GET", .path = "/"};
  LoadShape load{.threads = 2, .timeout = seconds(20), .drain = seconds(20)};
  std::function<void(const TrialProgress&)> progress;
  std::shared_ptr<const TlsClient> tls;
};

TestRun At(uint16_t port, int64_t requests, uint32_t concurrency) {
  TestRun run;
  run.port = port;
  run.load.requests = requests;
  run.load.threads = concurrency < 2 ? 1 : 2;
  run.load.concurrency = run.load.connections = concurrency;
  return run;
}

absl::StatusOr<TrialResult> TryRun(const TestRun& run) {
  Plan plan;
  plan.load = run.load;
  EngineSpec spec;
  spec.endpoint = Endpoint(boost::asio::ip::make_address("127.0.0.1"), run.port);
  spec.authority = ToString(spec.endpoint);
  spec.timeout = run.load.timeout;
  spec.tls = run.tls;
  plan.engines = {spec};
  plan.workload = MakeFixedWorkload(run.request);
  plan.server_pid = getpid();
  plan.seed = 1;
  return RunTrial(plan, run.progress);
}

TrialResult MustRun(const TestRun& run) {
  absl::StatusOr<TrialResult> result = TryRun(run);
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

void Ok(const httplib::Request&, httplib::Response& response, int64_t) {
  response.set_content("hello", "text/plain");
}

TEST(HttpTrial, CountsEqualTheServers) {
  HttpServer server(Ok);
  const TrialResult result = MustRun(At(server.port(), 5000, 16));
  EXPECT_EQ(server.requests(), 5000);
  EXPECT_EQ(result.tally.ok(), 5000);
  EXPECT_EQ(result.tally.failed(), 0);
  EXPECT_EQ(result.window.finished, 5000);
  EXPECT_EQ(result.tally.http_count(200), 5000);
  EXPECT_EQ(result.tally.ok_latency().count(), 5000);
  EXPECT_GT(result.throughput(), 0);
  EXPECT_GT(result.generator_cpu_us(), 0);
  EXPECT_GE(result.waited_share().value_or(0), 0);
  EXPECT_GT(result.busiest_thread_share, 0);
  EXPECT_EQ(result.warmup_requests, 0);
  EXPECT_EQ(result.cut_off, 0);
  EXPECT_EQ(result.offered, 0) << "only an open loop offers";
  EXPECT_EQ(result.tally.Of(Series::kLag).count(), 0);
  // The server is this process, too.
  EXPECT_GT(result.server_cpu_us(), 0);
  EXPECT_TRUE(result.server_waited.has_value());
  EXPECT_GT(result.server_resident, 1'000'000);
  EXPECT_GE(result.server_threads, 3);
  EXPECT_GE(result.steal_share().value_or(0), 0);
  EXPECT_LE(result.steal_share().value_or(0), 1);
}

TEST(HttpTrial, EndOfTimeLosesNothing) {
  HttpServer server(Ok);
  TestRun run = At(server.port(), 0, 16);
  run.load.duration = milliseconds(200);
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.tally.ok(), server.requests());
  EXPECT_EQ(result.tally.failed(), 0);
  EXPECT_LE(result.window.finished, result.tally.total());
  EXPECT_EQ(result.elapsed, milliseconds(200));
}

TEST(HttpTrial, WarmUpIsNotCounted) {
  HttpServer server(Ok);
  TestRun run = At(server.port(), 500, 4);
  run.load.warmup = milliseconds(50);
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.tally.ok(), 500);
  EXPECT_EQ(result.warmup_requests + 500, server.requests());
}

TEST(HttpTrial, WhatTheWarmUpSentIsNotCounted) {
  HttpServer server(Ok);
  const uint64_t size = MustRun(At(server.port(), 1, 1)).bytes_sent;
  TestRun run = At(server.port(), 500, 4);
  run.load.warmup = milliseconds(50);
  const TrialResult result = MustRun(run);
  EXPECT_GT(result.bytes_sent, 0u);
  // Each slot may start one more, that was free before, between the window's edge and the look.
  EXPECT_LE(result.bytes_sent, (500 + 4) * size);
  EXPECT_EQ(result.bytes_sent % size, 0u);
}

TEST(HttpTrial, ReconnectsOfTheWarmUpAreNotCounted) {
  HttpServer server(Ok);
  server.server().set_keep_alive_max_count(1);
  TestRun run = At(server.port(), 20, 2);
  run.load.warmup = milliseconds(100);
  const TrialResult result = MustRun(run);
  EXPECT_GT(result.warmup_requests, 0);
  EXPECT_LE(result.reconnects, 20u + 2u);
}

TEST(HttpTrial, FailuresAreNeverSuccesses) {
  HttpServer server([](const httplib::Request&, httplib::Response& response, int64_t number) {
    response.status = number % 3 == 0 ? 503 : number % 3 == 1 ? 302 : 200;
    response.set_content(number % 3 == 0 ? "no backend" : "fine", "text/plain");
  });
  const TrialResult result = MustRun(At(server.port(), 3000, 8));
  EXPECT_EQ(result.tally.ok(), 2000);
  EXPECT_EQ(result.tally.failed(), 1000);
  EXPECT_EQ(result.tally.ok_latency().count(), 2000);
  EXPECT_EQ(result.tally.failed_latency().count(), 1000);
  EXPECT_EQ(result.tally.http_count(302), 1000);
  EXPECT_EQ(result.tally.http_count(503), 1000);
  ASSERT_EQ(result.tally.failures().size(), 1u);
  EXPECT_EQ(result.tally.failures()[0].message, "no backend");
  EXPECT_EQ(result.window.ok, 2000);
}

TEST(HttpTrial, SendsMethodHeadersAndBody) {
  std::atomic<int> wrong{0};
  HttpServer server([&](const httplib::Request& request, httplib::Response& response, int64_t) {
    const bool right = request.method == "POST" && request.body == "{\"a\":1}" &&
                       request.get_header_value("X-Test") == "yes" &&
                       request.get_header_value("Content-Type") == "application/json" &&
                       request.target == "/users?role=sales";
    if (!right) ++wrong;
    response.set_content("", "text/plain");
  });
  TestRun run = At(server.port(), 100, 4);
  run.request = {.method = "POST",
                 .path = "/users?role=sales",
                 .headers = {{"X-Test", "yes"}, {"Content-Type", "application/json"}},
                 .messages = {"{\"a\":1}"}};
  EXPECT_EQ(MustRun(run).tally.ok(), 100);
  EXPECT_EQ(wrong, 0);
}

TEST(HttpTrial, LargeBodiesBothWays) {
  const std::string large(3'000'000, 'x');
  HttpServer server([&](const httplib::Request& request, httplib::Response& response, int64_t) {
    response.status = request.body == large ? 200 : 400;
    response.set_content(large, "text/plain");
  });
  TestRun run = At(server.port(), 20, 4);
  run.request = {.method = "POST", .path = "/", .messages = {large}};
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.tally.ok(), 20);
  EXPECT_EQ(result.tally.bytes_received(), 20 * large.size());
  EXPECT_GT(result.bytes_sent, 20 * large.size());
}

TEST(HttpTrial, HeadHasNoBody) {
  HttpServer server(Ok);
  TestRun run = At(server.port(), 100, 4);
  run.request.method = "HEAD";
  EXPECT_EQ(MustRun(run).tally.ok(), 100);
}

TEST(HttpTrial, ChunkedAnswers) {
  HttpServer server([](const httplib::Request&, httplib::Response& response, int64_t) {
    response.set_chunked_content_provider("text/plain", [](size_t, httplib::DataSink& sink) {
      sink.write("one", 3);
      sink.write("two", 3);
      sink.done();
      return true;
    });
  });
  EXPECT_EQ(MustRun(At(server.port(), 300, 4)).tally.ok(), 300);
}

TEST(HttpTrial, ConnectionsThatTheServerClosesAreReopened) {
  HttpServer server(Ok);
  server.server().set_keep_alive_max_count(1);
  const TrialResult result = MustRun(At(server.port(), 300, 4));
  EXPECT_EQ(result.tally.ok(), 300);
  EXPECT_EQ(server.requests(), 300);
}

TEST(HttpTrial, BodyToTheEndOfTheConnection) {
  RawServer server([](int fd) {
    if (!ReadHead(fd).empty()) Write(fd, "HTTP/1.0 200 OK\r\n\r\nall of it");
  });
  EXPECT_EQ(MustRun(At(server.port(), 20, 1)).tally.ok(), 20);
}

TEST(HttpTrial, BrokenConnectionsAreFailures) {
  RawServer server([](int fd) {
    if (!ReadHead(fd).empty()) Write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  const TrialResult result = MustRun(At(server.port(), 10, 1));
  EXPECT_EQ(result.tally.ok(), 0);
  EXPECT_EQ(result.tally.failed(), 10);
  EXPECT_EQ(result.tally.http_count(200), 0);
  ASSERT_EQ(result.tally.failures().size(), 1u);
  EXPECT_EQ(result.tally.failures()[0].kind, OutcomeKind::kBroken);
  EXPECT_THAT(result.tally.failures()[0].message, HasSubstr("middle of a response"));
}

TEST(HttpTrial, TimeoutsAreFailuresAndCloseTheConnection) {
  std::atomic<int> closed{0};
  RawServer server([&](int fd) {
    if (ReadHead(fd).empty()) return;
    char c;
    if (recv(fd, &c, 1, 0) == 0) ++closed;  // until the client gives up
  });
  TestRun run = At(server.port(), 3, 1);
  run.load.timeout = milliseconds(20);
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.tally.failed(), 3);
  ASSERT_EQ(result.tally.failures().size(), 1u);
  EXPECT_EQ(result.tally.failures()[0].kind, OutcomeKind::kTimeout);
  EXPECT_GE(result.tally.failed_latency().min(), 20'000'000);
  while (closed < 3) std::this_thread::yield();  // a server's thread sees it when it comes to run
}

TEST(HttpTrial, ServerThatGoesAwayIsNamed) {
  HttpServer* to_stop = nullptr;
  HttpServer server([&](const httplib::Request&, httplib::Response& response, int64_t number) {
    response.set_content("hello", "text/plain");
    if (number == 50) to_stop->Stop();
  });
  to_stop = &server;
  const TrialResult result = MustRun(At(server.port(), 100, 2));
  EXPECT_EQ(result.tally.total(), 100);
  EXPECT_LE(result.tally.ok(), server.requests());
  const auto& failures = result.tally.failures();
  const auto refused = std::find_if(failures.begin(), failures.end(), [](const Failure& failure) {
    return failure.kind == OutcomeKind::kConnect;
  });
  ASSERT_NE(refused, failures.end());
  EXPECT_EQ(refused->code, ECONNREFUSED);
  EXPECT_THAT(refused->message, HasSubstr("cannot connect to 127.0.0.1:"));
  EXPECT_THAT(refused->message, HasSubstr("Connection refused"));
}

TEST(HttpTrial, InterruptEndsWithWhatThereIs) {
  HttpServer server([](const httplib::Request&, httplib::Response& response, int64_t number) {
    response.set_content("hello", "text/plain");
    if (number == 100) kill(getpid(), SIGINT);
  });
  TestRun run = At(server.port(), 0, 4);
  run.load.duration = seconds(3600);
  const TrialResult result = MustRun(run);
  EXPECT_TRUE(result.interrupted);
  EXPECT_GE(result.tally.ok(), 90);
  EXPECT_EQ(result.tally.failed(), 0);
  EXPECT_LE(result.cut_off, 4);
  EXPECT_GE(server.requests(), result.tally.total());
  EXPECT_LE(server.requests(), result.tally.total() + result.cut_off);
  EXPECT_LT(result.elapsed, seconds(3600));
}

// A handshake that never ends keeps Connect from its end.
TEST(HttpTrial, InterruptWhileConnectingEndsItAtOnce) {
  RawServer server([](int fd) {
    char c;
    while (recv(fd, &c, 1, 0) == 1) {  // until the client gives up
    }
  });
  const auto tls = TlsClient::Make({.insecure = true}, "127.0.0.1", {"http/1.1"});
  ASSERT_TRUE(tls.ok()) << tls.status();
  TestRun run = At(server.port(), 100, 4);
  run.tls = *tls;
  run.progress = [sent = false](const TrialProgress& progress) mutable {
    EXPECT_EQ(progress.phase, TrialProgress::Phase::kConnecting);
    if (!std::exchange(sent, true)) kill(getpid(), SIGINT);
  };
  const absl::Status status = TryRun(run).status();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_EQ(status.message(), "interrupted");
}

TEST(HttpTrialDeathTest, ThreadsThatCannotBeStartedAreNamed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto run = [] {
    // Root has no limit.
    if (getuid() == 0 && setuid(65534) != 0) std::_Exit(0);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_NPROC, &none);
    const absl::Status status = TryRun(At(1, 10, 2)).status();
    const bool right = absl::IsResourceExhausted(status) &&
                       absl::StrContains(status.message(), "cannot start 2 threads, only 0");
    std::_Exit(right ? 0 : 1);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

TEST(HttpTrial, MoreConnectionsThanRequestsInFlight) {
  HttpServer server(Ok);
  TestRun run = At(server.port(), 500, 3);
  run.load.connections = 20;
  EXPECT_EQ(MustRun(run).tally.ok(), 500);
}

int64_t CountOf(const Timeline& timeline) {
  int64_t count = 0;
  for (const Timeline::Slice& slice : timeline.slices()) count += slice.failed + slice.ok.count();
  return count;
}

TEST(HttpTrial, TimelineHasWhatEndedInTheWindow) {
  HttpServer server(Ok);
  TestRun run = At(server.port(), 0, 8);
  run.load.warmup = milliseconds(50);
  run.load.duration = milliseconds(300);
  const TrialResult result = MustRun(run);
  EXPECT_EQ(CountOf(result.timeline), result.window.finished);
  EXPECT_EQ(result.timeline.interval(), milliseconds(100));
  EXPECT_LE(result.timeline.slices().size(), 3u);
  EXPECT_EQ(result.tally.total() + result.warmup_requests, server.requests());
}

// All begin in the warm-up and end in the window or after it, one after the other.
TEST(HttpTrial, TotalsAreExactWhenOneWorkerIsSlow) {
  RawServer server([](int fd) {
    while (!ReadHead(fd).empty()) {
      std::this_thread::sleep_for(milliseconds(30));
      Write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
  });
  TestRun run = At(server.port(), 0, 10);
  run.load.warmup = milliseconds(20);
  run.load.duration = milliseconds(100);
  const TrialResult result = MustRun(run);
  EXPECT_GE(result.warmup_requests, 10);
  EXPECT_GE(result.window.finished, 1);
  EXPECT_EQ(result.tally.failed(), 0);
  EXPECT_EQ(result.cut_off, 0);
}

TEST(HttpTrial, DrainCutsOff) {
  RawServer server([](int fd) {
    char c;
    while (recv(fd, &c, 1, 0) == 1) {  // until the client gives up
    }
  });
  TestRun run = At(server.port(), 0, 4);
  run.load.duration = milliseconds(50);
  run.load.drain = milliseconds(50);
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.tally.total(), 0);
  EXPECT_EQ(result.cut_off, 4);
  EXPECT_EQ(result.elapsed, milliseconds(50));
  EXPECT_FALSE(result.interrupted);
}

// What hangs at the end of the time was not measured for less than that time.
TEST(HttpTrial, TimeEndsItWhereTheNumberIsNotReached) {
  RawServer server([requests = 0](int fd) mutable {
    while (!ReadHead(fd).empty()) {
      if (++requests > 10) continue;  // no answer any more
      Write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  TestRun run = At(server.port(), 1000, 1);
  run.load.duration = milliseconds(300);
  run.load.drain = milliseconds(10);
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.tally.total() + result.cut_off, 11);
  EXPECT_EQ(result.elapsed, milliseconds(300));
}

TEST(HttpTrial, OpenLoopOffersItsRate) {
  HttpServer server(Ok);
  TestRun run = At(server.port(), 0, 16);
  run.load.model = LoadModel::kConstant;
  run.load.rate = 1000;
  run.load.warmup = milliseconds(100);
  run.load.duration = milliseconds(500);
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.offered, 500);
  EXPECT_EQ(result.tally.ok(), 500);
  EXPECT_EQ(result.warmup_requests, 100);
  EXPECT_EQ(server.requests(), 600);
  EXPECT_EQ(result.tally.Of(Series::kLag).count(), 500);
  EXPECT_EQ(result.tally.Of(Series::kService).count(), 500);
  EXPECT_GE(result.tally.ok_latency().max(), result.tally.Of(Series::kService).min());
}

TEST(HttpTrial, NumberOfRequestsEndsAnOpenLoop) {
  HttpServer server(Ok);
  for (const LoadModel model : {LoadModel::kConstant, LoadModel::kPoisson}) {
    TestRun run = At(server.port(), 333, 16);
    run.load.model = model;
    run.load.rate = 2000;
    const int64_t before = server.requests();
    const TrialResult result = MustRun(run);
    EXPECT_EQ(result.tally.ok(), 333);
    EXPECT_EQ(result.offered, 333);
    EXPECT_EQ(server.requests() - before, 333);
  }
}

// The gap after the last request belongs to it: otherwise two requests would be twice as fast.
TEST(HttpTrial, NumberAtARateTakesItsTime) {
  HttpServer server(Ok);
  for (const milliseconds duration : {milliseconds(0), milliseconds(60'000)}) {
    TestRun run = At(server.port(), 3, 4);
    run.load.model = LoadModel::kConstant;
    run.load.rate = 20;
    run.load.warmup = milliseconds(50);
    run.load.duration = duration;
    const TrialResult result = MustRun(run);
    EXPECT_EQ(result.offered, 3);
    EXPECT_GE(result.elapsed, milliseconds(150));
    EXPECT_LT(result.elapsed, seconds(50));
    EXPECT_LE(result.throughput(), 20);
  }
}

TEST(HttpTrial, OfferedIsWithoutTheWaitForTheLastAnswer) {
  RawServer server([](int fd) {
    while (!ReadHead(fd).empty()) {
      std::this_thread::sleep_for(milliseconds(300));
      Write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  TestRun run = At(server.port(), 3, 1);
  run.load.model = LoadModel::kConstant;
  run.load.rate = 20;
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.offered, 3);
  EXPECT_GE(result.elapsed, milliseconds(300));
  EXPECT_NEAR(result.offered_rate(), 20, 0.01);
}

TEST(HttpTrial, ScheduleIsMeasuredWhole) {
  HttpServer server(Ok);
  TestRun run = At(server.port(), 0, 16);
  run.load.model = LoadModel::kSchedule;
  run.load.schedule = "100ms@0..1000,+40,100ms@500";
  run.load.warmup = milliseconds(50);
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.offered, 50 + 40 + 50);
  EXPECT_EQ(result.tally.ok(), 140);
  EXPECT_EQ(result.elapsed, milliseconds(200));
}

TEST(HttpTrial, PauseAfterTheLastRequestIsMeasured) {
  HttpServer server(Ok);
  TestRun run = At(server.port(), 0, 4);
  run.load.model = LoadModel::kSchedule;
  run.load.schedule = "+4,200ms@0";
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.tally.ok(), 4);
  EXPECT_EQ(result.elapsed, milliseconds(200));
  EXPECT_GT(result.throughput(), 0);
  EXPECT_LE(result.throughput(), 20);
}

TEST(HttpTrial, ScheduleThatIsNoneIsSaid) {
  TestRun run = At(1, 0, 1);
  run.load.model = LoadModel::kSchedule;
  run.load.schedule = "fast";
  const absl::Status status = TryRun(run).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"fast\" of the schedule"));
}

// A server that stalls makes requests late that find no slot; each of them is slow.
TEST(HttpTrial, StallShowsInTheOpenLoop) {
  std::atomic<int64_t> requests{0};
  RawServer server([&](int fd) {
    while (!ReadHead(fd).empty()) {
      if (++requests == 50) std::this_thread::sleep_for(milliseconds(300));
      Write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  TestRun run = At(server.port(), 200, 1);
  run.load.threads = 1;
  run.load.model = LoadModel::kConstant;
  run.load.rate = 200;
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.tally.ok(), 200);
  // 60 requests were due in the stall: half of them waited for 150 ms and longer.
  const Histogram& latency = result.tally.ok_latency();
  int64_t slow = 0;
  for (size_t i = latency.SlotOf(150'000'000); i < latency.slots(); ++i) {
    slow += latency.CountOfSlot(i);
  }
  EXPECT_GE(slow, 29);
  EXPECT_GE(latency.max(), 300'000'000);
  EXPECT_GE(result.tally.Of(Series::kLag).max(), 290'000'000);
}

TEST(HttpTrial, ThinkTimeIsNotLatency) {
  HttpServer server(Ok);
  TestRun run = At(server.port(), 0, 2);
  run.load.duration = milliseconds(200);
  run.load.think = milliseconds(50);
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.tally.total(), server.requests());
  EXPECT_LE(result.tally.total(), 2 * 5) << "each slot rests after each request";
  EXPECT_GE(result.tally.total(), 2);
}

TEST(HttpTrial, ProgressIsTold) {
  HttpServer server(Ok);
  TestRun run = At(server.port(), 0, 4);
  run.load.duration = seconds(3600);
  double rate = 0;
  int64_t p99 = 0;
  bool interrupted = false;
  run.progress = [&](const TrialProgress& progress) {
    EXPECT_LE(progress.in_flight, 4);
    EXPECT_LE(progress.p50, progress.p99);
    if (progress.phase == TrialProgress::Phase::kMeasuring) {
      EXPECT_EQ(progress.planned, seconds(3600));
    }
    rate = std::max(rate, progress.rate);
    p99 = std::max(p99, progress.p99);
    if (rate == 0 || p99 == 0 || interrupted) return;
    interrupted = true;
    kill(getpid(), SIGINT);
  };
  const TrialResult result = MustRun(run);
  EXPECT_TRUE(result.interrupted);
  EXPECT_GT(rate, 0);
  EXPECT_GT(p99, 0);
}

TEST(HttpTrial, TargetThatIsNotThereIsNamed) {
  const absl::Status status = TryRun(At(1, 10, 2)).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("Connection refused"));
}

TEST(TrialResult, NumbersOfNothing) {
  const TrialResult nothing;
  EXPECT_EQ(nothing.throughput(), 0);
  EXPECT_EQ(nothing.generator_cpu_us(), 0);
  EXPECT_EQ(nothing.server_cpu_us(), std::nullopt);
  EXPECT_EQ(nothing.machine_cpu_us(), std::nullopt);
  EXPECT_EQ(nothing.generator_share(), std::nullopt);
  EXPECT_EQ(nothing.steal_share(), std::nullopt);
  EXPECT_EQ(nothing.offered_rate(), 0);
}

TEST(TrialResult, NumbersOfEachRequest) {
  TrialResult result;
  result.elapsed = seconds(2);
  result.threads = 2;
  result.window = {.finished = 1000, .ok = 900};
  result.generator_cpu = seconds(1);
  result.server_cpu = milliseconds(500);
  result.machine_cpu = seconds(3);
  result.machine_time = seconds(4);
  result.steal = milliseconds(400);
  result.waited = seconds(2);
  EXPECT_EQ(result.throughput(), 450);
  EXPECT_EQ(result.generator_cpu_us(), 1000);
  EXPECT_EQ(result.server_cpu_us(), 500);
  EXPECT_EQ(result.machine_cpu_us(), 3000);
  EXPECT_EQ(result.generator_share(), 0.25);
  EXPECT_EQ(result.waited_share(), 0.5);
  EXPECT_DOUBLE_EQ(result.steal_share().value_or(0), 0.1);
  EXPECT_EQ(result.server_share(), 0.25);
  result.offered = 1000;
  EXPECT_EQ(result.offered_rate(), 500);
  result.offered_time = seconds(1);
  EXPECT_EQ(result.offered_rate(), 1000);
}

TEST(TrialResult, SharesAreNoneOfShortRunsAndNeverAboveOne) {
  TrialResult result;
  result.elapsed = milliseconds(49);
  result.generator_cpu = result.waited = milliseconds(60);
  result.server_cpu = result.generator_cpu;
  result.machine_time = milliseconds(98);
  result.busiest_thread_share = 1.2;
  for (const auto& share : {result.generator_share(), result.waited_share(), result.busiest_share(),
                            result.server_share(), result.steal_share()}) {
    EXPECT_EQ(share, std::nullopt);
  }
  result.elapsed = milliseconds(50);
  EXPECT_EQ(result.generator_share(), 1);
  EXPECT_EQ(result.waited_share(), 1);
  EXPECT_EQ(result.busiest_share(), 1);
  EXPECT_EQ(result.server_share(), 1.2) << "of several threads";
}

// The others may idle meanwhile.
TEST(TrialResult, OneThreadWithoutTimeIsSaturation) {
  TrialResult result;
  result.elapsed = seconds(2);
  result.threads = 4;
  result.generator_cpu = seconds(2);
  result.busiest_thread_share = 0.9;
  EXPECT_FALSE(result.generator_saturated());
  result.busiest_thread_share = 0.96;
  EXPECT_TRUE(result.generator_saturated());
  result.elapsed = milliseconds(50);
  EXPECT_FALSE(result.generator_saturated()) << "too short to tell";
}

}  // namespace
}  // namespace slipway::client
