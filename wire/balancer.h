#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ssl/context.hpp>
#include <boost/intrusive/list.hpp>

#include "absl/status/status.h"
#include "rpc/io_executor.h"
#include "wire/call.h"
#include "wire/channel_options.h"
#include "wire/resolver.h"
#include "wire/subchannel.h"
#include "wire/wake_list.h"

namespace slipway::wire {

/// What a Channel and its calls share: the addresses, the connections to them, and the calls that
/// wait for one. Calls hold it so that they may outlive the channel. One thread.
class Balancer : public Subchannel::Listener, public std::enable_shared_from_this<Balancer> {
 public:
  Balancer(rpc::IoExecutor& executor, ChannelOptions options);
  ~Balancer() override;

  /// Resolves and connects. Once.
  void Begin();
  void Shutdown();

  /// Gives `call` a connection, or a place in the queue, or fails it. Never wakes it from inside.
  void Route(Call& call);
  /// The same for a call that a connection has certainly not processed. May be called from inside
  /// nghttp2: what it does comes with the next turn.
  void RouteAgain(Call& call);
  /// A call that is queued no longer waits.
  void Forget(Call& call);

  bool ready() const { return ready_connections() > 0; }
  size_t ready_connections() const;
  const absl::Status& last_error() const { return last_error_; }

  rpc::IoExecutor& executor() { return executor_; }
  const ChannelOptions& options() const { return options_; }
  const std::string& authority() const { return authority_; }
  bool tls() const { return tls_ != nullptr; }
  WakeList& wake_list() { return *wake_list_; }

  void OnRoom() override;
  void OnDown() override;
  void OnRetired() override;

 private:
  using Queue =
      boost::intrusive::list<Call,
                             boost::intrusive::member_hook<Call, Stream::Hook, &Call::queue_hook>,
                             boost::intrusive::constant_time_size<false>>;
  using Subchannels = std::vector<std::unique_ptr<Subchannel>>;

  absl::Status SetUp();
  void Resolve();
  void ResolveAgain();
  void OnResolved(Resolution resolution);
  void SetAddresses(const std::vector<Address>& addresses);
  void RetireMissing(const std::vector<Address>& addresses);
  void AddMissing(const Address& address);
  Connection* Pick();
  bool HasFailed() const;
  void FailQueue();
  void ServeQueue();
  void Enqueue(Call& call);
  void Hurry();
  template <typename Function>
  void PostAlive(Function function);

  rpc::IoExecutor& executor_;
  const ChannelOptions options_;
  const std::shared_ptr<WakeList> wake_list_;
  std::string authority_;
  std::unique_ptr<boost::asio::ssl::context> tls_;
  std::optional<Resolver> resolver_;
  Backoff resolve_backoff_;
  rpc::Timer resolve_timer_;
  rpc::Time last_resolve_{};
  bool resolve_failed_ = false;

  Subchannels subchannels_;
  Subchannels retired_;
  size_t next_ = 0;  // round robin
  Queue queue_;
  size_t queued_ = 0;
  absl::Status broken_;  // wrong options, or shut down: every call fails with it
  absl::Status last_error_;
};

}  // namespace slipway::wire
