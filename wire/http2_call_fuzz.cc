// Any bytes as what a gRPC server sends: to a call that has been sent (`s` and the bytes, which
// come behind a SETTINGS frame and after the request), or from the first byte of the connection
// (`r`), and then the end of the connection. Every call ends, once, with a status of gRPC and a
// message within the limit, and it ends alike however the bytes are cut. Over a real socket of
// loopback, on one thread.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "rpc/client_call.h"
#include "rpc/io_executor.h"
#include "rpc/task.h"
#include "tests/fuzz/fuzz.h"
#include "wire/channel.h"

namespace slipway::wire {
namespace {

using boost::asio::ip::tcp;
using fuzz::Check;
using Error = boost::system::error_code;

constexpr size_t kMostMessage = 256;

/// The other side of the one connection that counts.
class Server {
 public:
  Server(tcp::socket socket, bool after_request)
      : socket_(std::move(socket)), waits_(after_request) {
    socket_.non_blocking(true);
    constexpr char kSettings[] = "\0\0\0\4\0\0\0\0\0";
    if (waits_) Send({kSettings, sizeof kSettings - 1});
  }

  /// Takes what the client has sent. True when it is time to answer.
  bool Receive() {
    char bytes[4096];
    Error error;
    const size_t size = socket_.read_some(boost::asio::buffer(bytes), error);
    if (waits_) received_.append(bytes, size);
    if (error && error != boost::asio::error::would_block) waits_ = false;
    waits_ = waits_ && !HasRequest();
    return !waits_;
  }
  void Send(std::string_view bytes) {
    Error ignored;  // the client may have closed
    boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  void End() {
    Error ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

 private:
  /// Behind the preface is a DATA frame with END_STREAM.
  bool HasRequest() const {
    constexpr size_t kPreface = 24;
    constexpr size_t kHead = 9;
    size_t at = kPreface;
    while (at + kHead <= received_.size()) {
      const auto byte = [&](size_t i) { return static_cast<uint8_t>(received_[at + i]); };
      if (byte(3) == 0 && (byte(4) & 1) != 0) return true;
      at += kHead + (size_t{byte(0)} << 16 | size_t{byte(1)} << 8 | byte(2));
    }
    return false;
  }

  tcp::socket socket_;
  bool waits_;
  std::string received_;
};

/// One thread with the client, and a listening socket that all runs share.
class Stage {
 public:
  rpc::UnaryResult Run(std::string_view bytes, bool after_request, fuzz::Cut cut) {
    while (TryAccept()) {  // what the run before has left
    }
    std::optional<rpc::UnaryResult> result;
    {
      Channel channel(executor_, Options());
      const auto call = channel.NewCall();
      rpc::Spawn(Store(*call, &result));
      std::optional<Server> server = Accept(after_request);
      while (!server->Receive()) Poll();
      fuzz::ForEachPiece(bytes, cut, [&](std::string_view piece) {
        server->Send(piece);
        Poll();
        server->Receive();
      });
      server->End();
      while (!result) RefuseOthers();
    }
    Poll();
    return *std::move(result);
  }

 private:
  ChannelOptions Options() {
    ChannelOptions options;
    options.target = "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    options.max_receive_message = kMostMessage;
    options.connection.max_header_list = 1024;
    options.backoff_first = options.backoff_max = std::chrono::microseconds(100);
    return options;
  }

  static rpc::Task<void> Store(rpc::ClientCall& call, std::optional<rpc::UnaryResult>* result) {
    rpc::CallSpec spec;
    spec.method = "/a.B/C";
    auto task = rpc::CallUnary(call, std::move(spec), "request");
    result->emplace(co_await std::move(task));
  }

  void Poll() {
    executor_.context().restart();
    executor_.context().poll();
  }

  std::optional<tcp::socket> TryAccept() {
    Error error;
    acceptor_.non_blocking(true);
    tcp::socket socket(executor_.context());
    acceptor_.accept(socket, error);
    if (error) return std::nullopt;
    return socket;
  }
  std::optional<Server> Accept(bool after_request) {
    for (;;) {
      Poll();
      if (auto socket = TryAccept())
        return std::optional<Server>(std::in_place, *std::move(socket), after_request);
    }
  }
  /// A call that may be sent again finds nobody.
  void RefuseOthers() {
    Poll();
    TryAccept();
  }

  rpc::IoExecutor executor_;
  tcp::acceptor acceptor_{executor_.context(),
                          tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
};

std::string Shown(const rpc::Status& status) {
  return std::string(rpc::CodeName(status.code())) + " (" + status.message() + ")";
}

/// Of several faults one is noticed first: of the connection, of a frame, or the server's reset,
/// whose codes are those of gRPC's table (gRPC over HTTP/2, "Errors").
bool SameEnd(const rpc::Status& one, const rpc::Status& other) {
  const auto broken = [](const rpc::Status& status) {
    return status.code() == absl::StatusCode::kUnavailable ||
           status.code() == absl::StatusCode::kInternal ||
           status.code() == absl::StatusCode::kCancelled ||
           status.code() == absl::StatusCode::kResourceExhausted ||
           status.code() == absl::StatusCode::kPermissionDenied;
  };
  return one.code() == other.code() || (broken(one) && broken(other));
}

void CheckResult(const rpc::UnaryResult& result) {
  Check(result.status.code() >= absl::StatusCode::kOk &&
            result.status.code() <= absl::StatusCode::kUnauthenticated,
        "a call ends with a status of gRPC");
  Check(result.message.size() <= kMostMessage, "messages keep their limit");
}

}  // namespace
}  // namespace slipway::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway;
  if (size == 0 || (data[0] != 's' && data[0] != 'r')) return 0;
  static auto* const stage = new wire::Stage;
  const std::string_view bytes = fuzz::Text(data + 1, size - 1);
  const auto whole = stage->Run(bytes, data[0] == 's', fuzz::Cut::kNowhere);
  wire::CheckResult(whole);
  const auto pieces = stage->Run(bytes, data[0] == 's', fuzz::Cut::kSomewhere);
  fuzz::Check(wire::SameEnd(whole.status, pieces.status) && whole.message == pieces.message,
              "pieces end the call as the whole does",
              wire::Shown(whole.status) + " and " + wire::Shown(pieces.status));
  return 0;
}
