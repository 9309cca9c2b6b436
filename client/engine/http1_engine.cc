#include "client/engine/http1_engine.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "client/engine/http1_request.h"

namespace slipway::client {
namespace {

/// More at a time would overflow the listening queue of many servers, and a SYN that is dropped
/// there comes again only after a second.
constexpr size_t kConnectsAtOnce = 100;
constexpr size_t kReadBufferSize = 64 * 1024;

struct Http1Encoded final : Engine::Encoded {
  explicit Http1Encoded(Http1Request built) : request(std::move(built)) {}
  const Http1Request request;
};

}  // namespace

Http1Engine::Http1Engine(EpollExecutor& executor, const EngineSpec& spec, const Share& share)
    : executor_(executor),
      spec_(spec),
      timeouts_(
          executor, spec_.timeout,
          [this](TimeoutQueue::Entry& entry) { OnExpired(static_cast<Http1Connection&>(entry)); }),
      read_buffer_(new char[kReadBufferSize]),
      surroundings_{*this,           executor_,          spec_.endpoint,
                    spec_.tls.get(), read_buffer_.get(), kReadBufferSize} {
  for (uint32_t i = 0; i < std::max(share.connections, share.slots); ++i) {
    Http1Connection& connection = connections_.emplace_back(surroundings_);
    if (spec_.keep_response) connection.KeepResponses(spec_.max_response, spec_.cut_response);
    idle_.push_back(&connection);
  }
  idle_count_ = idle_.size();
}

Http1Engine::~Http1Engine() { *alive_ = false; }

rpc::Task<absl::Status> Http1Engine::Connect(rpc::Deadline deadline) {
  connecting_ = true;
  rpc::Timer timer(executor_);
  timer.Start(deadline, [this] {
    OnWarm(absl::DeadlineExceededError(
        absl::StrFormat("only %d of %d connections to %s were established in time", connected_,
                        connections_.size(), ToString(spec_.endpoint))));
  });
  OpenMore();
  while (connecting_) co_await connect_ended_.Wait();
  co_return connect_status_;
}

void Http1Engine::CancelConnect() {
  if (connecting_) OnWarm(absl::CancelledError("interrupted"));
}

void Http1Engine::OpenMore() {
  while (opened_ < connections_.size() && opened_ - connected_ < kConnectsAtOnce) {
    Http1Connection& connection = connections_[opened_++];
    const int error = connection.Open();
    if (error == 0) continue;
    return FailLater(connection, true, error, "cannot connect");
  }
}

/// One more connection is there, or Connect has failed.
void Http1Engine::OnWarm(absl::Status status) {
  if (status.ok() && ++connected_ < connections_.size()) return OpenMore();
  connect_status_ = std::move(status);
  connecting_ = false;
  connect_ended_.Wake();
}

absl::StatusOr<std::unique_ptr<const Engine::Encoded>> Http1Engine::Encode(const Request& request) {
  if (request.shape != CallShape::kUnary || request.messages.size() > 1) {
    return absl::InvalidArgumentError("an HTTP request has one body or none, no stream of them");
  }
  const std::string body = request.messages.empty() ? "" : request.messages.front();
  SLIPWAY_ASSIGN_OR_RETURN(
      Http1Request built,
      BuildHttp1Request(request.method, spec_.authority, request.path, request.headers, body));
  return std::make_unique<const Http1Encoded>(std::move(built));
}

void Http1Engine::Issue(uint32_t slot, const Encoded& request, rpc::Time now) {
  const Http1Request& http = static_cast<const Http1Encoded&>(request).request;
  Http1Connection& connection = *idle_[idle_first_];
  idle_first_ = idle_first_ + 1 == idle_.size() ? 0 : idle_first_ + 1;
  --idle_count_;
  connection.slot = slot;
  connection.request = http.bytes;
  connection.is_head = http.is_head;
  timeouts_.Enter(connection, now);
  if (connection.is_open()) return Send(connection);
  const int error = connection.Open();
  if (error != 0) FailLater(connection, true, error, "cannot connect");
}

void Http1Engine::Send(Http1Connection& connection) {
  counts_.bytes_sent += connection.request.size();
  connection.Send(connection.request, connection.is_head);
}

rpc::Task<void> Http1Engine::Shutdown() {
  listener_ = nullptr;
  for (Http1Connection& connection : connections_) {
    TimeoutQueue::Leave(connection);
    connection.Close();
  }
  // Events of this turn and work that was posted before still know the connections.
  rpc::WaitSlot turn;
  executor_.Post([&turn] { turn.Wake(); });
  co_await turn.Wait();
}

void Http1Engine::OnConnected(Http1Connection& connection) {
  if (connecting_) return OnWarm(absl::OkStatus());
  ++counts_.reconnects;
  if (connection.queued()) Send(connection);
}

void Http1Engine::OnResponse(Http1Connection& connection) {
  const ResponseParser& parser = connection.parser();
  Outcome outcome;
  outcome.kind = OutcomeKind::kHttpStatus;
  outcome.code = parser.status();
  outcome.ok = parser.status() < 400;
  outcome.message = parser.excerpt();
  outcome.bytes_received = parser.body_bytes();
  outcome.response = connection.response();
  Report(connection, outcome, rpc::Clock::now());
}

void Http1Engine::OnFailure(Http1Connection& connection, bool connecting, int error,
                            std::string_view what) {
  const std::string message = Describe(error, what);
  if (connecting_) return OnWarm(absl::UnavailableError(message));
  if (!connection.queued()) return;
  Outcome outcome;
  outcome.kind = connecting ? OutcomeKind::kConnect : OutcomeKind::kBroken;
  outcome.unreachable = connecting;
  outcome.code = error;
  outcome.message = message;
  outcome.bytes_received = connecting ? 0 : connection.parser().body_bytes();
  Report(connection, outcome, rpc::Clock::now());
}

void Http1Engine::OnExpired(Http1Connection& connection) {
  const bool connecting = connection.is_connecting();
  Outcome outcome;
  outcome.kind = OutcomeKind::kTimeout;
  outcome.message = connecting ? "no connection in time" : "no complete answer in time";
  outcome.bytes_received = connecting ? 0 : connection.parser().body_bytes();
  connection.Close();
  Report(connection, outcome, rpc::Clock::now());
}

void Http1Engine::FailLater(Http1Connection& connection, bool connecting, int error,
                            std::string_view what) {
  // From here the caller is still inside Issue, and would be again: through the loop, so that a
  // target that fails at once neither nests calls nor keeps timers and signals from their turn.
  executor_.Post([this, alive = alive_, &connection, connecting, error, what] {
    if (*alive) OnFailure(connection, connecting, error, what);
  });
}

void Http1Engine::Report(Http1Connection& connection, const Outcome& outcome, rpc::Time now) {
  TimeoutQueue::Leave(connection);
  const size_t end = idle_first_ + idle_count_;
  idle_[end < idle_.size() ? end : end - idle_.size()] = &connection;
  ++idle_count_;
  if (listener_ != nullptr) listener_->Done(connection.slot, outcome, now);
}

std::string Http1Engine::Describe(int error, std::string_view what) const {
  if (error == 0) return std::string(what);
  return absl::StrCat(std::string(what), what == "cannot connect" ? " to " : " with ",
                      ToString(spec_.endpoint), ": ", std::generic_category().message(error));
}

}  // namespace slipway::client
