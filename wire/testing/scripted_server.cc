#include "wire/testing/scripted_server.h"

namespace slipway::wire::testing {

class ScriptedServer::Recorder : public Handler {
 public:
  Recorder(ScriptedServer& server, Exchange& exchange) : server_(server), exchange_(exchange) {
    const std::lock_guard lock(server_.mutex_);
    index_ = server_.requests_.size();
    server_.requests_.push_back({exchange.headers()});
    server_.open_[index_] = &exchange;
  }
  ~Recorder() override { server_.open_.erase(index_); }

  void Begin() {
    if (server_.on_headers_) server_.on_headers_(exchange_, index_);
  }
  void OnData(std::string_view bytes) override {
    exchange_.Consume(bytes.size());
    const std::lock_guard lock(server_.mutex_);
    server_.requests_[index_].body.append(bytes);
  }
  void OnRequestEnd() override {
    {
      const std::lock_guard lock(server_.mutex_);
      server_.requests_[index_].ended = true;
    }
    if (server_.on_end_) server_.on_end_(exchange_, index_);
  }
  void OnClosed(uint32_t code) override {
    const std::lock_guard lock(server_.mutex_);
    server_.requests_[index_].closed = code;
  }

 private:
  ScriptedServer& server_;
  Exchange& exchange_;
  size_t index_;
};

std::string_view ScriptedServer::Request::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

ScriptedServer::ScriptedServer(Script on_end, Http2ServerOptions options, Script on_headers)
    : on_end_(std::move(on_end)),
      on_headers_(std::move(on_headers)),
      server_(std::move(options), [this](Exchange& exchange) {
        auto recorder = std::make_unique<Recorder>(*this, exchange);
        recorder->Begin();
        return recorder;
      }) {}

std::vector<ScriptedServer::Request> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedServer::ForEachOpen(const std::function<void(Exchange&)>& work) {
  server_.OnThread([this, &work] {
    for (const auto& [index, exchange] : std::map(open_)) work(*exchange);
  });
}

std::string Frame(std::string_view message, bool compressed) {
  const auto size = static_cast<uint32_t>(message.size());
  std::string frame = {static_cast<char>(compressed), static_cast<char>(size >> 24),
                       static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                       static_cast<char>(size)};
  return frame.append(message);
}

const Fields& OkHead() {
  static const Fields head = {{":status", "200"}, {"content-type", "application/grpc"}};
  return head;
}

void AnswerOk(Exchange& exchange, std::string_view message) {
  exchange.SendHead(OkHead(), false);
  exchange.SendBody(Frame(message));
  exchange.SendTrailers({{"grpc-status", "0"}});
}

}  // namespace slipway::wire::testing
