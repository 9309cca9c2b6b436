#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/host_port.h"
#include "base/limits.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "gateway/http/engine.h"
#include "gateway/http/httplib/blocking_exchange.h"
#include "gateway/http/httplib/head_check.h"
#include "gateway/http/httplib/open_connections.h"
#include "gateway/http/httplib/patient_server.h"
#include "gateway/http/httplib/worker_loop.h"
#include "gateway/http/httplib/worker_pool.h"
#include "gateway/http/recorder.h"
#include "gateway/http/response_writer.h"

namespace slipway::gateway {
namespace {

using HandlerResponse = httplib::Server::HandlerResponse;

/// Matches every path, line ends included; the gateway has a router of its own.
constexpr char kAnyPath[] = "[\\s\\S]*";

/// Open files that are not a worker's: listeners, logs, the store, gRPC, pages for administrators.
constexpr uint64_t kOtherDescriptors = 50;

/// Without descriptors the library accepts no more, and an event loop cannot even be made: better
/// said at once than found out under load.
absl::Status CheckDescriptors(int workers, int each) {
  const auto limit = base::RaiseFileLimit();
  if (!limit.ok()) return absl::OkStatus();  // not known: the start itself will tell
  constexpr uint64_t kConnection = 1;
  const uint64_t needed =
      static_cast<uint64_t>(workers) * (kConnection + static_cast<uint64_t>(each)) +
      kOtherDescriptors;
  if (needed <= limit->soft) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("--workers ", workers, " needs about ", needed,
                                                   " open files; the limit is ", limit->soft,
                                                   " (ulimit -n)"));
}

/// Counts what goes on, so that a drain can wait for it.
class InFlight {
 public:
  void Enter() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  void Leave() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  /// True when nothing is going on any more.
  bool WaitForNone(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    return none_.wait_for(lock, longest, [this] { return count_ == 0; });
  }
  void WaitForNone() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;  // guarded by mutex_
};

/// One listening server's way to the pool that all share. Made by the library, which deletes it.
class SharedQueue final : public httplib::TaskQueue {
 public:
  SharedQueue(WorkerPool& pool, Recorder& recorder, InFlight& connections)
      : pool_(pool), recorder_(recorder), connections_(connections) {}

  /// bool in later versions of the library.
  using Accepted = decltype(std::declval<httplib::TaskQueue&>().enqueue({}));

  Accepted enqueue(std::function<void()> serve) override {
    connections_.Enter();
    recorder_.ConnectionOpened();
    pool_.Enqueue([this, serve = std::move(serve)] {
      serve();
      recorder_.ConnectionClosed();
      connections_.Leave();
    });
    return static_cast<Accepted>(true);
  }

  void shutdown() override { connections_.WaitForNone(); }

