#include "client/engine/http1_engine.h"

#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace slipway::client {
namespace {

/// More at a time would overflow the listening queue of many servers, and a SYN that is dropped
/// there comes again only after a second.
constexpr size_t kConnectsAtOnce = 100;

}  // namespace

Http1Engine::Http1Engine(rpc::IoExecutor& executor, Options options)
    : executor_(executor),
      options_(std::move(options)),
      poller_(executor),
      timeouts_(
          executor, options_.timeout,
          [this](TimeoutQueue::Entry& entry) { OnExpired(static_cast<Http1Connection&>(entry)); }),
      read_buffer_(std::make_unique<char[]>(kReadBufferSize)) {
  connections_.reserve(options_.connections);
  for (size_t i = 0; i < options_.connections; ++i) {
    connections_.push_back(std::make_unique<Http1Connection>(*this, options_.endpoint));
    idle_.push_back(connections_.back().get());
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
                        connections_.size(), ToString(options_.endpoint))));
  });
  OpenMore();
  while (connecting_) co_await connect_ended_.Wait();
  co_return connect_status_;
}

void Http1Engine::OpenMore() {
  while (opened_ < connections_.size() && opened_ - connected_ < kConnectsAtOnce) {
    Http1Connection& connection = *connections_[opened_++];
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

void Http1Engine::Issue(uint32_t slot, rpc::Time now) {
  Http1Connection& connection = *idle_[idle_first_];
  idle_first_ = idle_first_ + 1 == idle_.size() ? 0 : idle_first_ + 1;
  --idle_count_;
  connection.slot = slot;
  timeouts_.Enter(connection, now);
  if (connection.is_open()) return Send(connection);
  const int error = connection.Open();
  if (error != 0) FailLater(connection, true, error, "cannot connect");
}

void Http1Engine::Send(Http1Connection& connection) {
  ++requests_sent_;
  const int error = connection.Send(options_.request->bytes, options_.request->is_head);
  if (error != 0) FailLater(connection, false, error, "the connection broke");
}

rpc::Task<void> Http1Engine::Shutdown() {
  listener_ = nullptr;
  for (const auto& connection : connections_) {
    TimeoutQueue::Leave(*connection);
    connection->Close();
  }
  co_return;
}

void Http1Engine::OnConnected(Http1Connection& connection) {
  if (connecting_) return OnWarm(absl::OkStatus());
  if (connection.queued()) Send(connection);
}

void Http1Engine::OnResponse(Http1Connection& connection) {
  const ResponseParser& parser = connection.parser();
  Outcome outcome;
  outcome.kind = OutcomeKind::kHttpStatus;
  outcome.code = parser.status();
  outcome.ok = parser.status() < 400;
  outcome.message = parser.excerpt();
  outcome.bytes_received = connection.bytes_received();
  Report(connection, outcome, rpc::Clock::now());
}

void Http1Engine::OnFailure(Http1Connection& connection, bool connecting, int error,
                            std::string_view what) {
  const std::string message = Describe(connection, error, what);
  if (connecting_) return OnWarm(absl::UnavailableError(message));
  if (!connection.queued()) return;
  Outcome outcome;
  outcome.kind = connecting ? OutcomeKind::kConnect : OutcomeKind::kBroken;
  outcome.unreachable = connecting;
  outcome.code = error;
  outcome.message = message;
  outcome.bytes_received = connecting ? 0 : connection.bytes_received();
  Report(connection, outcome, rpc::Clock::now());
}

void Http1Engine::OnExpired(Http1Connection& connection) {
  connection.Close();
  Outcome outcome;
  outcome.kind = OutcomeKind::kTimeout;
  outcome.message = "no complete answer in time";
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

std::string Http1Engine::Describe(const Http1Connection& connection, int error,
                                  std::string_view what) const {
  if (error == 0) return std::string(what);
  return absl::StrCat(std::string(what), what == "cannot connect" ? " to " : " with ",
                      ToString(connection.endpoint()), ": ",
                      std::generic_category().message(error));
}

}  // namespace slipway::client
