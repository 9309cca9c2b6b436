#include "wire/testing/dispatcher_server.h"

#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "rpc/call_context.h"
#include "wire/encoding.h"
#include "wire/message_reader.h"

namespace slipway::wire::testing {
namespace {

rpc::Deadline ParseTimeout(std::string_view text, rpc::Time now) {
  static const std::map<char, std::chrono::nanoseconds> kUnits = {
      {'n', std::chrono::nanoseconds(1)},  {'u', std::chrono::microseconds(1)},
      {'m', std::chrono::milliseconds(1)}, {'S', std::chrono::seconds(1)},
      {'M', std::chrono::minutes(1)},      {'H', std::chrono::hours(1)}};
  if (text.empty()) return rpc::kNoDeadline;
  int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size() - 1, count);
  return now + count * kUnits.at(text.back());
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return encoded;
}

rpc::CallSpec SpecOf(const Exchange& exchange, rpc::Time now) {
  rpc::CallSpec spec;
  for (const auto& [name, value] : exchange.headers()) {
    if (ReservedKey(name)) continue;
    if (IsBinaryKey(name)) {
      AddBinary(name, value, &spec.metadata);
    } else {
      spec.metadata.Add(name, value);
    }
  }
  spec.method = std::string(exchange.Header(":path"));
  spec.deadline = ParseTimeout(exchange.Header("grpc-timeout"), now);
  return spec;
}

void AddMetadata(const rpc::Metadata& metadata, Fields* fields) {
  for (const auto& [key, value] : metadata) {
    fields->emplace_back(key, IsBinaryKey(key) ? EncodeBinary(value) : value);
  }
}

// One call: the stream's events on one side, the handler's coroutine on the other. Lives until both
// are done.
class ServerCall : public rpc::ServerStream, public std::enable_shared_from_this<ServerCall> {
 public:
  ServerCall(rpc::Executor& executor, Exchange& exchange)
      : exchange_(&exchange),
        context_(executor, SpecOf(exchange, executor.Now())),
        deadline_(executor),
        reader_(64 << 20) {}

  void Begin(std::shared_ptr<const rpc::Dispatcher> dispatcher) {
    deadline_.Start(context_.deadline(), [this] { context_.Cancel(); });
    context_.executor().Post([self = shared_from_this(), dispatcher = std::move(dispatcher)] {
      rpc::Spawn(Serve(self, dispatcher));
    });
  }

  void OnData(std::string_view bytes) {
    reader_.Add(bytes);
    GiveBack();
    Changed();
  }
  void OnRequestEnd() {
    ended_ = true;
    Changed();
  }
  void OnDrained() { Changed(); }
  void OnClosed() {
    exchange_ = nullptr;
    deadline_.Cancel();
    context_.executor().Post([self = shared_from_this()] {
      if (!self->finished_) self->context_.Cancel();
      self->WakeReady();
    });
  }

 protected:
  bool Ready(Op op) const override {
    if (exchange_ == nullptr) return true;
    return op == Op::kRead ? reader_.complete() || ended_ : exchange_->unsent() == 0;
  }
  std::optional<std::string> TakeMessage() override {
    if (!reader_.complete()) return std::nullopt;
    std::string message = reader_.Take();
    GiveBack();
    return message;
  }
  bool PutMessage(std::string message) override {
    if (exchange_ == nullptr) return false;
    SendHead();
    const auto size = static_cast<uint32_t>(message.size());
    const char prefix[] = {0, static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                           static_cast<char>(size >> 8), static_cast<char>(size)};
    exchange_->SendBody(std::string(prefix, sizeof(prefix)) + message);
    return true;
  }

 private:
  static rpc::Task<void> Serve(std::shared_ptr<ServerCall> self,
                               std::shared_ptr<const rpc::Dispatcher> dispatcher) {
    const rpc::Status status = co_await dispatcher->Serve(self->context_, *self);
    self->finished_ = true;
    self->deadline_.Cancel();
    if (self->exchange_ != nullptr) self->SendStatus(status);
  }

  Fields Head() const {
    Fields fields = {{":status", "200"}, {"content-type", "application/grpc"}};
    AddMetadata(context_.initial_metadata(), &fields);
    return fields;
  }
  void SendHead() {
    if (!std::exchange(head_sent_, true)) exchange_->SendHead(Head(), false);
  }
  void SendStatus(const rpc::Status& status) {
    Fields trailers = {{"grpc-status", std::to_string(static_cast<int>(status.code()))}};
    if (!status.message().empty()) {
      trailers.emplace_back("grpc-message", PercentEncode(status.message()));
    }
    if (!status.details().empty()) {
      trailers.emplace_back("grpc-status-details-bin", EncodeBinary(status.details()));
    }
    AddMetadata(context_.trailers(), &trailers);
    // Trailers only, as gRPC's servers do it, unless there is initial metadata to keep apart.
    if (!head_sent_ && context_.initial_metadata().empty()) {
      Fields all = Head();
      all.insert(all.end(), trailers.begin(), trailers.end());
      return exchange_->SendHead(all, true);
    }
    SendHead();
    exchange_->SendTrailers(trailers);
  }

  void GiveBack() {
    const size_t released = reader_.TakeReleased();
    if (exchange_ != nullptr && released > 0) exchange_->Consume(released);
  }
  void Changed() {
    context_.executor().Post([self = shared_from_this()] { self->WakeReady(); });
  }

  Exchange* exchange_;  // nullptr when the stream is closed
  rpc::CallContext context_;
  rpc::Timer deadline_;
  MessageReader reader_;
  bool ended_ = false;
  bool head_sent_ = false;
  bool finished_ = false;
};

class DispatcherHandler : public Handler {
 public:
  explicit DispatcherHandler(std::shared_ptr<ServerCall> call) : call_(std::move(call)) {}
  void OnData(std::string_view bytes) override { call_->OnData(bytes); }
  void OnRequestEnd() override { call_->OnRequestEnd(); }
  void OnDrained() override { call_->OnDrained(); }
  void OnClosed(uint32_t) override { call_->OnClosed(); }

 private:
  const std::shared_ptr<ServerCall> call_;
};

}  // namespace

DispatcherServer::DispatcherServer(std::shared_ptr<const rpc::Dispatcher> dispatcher,
                                   Http2ServerOptions options)
    : server_(std::move(options), [this, dispatcher = std::move(dispatcher)](Exchange& exchange) {
        auto call = std::make_shared<ServerCall>(server_.executor(), exchange);
        call->Begin(dispatcher);
        return std::make_unique<DispatcherHandler>(std::move(call));
      }) {}

}  // namespace slipway::wire::testing
