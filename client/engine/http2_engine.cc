#include "client/engine/http2_engine.h"

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "client/engine/address.h"
#include "client/engine/grpc_exchange.h"
#include "client/engine/http2_http_exchange.h"
#include "client/engine/http2_request.h"
#include "client/engine/tls.h"

namespace slipway::client {
namespace {

/// More at a time would overflow the listening queue of many servers, and a SYN that is dropped
/// there comes again only after a second.
constexpr size_t kConnectsAtOnce = 100;
/// So large that answers never wait for us to give a window back.
constexpr uint32_t kWindow = 1 << 30;

wire::ChannelOptions Options() {
  wire::ChannelOptions options;
  options.connection.stream_window = kWindow;
  options.connection.connection_window = kWindow;
  options.backoff_first = std::chrono::milliseconds(50);
  options.backoff_max = std::chrono::milliseconds(500);
  options.backoff_demand = std::chrono::milliseconds(250);
  return options;
}

/// Suspends until the loop's next turn.
struct NextTurn {
  rpc::Executor& executor;
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    executor.Post([handle] { handle.resume(); });
  }
  void await_resume() {}
};

}  // namespace

Http2Engine::Http2Engine(rpc::IoExecutor& executor, const EngineSpec& spec, const Share& share)
    : executor_(executor),
      spec_(spec),
      options_(Options()),
      wake_list_(std::make_shared<wire::WakeList>(executor)),
      shared_{spec_, executor, *wake_list_, *this},
      fair_share_((share.slots + share.connections - 1) / std::max<size_t>(1, share.connections)),
      timeouts_(executor, std::chrono::duration_cast<rpc::Duration>(spec.timeout),
                [](TimeoutQueue::Entry& entry) { static_cast<Http2Exchange&>(entry).Expire(); }),
      links_(std::max<size_t>(1, share.connections)),
      exchanges_(share.slots) {
  MakeExchanges();
  MakeLinks();
}

void Http2Engine::MakeExchanges() {
  for (uint32_t slot = 0; slot < exchanges_.size(); ++slot) {
    if (spec_.kind == EngineKind::kGrpc) {
      exchanges_[slot] = std::make_unique<GrpcExchange>(shared_, slot);
    } else {
      exchanges_[slot] = std::make_unique<HttpExchange>(shared_, slot);
    }
  }
}

void Http2Engine::MakeLinks() {
  boost::asio::ssl::context* const tls = spec_.tls == nullptr ? nullptr : &spec_.tls->context();
  const std::string host = spec_.tls == nullptr ? "" : spec_.tls->server_name();
  for (auto& link : links_) {
    link = std::make_unique<Http2Link>(executor_, options_, wake_list_, tls,
                                       wire::Address{spec_.endpoint, host},
                                       static_cast<Http2Link::Owner&>(*this));
  }
}

Http2Engine::~Http2Engine() { Stop(); }

// ---- Connections ----

rpc::Task<absl::Status> Http2Engine::Connect(rpc::Deadline deadline) {
  connecting_ = true;
  rpc::Timer timer(executor_);
  timer.Start(deadline, [this] {
    EndConnect(absl::UnavailableError(
        absl::StrFormat("only %d of %d connections to %s were established in time", up_,
                        links_.size(), ToString(spec_.endpoint))));
  });
  OpenMore();
  while (connecting_) co_await connect_ended_.Wait();
  // What has woken us is a turn of one of the connections, and the caller may be about to leave.
  NextTurn turn{executor_};
  co_await turn;
  co_return connect_status_;
}

void Http2Engine::OpenMore() {
  while (opened_ < links_.size() && opened_ - up_ < kConnectsAtOnce) links_[opened_++]->Connect();
}

void Http2Engine::EndConnect(absl::Status status) {
  if (!std::exchange(connecting_, false)) return;
  connect_status_ = std::move(status);
  connect_ended_.Wake();
}

void Http2Engine::OnUp(Http2Link&) {
  if (!connecting_) {
    ++reconnects_;
  } else if (++up_ == links_.size()) {
    EndConnect(absl::OkStatus());
  } else {
    OpenMore();
  }
}

