// Whole runs over HTTP against servers on this machine.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "client/run/plan.h"
#include "client/run/trial.h"

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
  std::string Url(const std::string& path) const {
    return absl::StrCat("http://127.0.0.1:", port_, path);
  }

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
  std::string Url() const { return absl::StrCat("http://127.0.0.1:", port_, "/"); }

 private:
  std::function<void(int fd)> serve_;
  int listener_;
  int port_ = 0;
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

LoadOptions Options(const std::string& url, int64_t requests, uint32_t concurrency) {
  LoadOptions options;
  options.targets = {url};
  options.requests = requests;
  options.concurrency = concurrency;
  options.threads = 2;
  return options;
}

TrialResult MustRun(const LoadOptions& options) {
  const absl::StatusOr<Plan> plan = PreparePlan(options, 0);
  EXPECT_TRUE(plan.ok()) << plan.status();
  absl::StatusOr<TrialResult> result = RunTrial(*plan, {});
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

void Ok(const httplib::Request&, httplib::Response& response, int64_t) {
  response.set_content("hello", "text/plain");
}

TEST(HttpTrial, CountsEqualTheServers) {
  HttpServer server(Ok);
  const TrialResult result = MustRun(Options(server.Url("/"), 5000, 16));
  EXPECT_EQ(server.requests(), 5000);
  EXPECT_EQ(result.tally.ok(), 5000);
  EXPECT_EQ(result.tally.failed(), 0);
  EXPECT_EQ(result.window.finished, 5000);
  EXPECT_EQ(result.tally.http_count(200), 5000);
  EXPECT_EQ(result.tally.ok_latency().count(), 5000);
  EXPECT_GT(result.throughput(), 0);
  EXPECT_GT(result.generator_cpu_us(), 0);
  EXPECT_GE(result.waited_share(), 0);
}

TEST(HttpTrial, EndOfTimeLosesNothing) {
  HttpServer server(Ok);
  LoadOptions options = Options(server.Url("/"), 0, 16);
  options.duration = milliseconds(200);
  const TrialResult result = MustRun(options);
  EXPECT_EQ(result.tally.ok(), server.requests());
  EXPECT_EQ(result.tally.failed(), 0);
  EXPECT_LE(result.window.finished, result.tally.total());
  EXPECT_EQ(result.elapsed, milliseconds(200));
}

TEST(HttpTrial, WarmUpIsNotCounted) {
  HttpServer server(Ok);
  LoadOptions options = Options(server.Url("/"), 500, 4);
  options.warmup = milliseconds(50);
  const TrialResult result = MustRun(options);
  EXPECT_EQ(result.tally.ok(), 500);
  EXPECT_GT(server.requests(), 500);
}

TEST(HttpTrial, FailuresAreNeverSuccesses) {
  HttpServer server([](const httplib::Request&, httplib::Response& response, int64_t number) {
    response.status = number % 3 == 0 ? 503 : number % 3 == 1 ? 302 : 200;
    response.set_content(number % 3 == 0 ? "no backend" : "fine", "text/plain");
  });
  const TrialResult result = MustRun(Options(server.Url("/"), 3000, 8));
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
  LoadOptions options = Options(server.Url("/users?role=sales"), 100, 4);
  options.data = {"{\"a\":1}"};
  options.headers = {"X-Test: yes"};
  EXPECT_EQ(MustRun(options).tally.ok(), 100);
  EXPECT_EQ(wrong, 0);
}

TEST(HttpTrial, LargeBodiesBothWays) {
  const std::string large(3'000'000, 'x');
  HttpServer server([&](const httplib::Request& request, httplib::Response& response, int64_t) {
    response.status = request.body == large ? 200 : 400;
    response.set_content(large, "text/plain");
  });
  LoadOptions options = Options(server.Url("/"), 20, 4);
  options.data = {large};
  const TrialResult result = MustRun(options);
  EXPECT_EQ(result.tally.ok(), 20);
  EXPECT_GT(result.tally.bytes_received(), 20 * large.size());
  EXPECT_GT(result.bytes_sent, 20 * large.size());
}

TEST(HttpTrial, HeadHasNoBody) {
  HttpServer server(Ok);
  LoadOptions options = Options(server.Url("/"), 100, 4);
  options.method = "HEAD";
  EXPECT_EQ(MustRun(options).tally.ok(), 100);
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
  EXPECT_EQ(MustRun(Options(server.Url("/"), 300, 4)).tally.ok(), 300);
}

TEST(HttpTrial, ConnectionsThatTheServerClosesAreReopened) {
  HttpServer server(Ok);
  server.server().set_keep_alive_max_count(1);
  const TrialResult result = MustRun(Options(server.Url("/"), 300, 4));
  EXPECT_EQ(result.tally.ok(), 300);
  EXPECT_EQ(server.requests(), 300);
}

TEST(HttpTrial, BodyToTheEndOfTheConnection) {
  RawServer server([](int fd) {
    if (!ReadHead(fd).empty()) Write(fd, "HTTP/1.0 200 OK\r\n\r\nall of it");
  });
  EXPECT_EQ(MustRun(Options(server.Url(), 20, 1)).tally.ok(), 20);
}

TEST(HttpTrial, BrokenConnectionsAreFailures) {
  RawServer server([](int fd) {
    if (!ReadHead(fd).empty()) Write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  const TrialResult result = MustRun(Options(server.Url(), 10, 1));
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
  LoadOptions options = Options(server.Url(), 3, 1);
  options.timeout = milliseconds(20);
  const TrialResult result = MustRun(options);
  EXPECT_EQ(result.tally.failed(), 3);
  ASSERT_EQ(result.tally.failures().size(), 1u);
  EXPECT_EQ(result.tally.failures()[0].kind, OutcomeKind::kTimeout);
  EXPECT_GE(result.tally.failed_latency().min(), 20'000'000);
  EXPECT_EQ(closed, 3);
}

TEST(HttpTrial, ServerThatGoesAwayIsNamed) {
  HttpServer* to_stop = nullptr;
  HttpServer server([&](const httplib::Request&, httplib::Response& response, int64_t number) {
    response.set_content("hello", "text/plain");
    if (number == 50) to_stop->Stop();
  });
  to_stop = &server;
  const TrialResult result = MustRun(Options(server.Url("/"), 100, 2));
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
  LoadOptions options = Options(server.Url("/"), 0, 4);
  options.duration = seconds(3600);
  const TrialResult result = MustRun(options);
  EXPECT_TRUE(result.interrupted);
  EXPECT_GE(result.tally.ok(), 90);
  EXPECT_EQ(result.tally.failed(), 0);
  EXPECT_LE(result.abandoned, 4);
  EXPECT_LT(result.elapsed, seconds(3600));
}

TEST(HttpTrial, MoreConnectionsThanRequestsInFlight) {
  HttpServer server(Ok);
  LoadOptions options = Options(server.Url("/"), 500, 3);
  options.connections = 20;
  EXPECT_EQ(MustRun(options).tally.ok(), 500);
}

TEST(PreparePlan, NamesAddressesThatCannotBeReached) {
  const absl::StatusOr<Plan> plan = PreparePlan(Options("http://127.0.0.1:1/", 1, 1), 0);
  EXPECT_TRUE(absl::IsUnavailable(plan.status()));
  EXPECT_THAT(std::string(plan.status().message()),
              HasSubstr("cannot connect to 127.0.0.1:1: Connection refused"));
}

TEST(PreparePlan, SharesAddUp) {
  Plan plan;
  plan.threads = 3;
  plan.concurrency = 50;
  plan.connections = 52;
  uint32_t slots = 0, connections = 0;
  for (int i = 0; i < plan.threads; ++i) {
    const Share share = plan.ShareOf(i);
    EXPECT_GE(share.connections, share.slots);
    slots += share.slots;
    connections += share.connections;
  }
  EXPECT_EQ(slots, 50u);
  EXPECT_EQ(connections, 52u);
}

TEST(PreparePlan, RefusesWhatDoesNotFit) {
  const struct {
    std::function<void(LoadOptions&)> change;
    const char* what;
  } kCases[] = {
      {[](LoadOptions& o) { o.connections = 3; }, "--connections 3"},
      {[](LoadOptions& o) { o.timeout = seconds(0); }, "--timeout"},
      {[](LoadOptions& o) { o.protoset = "x"; }, "--protoset"},
      {[](LoadOptions& o) { o.pids = {"abc"}; }, "--pid \"abc\""},
      {[](LoadOptions& o) {
         o.pids = {"1", "1"};
       },
       "--pid is given 2 times for 1"},
      {[](LoadOptions& o) { o.pids = {"4194304"}; }, "no such process"},
      {[](LoadOptions& o) {
         o.data = {"a", "b"};
       },
       "--data is given 2 times"},
      {[](LoadOptions& o) { o.targets[0] = "grpc://h:1/p.S/M", o.method = "GET"; }, "--method"},
  };
  for (const auto& c : kCases) {
    LoadOptions options = Options("http://127.0.0.1:1/", 100, 4);
    c.change(options);
    const absl::Status status = PreparePlan(options, 0).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.what));
  }
}

}  // namespace
}  // namespace slipway::client
