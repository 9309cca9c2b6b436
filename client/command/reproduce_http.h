#pragma once

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/engine/engine.h"
#include "client/engine/engine_spec.h"
#include "client/engine/loop.h"
#include "client/engine/request.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::client {

/// Conversations with a server on this machine over HTTP/1.1, where one request depends on the
/// answer to another: coroutines that fetch, over an engine as loads use it. Made, used and
/// destroyed on one thread, which runs everything in RunAll.
///
/// SIGINT and SIGTERM during RunAll end it: what is in flight is waited for, nothing more is
/// fetched. A second one ends the process.
class HttpSession : private Engine::Listener {
 public:
  struct Options {
    uint16_t port = 0;
    /// Requests in flight, each on a connection of its own; above 0. What is fetched beyond them
    /// waits for its turn.
    uint32_t slots = 1;
    /// Of one request; above 0.
    rpc::Duration timeout = std::chrono::seconds(20);
  };

  /// UNAVAILABLE when the connections cannot be established.
  static absl::StatusOr<std::unique_ptr<HttpSession>> Open(const Options& options);
  ~HttpSession() override;

  /// Starts `conversation(0)` to `conversation(count - 1)` at once and blocks until all have ended.
  /// CANCELLED when it was interrupted. The function must not be a coroutine with captures itself,
  /// but may call one.
  absl::Status RunAll(size_t count, const std::function<rpc::Task<void>(size_t)>& conversation);

  /// The answer, whatever its status. UNAVAILABLE and DEADLINE_EXCEEDED say why there is none,
  /// CANCELLED that the session has been interrupted. `took`, unless it is null, is the time from
  /// the sending, when a slot was free, to the end. Only within RunAll.
  rpc::Task<absl::StatusOr<Response>> Fetch(Request request, rpc::Duration* took = nullptr);
  /// Only within RunAll.
  rpc::Task<void> Sleep(rpc::Duration duration);

  rpc::Time Now() { return loop_->executor().Now(); }

 private:
  /// A request that waits for a slot or for its answer; on its coroutine's frame.
  struct Pending {
    std::unique_ptr<const Engine::Encoded> request;
    absl::StatusOr<Response> answer = absl::UnknownError("no answer yet");
    rpc::Time sent;
    rpc::Time ended;
    rpc::WaitSlot end;
  };

  explicit HttpSession(const Options& options);
  rpc::Task<void> ConnectAll(absl::Status* status);
  rpc::Task<void> CloseAll();
  rpc::Task<void> RunOne(rpc::Task<void> conversation);
  void Start(Pending* pending, uint32_t slot);
  void Done(uint32_t slot, const Outcome& outcome, rpc::Time now) override;

  std::unique_ptr<Loop> loop_;
  std::unique_ptr<Engine> engine_;
  std::vector<uint32_t> free_;
  std::vector<Pending*> busy_;  // by slot
  std::deque<Pending*> waiting_;
  size_t running_ = 0;  // conversations
  bool ended_ = false;
};

/// A GET of `path`.
Request HttpGet(std::string path);
/// A POST of a JSON body to `path`.
Request HttpPost(std::string path, std::string json);

/// OK when the status is `wanted`; else UNAVAILABLE says what was asked and what came.
absl::Status ExpectStatus(const Request& request, const Response& response, int wanted);

}  // namespace slipway::client