 private:
  WorkerPool& pool_;
  Recorder& recorder_;
  InFlight& connections_;
};

void ReuseAddressOnly(int socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

/// Requests that the library refused before they came to us, by its status.
base::Reason ReasonOfStatus(int status) {
  switch (status) {
    case 413:
      return base::Reason::kBodyTooLarge;
    case 414:
      return base::Reason::kTargetTooLong;
    case 416:
      return base::Reason::kBadHeader;
    default:
      return base::Reason::kBadRequestLine;
  }
}

/// cpp-httplib, a thread for each connection.
class HttplibEngine final : public HttpEngine {
 public:
  HttplibEngine(EngineOptions options, WorkerLoops loops, Recorder& recorder)
      : options_(std::move(options)), loops_(std::move(loops)), recorder_(recorder) {}
  ~HttplibEngine() override { Drain(std::chrono::milliseconds(0)); }

  absl::Status Start() override {
    SLIPWAY_RETURN_IF_ERROR(CheckDescriptors(options_.workers, loops_.descriptors));
    for (const std::string& address : options_.listen) {
      SLIPWAY_RETURN_IF_ERROR(Listen(address));
    }
    auto pool = std::make_unique<WorkerPool>();
    SLIPWAY_RETURN_IF_ERROR(pool->Start(options_.workers, loops_));
    pool_ = std::move(pool);
    for (const auto& listener : listeners_) {
      listener->thread = std::thread([&server = listener->server] { server.listen_after_bind(); });
      while (!listener->server.is_running()) std::this_thread::yield();
    }
    return absl::OkStatus();
  }

  std::vector<int> ports() const override {
    std::vector<int> ports;
    for (const auto& listener : listeners_) ports.push_back(listener->port);
    return ports;
  }

  void Drain(std::chrono::milliseconds grace) override {
    if (pool_ == nullptr || std::exchange(drained_, true)) return;
    for (const auto& listener : listeners_) listener->server.stop();
    if (!exchanges_.WaitForNone(grace)) CancelAll();
    // More than once: a connection may have been accepted between the stop and the first pass.
    do {
      for (const auto& listener : listeners_) ShutdownConnections(listener->port, SHUT_RD);
    } while (!connections_.WaitForNone(std::chrono::milliseconds(100)));
    for (const auto& listener : listeners_) listener->thread.join();
    pool_->Join();
  }

 private:
  struct Listener {
    PatientServer server;
    socket_t socket = INVALID_SOCKET;
    int port = 0;
    std::thread thread;
  };

  absl::Status Listen(const std::string& text) {
    SLIPWAY_ASSIGN_OR_RETURN(const base::HostPort address, base::ParseHostPort(text));
    auto listener = std::make_unique<Listener>();
    SetUp(listener->server);
    listener->server.set_socket_options([&socket = listener->socket](socket_t made) {
      ReuseAddressOnly(made);
      socket = made;
    });
    const std::string host = address.host.empty() ? "0.0.0.0" : address.host;
    errno = 0;
    listener->port = address.port;
    if (address.port == 0) {
      listener->port = listener->server.bind_to_any_port(host);
    } else if (!listener->server.bind_to_port(host, address.port)) {
      listener->port = -1;
    }
    if (listener->port < 0) {
      return absl::UnavailableError(absl::StrCat("cannot listen on ", text, ": ",
                                                 errno != 0 ? std::strerror(errno) : "no address"));
    }
    // Again, with the system's backlog: of more than the library's 5 connections that come together
    // the kernel would drop the rest, and their clients try again after seconds.
    ::listen(listener->socket, SOMAXCONN);
    listeners_.push_back(std::move(listener));
    return absl::OkStatus();
  }

  void SetUp(httplib::Server& server) {
    using std::chrono::duration_cast;
    using std::chrono::seconds;
    const EngineLimits& limits = options_.limits;
    server.set_tcp_nodelay(true);
    server.new_task_queue = [this] { return new SharedQueue(*pool_, recorder_, connections_); };
    server.set_keep_alive_max_count(1'000'000'000);
    server.set_keep_alive_timeout(
        std::max<int64_t>(1, duration_cast<seconds>(limits.idle_timeout).count()));
    server.set_read_timeout(limits.head_deadline);
    server.set_write_timeout(limits.write_deadline);
    server.set_payload_max_length(limits.max_body_bytes);
    server.set_pre_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          return BeforeRouting(const_cast<httplib::Request&>(request), &response);
        });
    const auto with_body = [this](const httplib::Request& request, httplib::Response& response,
                                  const httplib::ContentReader& reader) {
      Serve(request, &response, &reader);
    };
    server.Post(kAnyPath, with_body).Put(kAnyPath, with_body);
    server.Patch(kAnyPath, with_body).Delete(kAnyPath, with_body);
    server.set_expect_100_continue_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          return OnExpectation(request, &response);
        });
    server.set_error_handler(httplib::Server::HandlerWithResponse(
        [this](const httplib::Request&, httplib::Response& response) {
          return OnError(&response);
        }));
    server.set_logger([this](const httplib::Request& request, const httplib::Response& response) {
      Record(request, response);
    });
  }

  /// 100 invites the body. Anything but 100 and 417 ends the request, through OnError.
  int OnExpectation(const httplib::Request& request, httplib::Response* response) {
    expected_ = CheckHead(request, options_.limits);
    if (!expected_) return 100;
    return response->status = expected_->status;
  }

  /// Serves what has no body here; methods with a body go on to the routes with content readers.
  HandlerResponse BeforeRouting(httplib::Request& request, httplib::Response* response) {
    // Both make the library change a body that is already encoded and counted.
    request.headers.erase("Accept-Encoding");
    request.headers.erase("Range");
    request.ranges.clear();
    if (const auto refusal = CheckHead(request, options_.limits)) {
      Refuse(*refusal, response);
      return HandlerResponse::Handled;
    }
    const std::string& method = request.method;
    if (method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE") {
      return HandlerResponse::Unhandled;
    }
    Serve(request, response, nullptr);
    return HandlerResponse::Handled;
  }

  void Serve(const httplib::Request& request, httplib::Response* response,
             const httplib::ContentReader* reader) {
    HttplibWorker& worker = WorkerPool::Current();
    exchanges_.Enter();
    worker.current = std::make_shared<BlockingExchange>(
        *worker.loop, MakeRequestHead(request), request.version == "HTTP/1.0",
        BlockingExchange::Limits{options_.limits.max_body_bytes, options_.limits.body_deadline});
    worker.current->Run(*worker.handler, reader);
    worker.current->Fill(response);
  }

  /// An answer of ours that closes the connection: what follows cannot be trusted to be a request.
  void Refuse(const Refusal& refusal, httplib::Response* response) {
    refusal_ = refusal.reason;
    response->status = refusal.status;
    response->set_header("Date", std::string(HttpDate()));
    response->set_header("Connection", "close");
    const std::string body = RefusalJson(refusal);
    response->set_content_provider(body.size(), "application/json",
                                   [body](size_t offset, size_t, httplib::DataSink& sink) {
                                     sink.write(body.data() + offset, body.size() - offset);
                                     return false;  // the only way to make the library close
                                   });
  }

  HandlerResponse OnError(httplib::Response* response) {
    if (WorkerPool::Current().current || refusal_ != base::Reason::kNone) {
      return HandlerResponse::Unhandled;  // the answer is the gateway's, or Refuse's
    }
    const Refusal malformed{response->status, ReasonOfStatus(response->status),
                            "the request is malformed"};
    Refuse(std::exchange(expected_, std::nullopt).value_or(malformed), response);
    return HandlerResponse::Handled;
  }

  /// The library calls this once for each answer, sent or not.
  void Record(const httplib::Request& request, const httplib::Response& response) {
    HttplibWorker& worker = WorkerPool::Current();
    if (worker.current) {
      recorder_.Record(worker.current->Record());
      exchanges_.Leave();
      worker.current.reset();
      return;
    }
    recorder_.Record({.peer = request.remote_addr,
                      .method = request.method,
                      .target = request.target,
                      .status = response.status,
                      .reason = base::ReasonName(std::exchange(refusal_, base::Reason::kNone))});
  }

  /// What is still going on after the grace of a drain.
  void CancelAll() {
    pool_->PostToAll([](HttplibWorker& worker) {
      if (worker.current) worker.current->LosePeer();
    });
  }

  const EngineOptions options_;
  const WorkerLoops loops_;
  Recorder& recorder_;
  InFlight exchanges_;
  InFlight connections_;
  std::unique_ptr<WorkerPool> pool_;
  bool drained_ = false;
  std::vector<std::unique_ptr<Listener>> listeners_;
  /// Why the request that this thread serves was refused.
  static thread_local base::Reason refusal_;
  /// What the check before `100 Continue` found; OnError answers it.
  static thread_local std::optional<Refusal> expected_;
};

thread_local base::Reason HttplibEngine::refusal_ = base::Reason::kNone;
thread_local std::optional<Refusal> HttplibEngine::expected_;

}  // namespace

std::unique_ptr<HttpEngine> MakeHttplibEngine(EngineOptions options, HandlerFactory factory,
                                              Recorder& recorder) {
  return std::make_unique<HttplibEngine>(std::move(options), SocketLoops(std::move(factory)),
                                         recorder);
}

std::unique_ptr<HttpEngine> MakeLocalHttplibEngine(EngineOptions options,
                                                   LocalHandlerFactory factory,
                                                   Recorder& recorder) {
  return std::make_unique<HttplibEngine>(std::move(options), LocalLoops(std::move(factory)),
                                         recorder);
}

}  // namespace slipway::gateway
