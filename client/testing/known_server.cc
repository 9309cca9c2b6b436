#include "client/testing/known_server.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/testing/known_desk.h"
#include "rpc/io_executor.h"
#include "wire/testing/http2_server.h"
#include "wire/testing/scripted_server.h"

namespace slipway::client::testing {
namespace {

namespace asio = boost::asio;
namespace h2 = wire::testing;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Ticket = KnownDesk::Ticket;

constexpr uint32_t kCancel = 8;  // RFC 9113, 7

/// One request over HTTP/2: gRPC or not.
class Http2Reply : public h2::Handler, public KnownReply {
 public:
  Http2Reply(h2::Exchange& exchange, KnownDesk& desk, const KnownBehaviour& behaviour, bool is_grpc)
      : exchange_(exchange),
        desk_(desk),
        behaviour_(behaviour),
        is_grpc_(is_grpc),
        next_message_(desk.executor()) {}

  void OnData(std::string_view bytes) override { exchange_.Consume(bytes.size()); }
  void OnRequestEnd() override { ticket_ = desk_.Arrive(this); }
  void OnClosed(uint32_t) override {
    if (ticket_) ticket_->reply = nullptr;
    next_message_.Cancel();
  }

  void Ok() override {
    exchange_.SendHead(Head("200"), false);
    if (is_grpc_ && behaviour_.message_gap.count() > 0) return SendInTime(behaviour_.messages);
    SendBody();
    SendOk();
  }
  void Error() override {
    exchange_.SendHead(Head(is_grpc_ ? "200" : "500"), false);
    SendBody();
    exchange_.SendTrailers(is_grpc_
                               ? h2::Fields{{"grpc-status", "5"}, {"grpc-message", "known error"}}
                               : h2::Fields{});
  }
  void Reset() override { exchange_.Reset(kCancel); }
  void CloseEarly() override {
    exchange_.SendHead(Head("200"), false);
    exchange_.Disconnect();
  }

 private:
  h2::Fields Head(const char* status) const {
    return {{":status", status}, {"content-type", is_grpc_ ? "application/grpc" : "text/plain"}};
  }
  void SendOk() {
    exchange_.SendTrailers(is_grpc_ ? h2::Fields{{"grpc-status", "0"}} : h2::Fields{});
  }
  /// The messages that are left, with pauses.
  void SendInTime(int left) {
    exchange_.SendBody(h2::Frame(behaviour_.body));
    if (left <= 1) return SendOk();
    const auto gap = std::chrono::duration_cast<rpc::Duration>(behaviour_.message_gap);
    next_message_.Start(desk_.executor().Now() + gap, [this, left] { SendInTime(left - 1); });
  }
  void SendBody() {
    if (!is_grpc_) return exchange_.SendBody(behaviour_.body);
    for (int i = 0; i < behaviour_.messages; ++i) {
      exchange_.SendBody(h2::Frame(behaviour_.body));
    }
  }

  h2::Exchange& exchange_;
  KnownDesk& desk_;
  const KnownBehaviour& behaviour_;
  const bool is_grpc_;
  std::shared_ptr<Ticket> ticket_;
  rpc::Timer next_message_;
};

/// One HTTP/1.1 connection: a request at a time, the next is read when the last is answered.
class Http1Line : public KnownReply, public std::enable_shared_from_this<Http1Line> {
 public:
  Http1Line(tcp::socket socket, KnownDesk& desk, const KnownBehaviour& behaviour)
      : socket_(std::move(socket)), desk_(desk), behaviour_(behaviour) {}

  void Read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](const ErrorCode& error, size_t size) {
                              if (error) return self->Close();
                              self->input_.append(self->buffer_.data(), size);
                              self->TakeRequest();
                              self->Read();  // also while it is served: to see it go
                            });
  }
  void Close() {
    ErrorCode ignored;
    socket_.close(ignored);
    if (ticket_) ticket_->reply = nullptr;
  }

  void Ok() override { Answer("200 OK", behaviour_.body, behaviour_.body.size(), false); }
  void Error() override { Answer("500 Internal Server Error", "known", 5, false); }
  void Reset() override {
    ErrorCode ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    Close();
  }
  void CloseEarly() override { Answer("200 OK", "", behaviour_.body.size() + 1, true); }

 private:
  void TakeRequest() {
    if (ticket_) return;  // one at a time
    const size_t head = input_.find("\r\n\r\n");
    if (head == std::string::npos) return;
    const size_t size = head + 4 + BodySize(std::string_view(input_).substr(0, head));
    if (input_.size() < size) return;
    input_.erase(0, size);
    ticket_ = desk_.Arrive(this);
  }

  static size_t BodySize(std::string_view head) {
    for (size_t line = 0; line != std::string_view::npos; line = head.find('\n', line + 1)) {
      constexpr std::string_view kName = "\ncontent-length:";
      const absl::string_view rest(head.data() + line, head.size() - line);
      if (!absl::StartsWithIgnoreCase(rest, {kName.data(), kName.size()})) continue;
      return std::strtoul(rest.data() + kName.size(), nullptr, 10);  // ends at the CR
    }
    return 0;
  }

  void Answer(std::string_view status, std::string_view body, size_t length, bool close) {
    output_ = absl::StrCat("HTTP/1.1 ", std::string(status), "\r\nContent-Length: ", length,
                           "\r\n\r\n", std::string(body));
    asio::async_write(socket_, asio::buffer(output_),
                      [self = shared_from_this(), close](const auto& error, size_t) {
                        self->ticket_.reset();
                        if (error || close) return self->Close();
                        self->TakeRequest();
                      });
  }

  tcp::socket socket_;
  KnownDesk& desk_;
  const KnownBehaviour& behaviour_;
  std::array<char, 16'384> buffer_;
  std::string input_;
  std::string output_;
  std::shared_ptr<Ticket> ticket_;  // of the request that is being served
};

}  // namespace

