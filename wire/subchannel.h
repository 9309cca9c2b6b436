#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rpc/executor.h"
#include "wire/backoff.h"
#include "wire/channel_options.h"
#include "wire/connection.h"
#include "wire/resolver.h"

namespace slipway::wire {

/// One connection's place in a channel: connects to one address, again and again, and replaces a
/// connection that is going away while its last calls end. Owned by the Balancer; one thread.
class Subchannel : public Connection::Owner {
 public:
  /// Hears what matters for the whole channel.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// There is room for a call.
    virtual void OnRoom() = 0;
    /// An attempt has failed, or a connection is gone: see failed() and error().
    virtual void OnDown() = 0;
    /// A retired subchannel's last connection is gone.
    virtual void OnRetired() = 0;
  };

  Subchannel(rpc::IoExecutor& executor, const ChannelOptions& options,
             std::shared_ptr<WakeList> wake_list, boost::asio::ssl::context* tls, Address address,
             Listener* listener);

  const Address& address() const { return address_; }
  /// The connection for a new call, or nullptr.
  Connection* Available() const {
    return ready_ && connection_->accepts_streams() ? connection_.get() : nullptr;
  }
  bool ready() const { return ready_; }
  /// The last attempt has failed and the next one waits.
  bool failed() const { return failed_; }
  const absl::Status& error() const { return error_; }

  void Connect();
  /// A call wants this address: the next attempt comes no later than backoff_demand after the last.
  void Hurry();
  /// No new calls; OnRetired follows when the old ones have ended, maybe at once.
  void Retire();
  bool gone() const { return retired_ && connection_ == nullptr && draining_.empty(); }
  /// Ends everything; the listener hears nothing more.
  void Close(const absl::Status& why);

  void OnConnected(Connection& connection) override;
  void OnCapacity(Connection& connection) override;
  void OnDraining(Connection& connection) override;
  void OnClosed(Connection& connection, const absl::Status& why) override;

 private:
  void Attempt();
  void AttemptAt(rpc::Time when);
  void ConnectAgainSoon();
  void OnAttemptFailed();
  bool ForgetDraining(const Connection& connection);

  rpc::IoExecutor& executor_;
  const ChannelOptions& options_;
  const std::shared_ptr<WakeList> wake_list_;
  boost::asio::ssl::context* const tls_;
  const Address address_;
  Listener* const listener_;

  std::shared_ptr<Connection> connection_;             // the one that is up or coming up
  std::vector<std::shared_ptr<Connection>> draining_;  // end with their last call
  bool ready_ = false;
  bool failed_ = false;
  bool retired_ = false;
  absl::Status error_;
  Backoff backoff_;
  rpc::Time last_attempt_{};
  rpc::Time next_attempt_{};
  rpc::Timer timer_;
};

}  // namespace slipway::wire
