#pragma once

#include <httplib.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/http/exchange.h"
#include "gateway/http/httplib/worker_loop.h"
#include "gateway/http/recorder.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::gateway {

/// One exchange on a thread that cpp-httplib has given to a connection.
///
/// The handler pushes its answer, the library pulls it. A whole answer is complete when Run returns
/// and is handed over as one body. Of a longer one Run waits for the first piece; then the
/// library's content provider lets the handler go on from piece to piece. All on one thread. Shared
/// by the response's provider and the worker.
class BlockingExchange final : public Exchange,
                               public std::enable_shared_from_this<BlockingExchange> {
 public:
  struct Limits {
    size_t max_body_bytes;
    std::chrono::milliseconds body_deadline;
  };
  /// `loop` is this thread's and outlives the exchange.
  BlockingExchange(WorkerLoop& loop, RequestHead head, bool http_10, Limits limits);
  ~BlockingExchange() override;

  /// Runs `handler` until the answer, or its first piece, is there. `reader` is null without a
  /// body.
  void Run(ExchangeHandler& handler, const httplib::ContentReader* reader);
  /// Moves the answer into the library's response.
  void Fill(httplib::Response* response);

  /// The peer is gone or must be taken as gone: the call is cancelled, further sends fail.
  void LosePeer();
  /// For the access line, when the answer has left. The views live as long as the exchange.
  ExchangeRecord Record() const;

  const RequestHead& head() const override { return head_; }
  rpc::Executor& executor() override { return loop_.executor(); }
  rpc::Task<absl::StatusOr<std::optional<std::string>>> ReadBody() override;
  void SendHead(ResponseHead head) override;
  rpc::Task<bool> SendBody(std::string data, bool end) override;
  rpc::Task<bool> SendTrailers(std::vector<Header> trailers) override;
  void OnPeerGone(rpc::Executor::Work callback) override;

 private:
  rpc::Task<void> Serve(ExchangeHandler& handler);
  absl::Status PullBody();
  /// What the library calls for the next piece. False closes the connection.
  bool Provide(httplib::DataSink& sink);
  void RunToEnd();
  void WatchPeer(httplib::DataSink& sink);
  void FillWhole(httplib::Response* response);
  void FillStream(httplib::Response* response);

  WorkerLoop& loop_;
  const RequestHead head_;
  const bool http_10_;
  const Limits limits_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();

  const httplib::ContentReader* reader_ = nullptr;  // while Run runs
  bool body_read_ = false;
  /// Bytes of the body are left in the socket: the connection cannot go on.
  bool must_close_ = false;

  std::optional<ResponseHead> answer_;
  std::string pending_;  // sent by the handler, not yet taken by the library
  uint64_t bytes_ = 0;
  bool ended_ = false;    // the handler has sent all
  bool finished_ = true;  // the handler has returned, or was never started
  bool yielded_ = false;  // there is something for the library, or the handler has returned
  rpc::WaitSlot room_;    // the handler waits for the library to take pending_
  bool peer_gone_ = false;
  rpc::Executor::Work on_peer_gone_;
  rpc::Timer peer_timer_;
};

}  // namespace slipway::gateway
