#include "server/upstream/embedded_upstream.h"

#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/upstream/cat_fact_list.h"
#include "server/upstream/threads_on_demand.h"
#include "server/upstream/window_counter.h"

namespace slipway::server {
namespace {

constexpr char kHost[] = "127.0.0.1";
constexpr std::size_t kThreads = 600;
constexpr int kBacklog = 1024;
constexpr std::chrono::seconds kLongestStall{60};

std::string FactJson(std::string_view fact) {
  std::string json = R"({"fact": ")";
  for (const char c : fact) {
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  absl::StrAppend(&json, R"(", "length": )", fact.size(), "}");
  return json;
}

std::int64_t RoundedUpSeconds(rpc::Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

}  // namespace

class EmbeddedUpstream::Impl {
 public:
  explicit Impl(Options options)
      : options_(std::move(options)),
        counter_(options_.limit, options_.window),
        owed_(options_.faults.size()) {
    server_.set_socket_options([this](int socket) { PrepareSocket(socket); });
    server_.set_tcp_nodelay(true);
    server_.set_keep_alive_max_count(1);
    server_.new_task_queue = [] { return new ThreadsOnDemand(kThreads); };
    server_.set_pre_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          Serve(request, response);
          return httplib::Server::HandlerResponse::Handled;
        });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    if (!thread_.joinable()) return;
    // The library ignores a stop that comes before its loop has begun.
    while (!server_.is_running() && !ended_) std::this_thread::yield();
    server_.stop();
    thread_.join();
  }

  bool Start() {
    port_ = options_.port;
    if (port_ == 0) {
      port_ = server_.bind_to_any_port(kHost);
    } else if (!server_.bind_to_port(kHost, port_)) {
      port_ = -1;
    }
    if (port_ <= 0) return false;
    // The library listens with a backlog of 5, on which a burst of connections breaks: those that
    // find no room are tried again after a second.
    if (::listen(socket_, kBacklog) != 0) return false;
    thread_ = std::thread([this] {
      server_.listen_after_bind();
      ended_ = true;
    });
    return true;
  }

  int port() const { return port_; }

  void SetFault(UpstreamFault fault, std::uint64_t times) {
    {
      const std::lock_guard lock(mutex_);
      fault_ = fault;
      faults_left_ = times;
      ++fault_changes_;
    }
    changed_.notify_all();
  }

  Counts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  /// What becomes of one request.
  struct Verdict {
    UpstreamFault fault = UpstreamFault::kNone;
    std::optional<rpc::Duration> retry_after;  // refused
    std::uint64_t number = 0;                  // of the fact
    std::uint64_t fault_changes = 0;
  };

  void PrepareSocket(int socket) {
    // Not SO_REUSEPORT, the library's default: two of one port would share the requests.
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    socket_ = socket;
  }

  Verdict Judge() {
    const std::lock_guard lock(mutex_);
    Verdict verdict;
    verdict.fault_changes = fault_changes_;
    if (fault_ != UpstreamFault::kNone && faults_left_ > 0) {
      --faults_left_;
      verdict.fault = fault_;
    } else {
      verdict.fault = FaultInTurn();
    }
    verdict.retry_after = verdict.fault == UpstreamFault::kRefuse
                              ? std::chrono::seconds(1)
                              : counter_.Admit(rpc::Clock::now());
    if (verdict.retry_after) {
      ++counts_.refused;
    } else if (verdict.fault != UpstreamFault::kNone) {
      ++counts_.faulty;
    } else {
      verdict.number = counts_.facts++;
    }
    return verdict;
  }

  /// Each request owes each fault its share, and pays one that is whole.
  UpstreamFault FaultInTurn() {
    constexpr double kWhole = 1 - 1e-9;  // ten tenths are less than one
    for (std::size_t i = 0; i < owed_.size(); ++i) owed_[i] += options_.faults[i].share;
    for (std::size_t i = 0; i < owed_.size(); ++i) {
      if (owed_[i] < kWhole) continue;
      owed_[i] -= 1;
      return options_.faults[i].fault;
    }
    return UpstreamFault::kNone;
  }

  /// False when the upstream ends.
  bool Sleep(rpc::Duration duration) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, duration, [this] { return stopped_; });
  }
  void Stall(std::uint64_t fault_changes) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLongestStall,
                      [&] { return stopped_ || fault_changes_ != fault_changes; });
  }
  bool Stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }

  void Serve(const httplib::Request& request, httplib::Response& response) {
    if (request.path != "/fact" || request.method != "GET") {
      response.status = 404;
      response.set_content("only GET /fact\n", "text/plain");
      return;
    }
    CountInProgress(1);
    const Verdict verdict = Judge();
    if (options_.latency > rpc::Duration::zero()) Sleep(options_.latency);
    if (verdict.retry_after) {
      response.status = 429;
      response.set_header("Retry-After", std::to_string(RoundedUpSeconds(*verdict.retry_after)));
      response.set_content(R"({"message": "Rate Limit Exceeded", "code": 429})",
                           "application/json");
    } else if (verdict.fault != UpstreamFault::kNone) {
      Misbehave(verdict, response);
    } else {
      const auto facts = CatFactList();
      response.set_content(FactJson(facts[verdict.number % facts.size()]), "application/json");
    }
    CountInProgress(-1);
  }

  void Misbehave(const Verdict& verdict, httplib::Response& response) {
    switch (verdict.fault) {
      case UpstreamFault::kClose:
        response.set_content_provider(64, "application/json",
                                      [](size_t, size_t, httplib::DataSink&) { return false; });
        return;
      case UpstreamFault::kGarbage:
        response.set_content("<html>no fact here</html>", "text/html");
        return;
      case UpstreamFault::kEndless:
        response.set_chunked_content_provider(
            "application/json", [this](size_t, httplib::DataSink& sink) {
              static const std::string spaces(16 * 1024, ' ');
              return !Stopped() && sink.write(spaces.data(), spaces.size());
            });
        return;
      case UpstreamFault::kStall:
        Stall(verdict.fault_changes);
        break;
      default:
        break;
    }
    response.status = 500;
    response.set_content(R"({"message": "Server Error"})", "application/json");
  }

  void CountInProgress(int by) {
    const std::lock_guard lock(mutex_);
    counts_.in_progress += by;
    counts_.most_in_progress = std::max(counts_.most_in_progress, counts_.in_progress);
  }

  const Options options_;
  httplib::Server server_;
  int socket_ = -1;
  int port_ = -1;
  std::thread thread_;
  std::atomic<bool> ended_{false};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All guarded by mutex_:
  WindowCounter counter_;
  Counts counts_;
  UpstreamFault fault_ = UpstreamFault::kNone;
  std::uint64_t faults_left_ = 0;
  std::vector<double> owed_;  // of the options' faults
  std::uint64_t fault_changes_ = 0;
  bool stopped_ = false;
};

EmbeddedUpstream::EmbeddedUpstream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EmbeddedUpstream::~EmbeddedUpstream() = default;

absl::StatusOr<std::unique_ptr<EmbeddedUpstream>> EmbeddedUpstream::Start(Options options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  if (!impl->Start()) {
    return absl::UnavailableError(
        absl::StrCat("the embedded fact upstream cannot listen on ", kHost, ":", options.port));
  }
  return std::unique_ptr<EmbeddedUpstream>(new EmbeddedUpstream(std::move(impl)));
}

int EmbeddedUpstream::port() const { return impl_->port(); }
std::string EmbeddedUpstream::url() const {
  return absl::StrCat("http://", kHost, ":", impl_->port(), "/fact");
}
void EmbeddedUpstream::SetFault(UpstreamFault fault, std::uint64_t times) {
  impl_->SetFault(fault, times);
}
EmbeddedUpstream::Counts EmbeddedUpstream::counts() const { return impl_->counts(); }

}  // namespace slipway::server
