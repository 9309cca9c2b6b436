#include "base/admin.h"

#include <httplib.h>
#include <netdb.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status_macros.h"

namespace slipway::base {
namespace {

constexpr std::size_t kThreads = 2;
constexpr std::chrono::seconds kReadTimeout{2};
constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";

/// The library's default is SO_REUSEPORT, with which a second instance takes half of the
/// connections instead of failing.
void ReuseAddressOnly(int socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

AdminReply ReadyReply(const absl::Status& status) {
  if (status.ok()) return {.body = "ready\n"};
  return {.status = 503, .body = absl::StrCat(status.message(), "\n")};
}

}  // namespace

class AdminServer::Impl {
 public:
  explicit Impl(const Metrics& metrics) {
    AddPage("/healthz", [](const AdminRequest&) { return AdminReply{.body = "ok\n"}; });
    AddPage("/metrics", [&metrics](const AdminRequest&) {
      return AdminReply{.content_type = kMetricsType, .body = metrics.Serialize()};
    });
    SetReadiness([] { return absl::UnavailableError("starting"); });
    AddPage("/", [this](const AdminRequest&) { return ListPages(); });
    server_.set_socket_options(ReuseAddressOnly);
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    // A connection that stays open would keep one of the two threads.
    server_.set_keep_alive_max_count(1);
    server_.set_read_timeout(kReadTimeout);
    // Before the library's router, which matches paths by regular expressions.
    server_.set_pre_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          Serve(request, response);
          return httplib::Server::HandlerResponse::Handled;
        });
  }

  ~Impl() { Stop(); }

  absl::Status Start(const HostPort& address) {
    if (thread_.joinable()) return absl::FailedPreconditionError("admin: started already");
    errno = 0;
    int port = address.port;
    if (port == 0) {
      port = server_.bind_to_any_port(address.host, AI_PASSIVE);
    } else if (!server_.bind_to_port(address.host, port, AI_PASSIVE)) {
      port = -1;
    }
    if (port < 0) {
      return absl::UnavailableError(absl::StrCat("admin: cannot listen on ", address.ToString(),
                                                 ": ",
                                                 errno != 0 ? std::strerror(errno) : "no address"));
    }
    port_ = port;
    thread_ = std::thread([this] {
      server_.listen_after_bind();
      ended_ = true;
    });
    LogInfo("admin: listening on {}",
            HostPort{address.host, static_cast<uint16_t>(port)}.ToString());
    return absl::OkStatus();
  }

  int port() const { return port_; }

  void SetReadiness(Readiness readiness) {
    AddPage("/readyz", [readiness = std::move(readiness)](const AdminRequest&) {
      return ReadyReply(readiness());
    });
  }

  void AddPage(std::string path, Page page) {
    auto shared = std::make_shared<const Page>(std::move(page));
    const std::lock_guard lock(mutex_);
    pages_.insert_or_assign(std::move(path), std::move(shared));
  }

  void Stop() {
    const std::lock_guard lock(stop_mutex_);
    if (!thread_.joinable()) return;
    // The library ignores a stop that comes before its loop has begun.
    while (!server_.is_running() && !ended_) std::this_thread::yield();
    server_.stop();
    thread_.join();
  }

 private:
  std::shared_ptr<const Page> FindPage(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const auto found = pages_.find(path);
    return found == pages_.end() ? nullptr : found->second;
  }

  AdminReply Answer(const httplib::Request& request) {
    if (request.method != "GET" && request.method != "HEAD") {
      return {.status = 405, .body = "only GET and HEAD\n"};
    }
    const std::shared_ptr<const Page> page = FindPage(request.path);
    if (page == nullptr) return {.status = 404, .body = "no such page; / lists them\n"};
    return (*page)({request.path, {request.params.begin(), request.params.end()}});
  }

  void Serve(const httplib::Request& request, httplib::Response& response) {
    AdminReply reply = Answer(request);
    response.status = reply.status;
    if (reply.status == 405) response.set_header("Allow", "GET, HEAD");
    response.set_header("Cache-Control", "no-store");
    response.set_content(std::move(reply.body), reply.content_type);
  }

  AdminReply ListPages() {
    AdminReply reply{.content_type = "text/html; charset=utf-8", .body = "<!doctype html><ul>\n"};
    const std::lock_guard lock(mutex_);
    for (const auto& [path, page] : pages_) {
      if (path == "/") continue;
      absl::StrAppend(&reply.body, "<li><a href=\"", path, "\">", path, "</a>\n");
    }
    absl::StrAppend(&reply.body, "</ul>\n");
    return reply;
  }

  httplib::Server server_;
  std::atomic<int> port_{0};
  std::atomic<bool> ended_{false};

  std::mutex mutex_;
  /// Guarded by mutex_.
  std::map<std::string, std::shared_ptr<const Page>> pages_;

  std::mutex stop_mutex_;
  /// Written by Start, before others know of this object, then guarded by stop_mutex_.
  std::thread thread_;
};

AdminServer::AdminServer(const Metrics& metrics) : impl_(std::make_unique<Impl>(metrics)) {}
AdminServer::~AdminServer() = default;

absl::Status AdminServer::Start(std::string_view address) {
  SLIPWAY_ASSIGN_OR_RETURN(const HostPort parsed, ParseHostPort(address));
  return impl_->Start(parsed);
}

absl::Status AdminServer::Start(const HostPort& address) { return impl_->Start(address); }
int AdminServer::port() const { return impl_->port(); }
void AdminServer::SetReadiness(Readiness readiness) { impl_->SetReadiness(std::move(readiness)); }
void AdminServer::AddPage(std::string path, Page page) {
  impl_->AddPage(std::move(path), std::move(page));
}
void AdminServer::Stop() { impl_->Stop(); }

}  // namespace slipway::base
