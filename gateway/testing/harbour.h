#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/gateway.h"
#include "gateway/http/exchange.h"
#include "gtest/gtest.h"
#include "rpc/dispatcher.h"
#include "rpc/in_process.h"
#include "rpc/manual_executor.h"
#include "schema/json.h"
#include "schema/proto_source.h"
#include "schema/schema.h"

#ifndef SLIPWAY_GATEWAY_TESTDATA
#define SLIPWAY_GATEWAY_TESTDATA "gateway/testdata"
#endif

namespace slipway::gateway::testing {

inline std::shared_ptr<const schema::Schema> HarbourSchema() {
  static const auto& schema = *[] {
    const std::string dir = SLIPWAY_GATEWAY_TESTDATA;
    auto loaded = schema::FromProtoFiles({dir + "/harbour.proto"}, {dir});
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return new std::shared_ptr<const schema::Schema>(*std::move(loaded));
  }();
  return schema;
}

/// An exchange whose peer is the test.
class FakeExchange final : public Exchange {
 public:
  FakeExchange(rpc::Executor& executor, RequestHead head, std::vector<std::string> pieces)
      : executor_(executor), head_(std::move(head)), pieces_(pieces.begin(), pieces.end()) {}

  const RequestHead& head() const override { return head_; }
  rpc::Executor& executor() override { return executor_; }
  rpc::Task<absl::StatusOr<std::optional<std::string>>> ReadBody() override {
    if (!body_error.ok()) co_return body_error;
    if (pieces_.empty()) co_return std::nullopt;
    std::string piece = std::move(pieces_.front());
    pieces_.pop_front();
    co_return std::move(piece);
  }
  void SendHead(ResponseHead head) override { answer = std::move(head); }
  rpc::Task<bool> SendBody(std::string data, bool end) override {
    if (gone_) co_return false;
    EXPECT_TRUE(answer.has_value()) << "body before head";
    EXPECT_FALSE(ended) << "body after the end";
    if (!data.empty()) body_pieces.push_back(data);
    body += data;
    ended = end;
    co_return true;
  }
  rpc::Task<bool> SendTrailers(std::vector<Header> fields) override {
    trailers = std::move(fields);
    ended = true;
    co_return !gone_;
  }
  void OnPeerGone(rpc::Executor::Work callback) override {
    callback_ = std::move(callback);
    if (gone_ && callback_) std::exchange(callback_, nullptr)();
  }

  void LeavePeer() {
    gone_ = true;
    if (callback_) std::exchange(callback_, nullptr)();
  }
  bool watched() const { return callback_ != nullptr; }
  /// The values of a header of the answer, joined by `|`; `-` when there is none.
  std::string Get(std::string_view name) const {
    std::string joined;
    bool found = false;
    for (const Header& header : answer->headers) {
      if (header.name != name) continue;
      joined += (found ? "|" : "") + header.value;
      found = true;
    }
    return found ? joined : "-";
  }

  absl::Status body_error;
  std::optional<ResponseHead> answer;
  std::string body;
  std::vector<std::string> body_pieces;
  std::vector<Header> trailers;
  bool ended = false;

 private:
  rpc::Executor& executor_;
  const RequestHead head_;
  std::deque<std::string> pieces_;
  bool gone_ = false;
  rpc::Executor::Work callback_;
};

/// What the backend answers, and what it was asked. One script for every method.
struct Script {
  std::vector<std::string> messages;  ///< JSON of the response's type
  rpc::Status status;
  rpc::Metadata initial_metadata;
  rpc::Metadata trailers;
  rpc::Duration delay{};

  std::string method;
  std::string request;  ///< JSON
  rpc::Metadata metadata;
  rpc::Deadline deadline = rpc::kNoDeadline;
  int calls = 0;
  bool cancelled = false;
};

/// The gateway before a backend of the test in the same thread.
class Harbour {
 public:
  explicit Harbour(GatewayOptions options = {}, bool publish = true)
      : gateway_(std::move(options)) {
    rpc::Dispatcher::Builder builder;
    for (const schema::Service& service : schema_->services()) {
      for (const schema::MethodInfo& method : service.methods) {
        builder.Add({method.path, rpc::MethodKind::kServerStreaming,
                     [this, &method](rpc::CallContext& context, rpc::ServerStream& stream) {
                       return Serve(this, &method, &context, &stream);
                     }});
      }
    }
    handler_ = gateway_.NewHandler(
        std::make_unique<rpc::InProcessUpstream>(std::move(builder).Build(), executor));
    if (publish) report = gateway_.Publish(schema_);
  }

  /// Sends a request and lets everything run that can without time passing.
  FakeExchange& Send(std::string method, std::string target, std::vector<Header> headers = {},
                     std::vector<std::string> body = {}) {
    RequestHead head;
    head.method = std::move(method);
    head.target = std::move(target);
    head.headers = std::move(headers);
    head.peer = "192.0.2.7:4711";
    head.has_body = !body.empty();
    return Start(std::make_unique<FakeExchange>(executor, std::move(head), std::move(body)));
  }
  FakeExchange& Start(std::unique_ptr<FakeExchange> exchange) {
    exchanges_.push_back(std::move(exchange));
    rpc::Spawn(handler_->Handle(*exchanges_.back()));
    executor.RunPosted();
    return *exchanges_.back();
  }

  Script script;
  RouteReport report;
  rpc::ManualExecutor executor;

 private:
  static rpc::Task<rpc::Status> Serve(Harbour* harbour, const schema::MethodInfo* method,
                                      rpc::CallContext* context, rpc::ServerStream* stream) {
    Script& script = harbour->script;
    ++script.calls;
    script.method = method->path;
    script.metadata = context->metadata();
    script.deadline = context->deadline();
    std::optional<std::string> request = co_await stream->Read();
    auto json = schema::JsonFromWire(harbour->schema_->input(*method), request.value_or(""));
    EXPECT_TRUE(json.ok()) << json.status();
    script.request = json.ok() ? *json : "";
    for (const auto& [key, value] : script.initial_metadata)
      context->AddInitialMetadata(key, value);
    for (const auto& [key, value] : script.trailers) context->AddTrailer(key, value);
    if (script.delay > rpc::Duration::zero()) {
      const rpc::Status alive = co_await context->Sleep(script.delay);
      script.cancelled = context->cancelled();
      if (!alive.ok()) co_return alive;
    }
    for (const std::string& message : script.messages) {
      auto wire = schema::WireFromJson(harbour->schema_->output(*method), message);
      EXPECT_TRUE(wire.ok()) << wire.status();
      co_await stream->Write(*wire);
    }
    co_return script.status;
  }

  const std::shared_ptr<const schema::Schema> schema_ = HarbourSchema();
  Gateway gateway_;
  std::vector<std::unique_ptr<FakeExchange>> exchanges_;
  std::unique_ptr<ExchangeHandler> handler_;  // ends its calls before the exchanges go
};

}  // namespace slipway::gateway::testing