/// The thread and the sockets.
class KnownServer::Host {
 public:
  virtual ~Host() = default;
  virtual uint16_t port() const = 0;
  /// Runs `work` on the server's thread and waits for it.
  virtual void OnThread(const std::function<void(KnownDesk&)>& work) = 0;
  virtual int64_t connections() = 0;
};

class KnownServer::Http2Host : public Host {
 public:
  Http2Host(KnownBehaviour behaviour, bool is_grpc)
      : behaviour_(std::move(behaviour)),
        server_(Options(behaviour_), [this, is_grpc](h2::Exchange& exchange) {
          return std::make_unique<Http2Reply>(exchange, *desk_, behaviour_, is_grpc);
        }) {
    server_.OnThread([this] { desk_.emplace(server_.executor(), behaviour_); });
  }
  ~Http2Host() override {
    server_.OnThread([this] { desk_->Stop(); });
  }
  uint16_t port() const override { return server_.port(); }
  void OnThread(const std::function<void(KnownDesk&)>& work) override {
    server_.OnThread([&] { work(*desk_); });
  }
  int64_t connections() override { return static_cast<int64_t>(server_.accepted()); }

 private:
  static h2::Http2ServerOptions Options(const KnownBehaviour& behaviour) {
    h2::Http2ServerOptions options;
    if (behaviour.max_streams > 0) options.max_concurrent_streams = behaviour.max_streams;
    return options;
  }

  const KnownBehaviour behaviour_;
  std::optional<KnownDesk> desk_;  // outlives the handlers, which the server has
  h2::Http2Server server_;
};

class KnownServer::Http1Host : public Host {
 public:
  explicit Http1Host(KnownBehaviour behaviour)
      : behaviour_(std::move(behaviour)),
        desk_(executor_, behaviour_),
        acceptor_(executor_.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        port_(acceptor_.local_endpoint().port()) {
    Accept();
    thread_ = std::thread([this] { executor_.Run(); });
  }
  ~Http1Host() override {
    OnThread([this](KnownDesk& desk) {
      desk.Stop();
      acceptor_.close();
      for (auto& each : connections_) {
        if (const auto connection = each.lock()) connection->Close();
      }
    });
    OnThread([](KnownDesk&) {});  // what closing has posted
    executor_.Stop();
    thread_.join();
  }
  uint16_t port() const override { return port_; }
  void OnThread(const std::function<void(KnownDesk&)>& work) override {
    std::promise<void> done;
    executor_.Post([&] {
      work(desk_);
      done.set_value();
    });
    done.get_future().wait();
  }
  int64_t connections() override {
    int64_t count = 0;
    OnThread([&](KnownDesk&) { count = accepted_; });
    return count;
  }

 private:
  void Accept() {
    acceptor_.async_accept([this](const ErrorCode& error, tcp::socket socket) {
      if (error) return;
      ErrorCode ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      ++accepted_;
      const auto connection = std::make_shared<Http1Line>(std::move(socket), desk_, behaviour_);
      connections_.push_back(connection);
      connection->Read();
      Accept();
    });
  }

  const KnownBehaviour behaviour_;
  rpc::IoExecutor executor_;
  KnownDesk desk_;
  tcp::acceptor acceptor_;
  const uint16_t port_;
  std::vector<std::weak_ptr<Http1Line>> connections_;
  int64_t accepted_ = 0;
  std::thread thread_;
};

KnownServer::KnownServer(KnownProtocol protocol, KnownBehaviour behaviour) : protocol_(protocol) {
  if (behaviour.mean_service.count() > 0) {
    std::printf("the server's service times: seed %llu\n",
                static_cast<unsigned long long>(behaviour.seed));
  }
  if (protocol == KnownProtocol::kHttp1) {
    host_ = std::make_unique<Http1Host>(std::move(behaviour));
  } else {
    host_ = std::make_unique<Http2Host>(std::move(behaviour), protocol == KnownProtocol::kGrpc);
  }
}

KnownServer::~KnownServer() = default;

uint16_t KnownServer::port() const { return host_->port(); }

std::string KnownServer::url() const {
  const std::string address = absl::StrCat("127.0.0.1:", port());
  switch (protocol_) {
    case KnownProtocol::kHttp1:
      return absl::StrCat("http://", address, "/known");
    case KnownProtocol::kHttp2:
      return absl::StrCat("h2c://", address, "/known");
    case KnownProtocol::kGrpc:
      break;
  }
  return absl::StrCat("grpc://", address, "/known.v1.Known/Call");
}

KnownCounts KnownServer::counts() {
  KnownCounts counts;
  host_->OnThread([&counts](KnownDesk& desk) { counts = desk.counts(); });
  counts.connections = host_->connections();
  return counts;
}

Histogram KnownServer::times() {
  Histogram times;
  host_->OnThread([&times](KnownDesk& desk) { times = desk.times(); });
  return times;
}

void KnownServer::Stall() {
  host_->OnThread([](KnownDesk& desk) { desk.Stall(); });
}
void KnownServer::Resume() {
  host_->OnThread([](KnownDesk& desk) { desk.Resume(); });
}

}  // namespace slipway::client::testing
