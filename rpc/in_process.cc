#include "rpc/in_process.h"

#include <optional>
#include <string>
#include <utility>

namespace slipway::rpc {
namespace {

class InProcessCall;
void WakeClient(InProcessCall* client);

/// The server's half of a call and the state both halves share. The handler keeps it alive: a
/// handler may end long after its caller has gone.
///
/// The handler is resumed at once by what the client does, the client by a posted task: so neither
/// can pull the call from under the other.
class Core : public ServerStream, public std::enable_shared_from_this<Core> {
 public:
  Core(Executor& executor, CallSpec spec) : context(executor, std::move(spec)) {}

  static Task<void> Run(std::shared_ptr<Core> core, std::shared_ptr<const Dispatcher> dispatcher) {
    Status status = co_await dispatcher->Serve(core->context, *core);
    core->head_sent = true;
    core->done = true;
    if (!core->result) core->result = CallResult{std::move(status), core->context.trailers()};
    core->NotifyClient();
  }

  /// The client's end of the call: from now on its result stands and the handler is told.
  void EndByClient(Status status) {
    if (result) return;
    result = CallResult{std::move(status), {}};
    ended_by_client = true;
    NotifyClient();
    context.Cancel();
    WakeReady();
  }

  void NotifyClient() {
    if (client == nullptr || std::exchange(wake_posted, true)) return;
    context.executor().Post([self = shared_from_this()] {
      self->wake_posted = false;
      if (self->client != nullptr) WakeClient(self->client);
    });
  }
  using ServerStream::WakeReady;

  CallContext context;
  std::optional<std::string> request;
  std::optional<std::string> response;
  std::optional<CallResult> result;  // once there, the call has ended for the client
  bool half_closed = false;
  bool dropping = false;  // the client reads no more
  bool head_sent = false;
  bool done = false;
  bool ended_by_client = false;
  bool wake_posted = false;
  InProcessCall* client = nullptr;  // null once the client's half is gone

 protected:
  bool Ready(Op op) const override {
    if (ended_by_client) return true;
    return op == Op::kRead ? request.has_value() || half_closed : !response.has_value() || dropping;
  }
  std::optional<std::string> TakeMessage() override {
    if (ended_by_client || !request) return std::nullopt;
    std::optional<std::string> message = std::exchange(request, std::nullopt);
    NotifyClient();  // there is room for the next one
    return message;
  }
  bool PutMessage(std::string message) override {
    if (ended_by_client) return false;
    head_sent = true;
    if (!dropping) response = std::move(message);
    NotifyClient();
    return true;
  }
};

class InProcessCall : public ClientCall {
 public:
  InProcessCall(std::shared_ptr<const Dispatcher> dispatcher, Executor& executor)
      : dispatcher_(std::move(dispatcher)), executor_(executor), deadline_(executor) {}

  ~InProcessCall() override {
    if (!core_) return;
    core_->client = nullptr;
    core_->EndByClient(Status(absl::StatusCode::kCancelled, "the caller dropped the call"));
  }

  void Start(CallSpec spec) override {
    const Deadline deadline = spec.deadline;
    core_ = std::make_shared<Core>(executor_, std::move(spec));
    core_->client = this;
    if (cancelled_before_start_) return EndAs(absl::StatusCode::kCancelled, "cancelled");
    if (deadline <= executor_.Now()) return Expire();
    deadline_.Start(deadline, [this] { Expire(); });
    Spawn(Core::Run(core_, dispatcher_));
  }
  void WritesDone() override {
    core_->half_closed = true;
    core_->WakeReady();
  }
  void Cancel() override {
    if (!core_) {
      cancelled_before_start_ = true;
      return;
    }
    EndAs(absl::StatusCode::kCancelled, "the caller cancelled the call");
  }

 protected:
  bool Ready(Op op) const override {
    switch (op) {
      case Op::kInitialMetadata:
        return core_->head_sent || core_->result;
      case Op::kRead:
        return core_->response || core_->result;
      case Op::kWrite:
        return !core_->request || core_->result;
      case Op::kFinish:
        return core_->result.has_value();
    }
    return true;
  }
  const Metadata& initial_metadata() const override {
    static const Metadata none;
    return core_->head_sent ? core_->context.initial_metadata() : none;
  }
  std::optional<std::string> TakeMessage() override {
    std::optional<std::string> message = std::exchange(core_->response, std::nullopt);
    if (message && !core_->result) core_->WakeReady();
    return message;
  }
  bool PutMessage(std::string message) override {
    if (core_->result) return false;
    core_->request = std::move(message);
    core_->WakeReady();
    return true;
  }
  void StopReading() override {
    core_->dropping = true;
    core_->response.reset();
    if (!core_->result) core_->WakeReady();
  }
  CallResult TakeResult() override {
    deadline_.Cancel();
    return *core_->result;
  }

 private:
  friend void WakeClient(InProcessCall* client) { client->WakeReady(); }
  void EndAs(absl::StatusCode code, const char* message) {
    // The handler has ended: its answer stands, a message that was not read yet included.
    if (core_->result) return;
    core_->response.reset();
    core_->EndByClient(Status(code, message));
  }
  void Expire() { EndAs(absl::StatusCode::kDeadlineExceeded, "Deadline Exceeded"); }

  std::shared_ptr<const Dispatcher> dispatcher_;
  Executor& executor_;
  std::shared_ptr<Core> core_;
  Timer deadline_;
  bool cancelled_before_start_ = false;
};

}  // namespace

std::unique_ptr<ClientCall> InProcessUpstream::NewCall() {
  return std::make_unique<InProcessCall>(dispatcher_, executor_);
}

}  // namespace slipway::rpc