void Http2Engine::OnRoom() {
  while (!waiting_.empty() && Submit(waiting_.front())) {
  }
}

void Http2Engine::OnDown(Http2Link& link) {
  if (connecting_) {
    return EndConnect(link.error().ok()
                          ? absl::UnavailableError(absl::StrFormat("the server at %s is going away",
                                                                   ToString(spec_.endpoint)))
                          : link.error());
  }
  if (waiting_.empty() || !AllFailed()) return;
  while (!waiting_.empty()) waiting_.front().Refuse(link.error());
}

bool Http2Engine::AnyReady() const {
  return std::any_of(links_.begin(), links_.end(), [](const auto& link) { return link->ready(); });
}

bool Http2Engine::AllFailed() const {
  return std::all_of(links_.begin(), links_.end(), [](const auto& link) { return link->failed(); });
}

// ---- Requests ----

absl::StatusOr<std::unique_ptr<const Engine::Encoded>> Http2Engine::Encode(const Request& request) {
  return spec_.kind == EngineKind::kGrpc ? EncodeGrpc(spec_, request) : EncodeHttp2(spec_, request);
}

void Http2Engine::Issue(uint32_t slot, const Encoded& request, rpc::Time now) {
  Http2Exchange& exchange = *exchanges_[slot];
  exchange.Start(static_cast<const Http2Request&>(request), now);
  timeouts_.Enter(exchange, now);
  Route(exchange);
}

/// Those that wait already go first.
void Http2Engine::Route(Http2Exchange& exchange) {
  if (waiting_.empty() && Submit(exchange)) return;
  if (AllFailed()) {
    for (const auto& link : links_) link->Hurry();
    return exchange.Refuse(links_.front()->error());
  }
  if (AnyReady()) exchange.StartStreamWait();
  waiting_.push_back(exchange);
}

/// False when no connection takes another stream now.
bool Http2Engine::Submit(Http2Exchange& exchange) {
  if (!FindLink(exchange)) return false;
  exchange.queue_hook.unlink();
  exchange.SubmitTo(*links_[exchange.link]->Available());
  return true;
}

bool Http2Engine::FindLink(Http2Exchange& exchange) {
  const auto open_streams = [this](size_t index) {
    const wire::Connection* const connection = links_[index]->Available();
    return connection == nullptr ? SIZE_MAX : connection->open_streams();
  };
  if (reporting_ && open_streams(exchange.link) < fair_share_) return true;
  bool found = false;
  for (size_t i = 0; i < links_.size(); ++i) {
    next_link_ = next_link_ + 1 < links_.size() ? next_link_ + 1 : 0;
    const size_t streams = open_streams(next_link_);
    if (streams == SIZE_MAX) continue;
    exchange.link = next_link_;
    found = true;
    if (streams < fair_share_) break;
  }
  return found;
}

void Http2Engine::OnWoken(Http2Exchange& exchange) {
  if (stopped_) return;
  if (exchange.state() == Http2Exchange::State::kWaiting) return Route(exchange);
  if (exchange.state() == Http2Exchange::State::kEnded) Report(exchange);
}

void Http2Engine::Report(Http2Exchange& exchange) {
  TimeoutQueue::Leave(exchange);
  const bool unreachable = exchange.lost() && !AnyReady();
  Outcome outcome = exchange.Take(&message_, &response_);
  outcome.unreachable = unreachable;
  reporting_ = true;
  if (shared_.listener != nullptr) {
    shared_.listener->Done(exchange.slot(), outcome, executor_.Now());
  }
  reporting_ = false;
}

// ---- The end ----

void Http2Engine::Stop() {
  if (std::exchange(stopped_, true)) return;
  shared_.listener = nullptr;
  EndConnect(absl::CancelledError("the engine was shut down"));
  for (const auto& exchange : exchanges_) exchange->Abandon();
  for (const auto& link : links_) link->Close(absl::CancelledError("the run is over"));
}

rpc::Task<void> Http2Engine::Shutdown() {
  Stop();
  // What has called us may be a turn of one of our own connections.
  NextTurn turn{executor_};
  co_await turn;
}

}  // namespace slipway::client
