#include "client/command/reproduce_http.h"

#include <signal.h>

#include <utility>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <boost/asio/ip/address_v4.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/measure/outcome.h"
#include "client/run/second_signal.h"

namespace slipway::client {
namespace {

constexpr auto kConnectPatience = std::chrono::seconds(20);
constexpr size_t kShownBody = 200;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "it is written by a signal handler");

/// Takes SIGINT and SIGTERM as a wish to end, while it lives.
class SignalScope {
 public:
  SignalScope() {
    interrupted = false;
    struct sigaction action {};
    action.sa_handler = [](int) {
      if (interrupted.exchange(true)) EndAtOnce();
    };
    sigaction(SIGINT, &action, &interrupt_before_);
    sigaction(SIGTERM, &action, &terminate_before_);
  }
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;
  ~SignalScope() {
    sigaction(SIGINT, &interrupt_before_, nullptr);
    sigaction(SIGTERM, &terminate_before_, nullptr);
  }

 private:
  struct sigaction interrupt_before_ {};
  struct sigaction terminate_before_ {};
};

absl::StatusOr<Response> AnswerOf(const Outcome& outcome) {
  if (outcome.kind == OutcomeKind::kHttpStatus && outcome.response != nullptr) {
    return *outcome.response;
  }
  if (outcome.kind == OutcomeKind::kTimeout) {
    return absl::DeadlineExceededError("no answer in time");
  }
  return absl::UnavailableError(std::string(outcome.message));
}

}  // namespace

HttpSession::HttpSession(const Options& options) {
  EngineSpec spec;
  spec.kind = EngineKind::kHttp1;
  spec.endpoint = Endpoint(boost::asio::ip::address_v4::loopback(), options.port);
  spec.authority = ToString(spec.endpoint);
  spec.timeout = options.timeout;
  spec.keep_response = true;
  loop_ = MakeLoop({&spec, 1});
  engine_ = MakeEngine(*loop_, spec, {.slots = options.slots, .connections = options.slots});
  engine_->Listen(this);
  busy_.resize(options.slots);
  // Taken from the end: the first slot comes first.
  for (uint32_t slot = options.slots; slot > 0; --slot) free_.push_back(slot - 1);
}

absl::StatusOr<std::unique_ptr<HttpSession>> HttpSession::Open(const Options& options) {
  std::unique_ptr<HttpSession> session(new HttpSession(options));
  absl::Status status;
  session->ended_ = false;
  rpc::Spawn(session->ConnectAll(&status));
  session->loop_->RunUntil(session->ended_);
  if (!status.ok()) return status;
  return session;
}

HttpSession::~HttpSession() {
  ended_ = false;
  rpc::Spawn(CloseAll());
  loop_->RunUntil(ended_);
  engine_.reset();
}

rpc::Task<void> HttpSession::ConnectAll(absl::Status* status) {
  rpc::Task<absl::Status> connecting = engine_->Connect(Now() + kConnectPatience);
  *status = co_await std::move(connecting);
  ended_ = true;
}

rpc::Task<void> HttpSession::CloseAll() {
  rpc::Task<void> closing = engine_->Shutdown();
  co_await std::move(closing);
  ended_ = true;
}

absl::Status HttpSession::RunAll(size_t count,
                                 const std::function<rpc::Task<void>(size_t)>& conversation) {
  const SignalScope signals;
  ended_ = count == 0;
  running_ = count;
  for (size_t i = 0; i < count; ++i) rpc::Spawn(RunOne(conversation(i)));
  loop_->RunUntil(ended_);
  return interrupted ? absl::CancelledError("interrupted") : absl::OkStatus();
}

rpc::Task<void> HttpSession::RunOne(rpc::Task<void> conversation) {
  co_await std::move(conversation);
  if (--running_ == 0) ended_ = true;
}

rpc::Task<absl::StatusOr<Response>> HttpSession::Fetch(Request request, rpc::Duration* took) {
  if (interrupted) co_return absl::CancelledError("interrupted");
  auto encoded = engine_->Encode(request);
  if (!encoded.ok()) co_return encoded.status();
  Pending pending;
  pending.request = *std::move(encoded);
  if (free_.empty()) {
    waiting_.push_back(&pending);
  } else {
    const uint32_t slot = free_.back();
    free_.pop_back();
    Start(&pending, slot);
  }
  co_await pending.end.Wait();  // its end is always posted, so it cannot have come before
  if (took != nullptr) *took = pending.ended - pending.sent;
  co_return std::move(pending.answer);
}

rpc::Task<void> HttpSession::Sleep(rpc::Duration duration) {
  rpc::WaitSlot over;
  rpc::Timer timer(loop_->executor());
  timer.Start(Now() + duration, [&over] { over.Wake(); });
  co_await over.Wait();
}

void HttpSession::Start(Pending* pending, uint32_t slot) {
  busy_[slot] = pending;
  pending->sent = Now();
  engine_->Issue(slot, *pending->request, pending->sent);
}

void HttpSession::Done(uint32_t slot, const Outcome& outcome, rpc::Time now) {
  Pending* const ended = std::exchange(busy_[slot], nullptr);
  ended->answer = AnswerOf(outcome);
  ended->ended = now;
  // Resumed later: from inside the engine it might fetch and end, fetch and end, ever deeper.
  loop_->executor().Post([ended] { ended->end.Wake(); });
  if (waiting_.empty()) {
    free_.push_back(slot);
    return;
  }
  Pending* const next = waiting_.front();
  waiting_.pop_front();
  Start(next, slot);
}

Request HttpGet(std::string path) {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  return request;
}

Request HttpPost(std::string path, std::string json) {
  Request request;
  request.method = "POST";
  request.path = std::move(path);
  request.headers.emplace_back("Content-Type", "application/json");
  request.messages.push_back(std::move(json));
  return request;
}

absl::Status ExpectStatus(const Request& request, const Response& response, int wanted) {
  if (response.status == wanted) return absl::OkStatus();
  return absl::UnavailableError(absl::StrFormat("%s %s answered %d instead of %d: %s",
                                                request.method, request.path, response.status,
                                                wanted, response.body.substr(0, kShownBody)));
}

}  // namespace slipway::client
