#pragma once

#include <memory>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/ssl/context.hpp>

#include "absl/status/status.h"
#include "rpc/io_executor.h"
#include "wire/channel_options.h"
#include "wire/connection.h"
#include "wire/resolver.h"
#include "wire/subchannel.h"
#include "wire/wake_list.h"

namespace slipway::client {

/// One connection of an Http2Engine, which comes again when it is lost: tells the engine whose news
/// they are. Owned by the engine; its thread only.
class Http2Link : private wire::Subchannel::Listener {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// It is up; OnRoom follows.
    virtual void OnUp(Http2Link& link) = 0;
    /// There is room for another stream.
    virtual void OnRoom() = 0;
    /// An attempt has failed or the connection is gone.
    virtual void OnDown(Http2Link& link) = 0;
  };

  Http2Link(rpc::IoExecutor& executor, const wire::ChannelOptions& options,
            std::shared_ptr<wire::WakeList> wake_list, boost::asio::ssl::context* tls,
            wire::Address address, Owner& owner)
      : owner_(owner),
        subchannel_(executor, options, std::move(wake_list), tls, std::move(address), this) {}
  ~Http2Link() override { Close(absl::CancelledError("the engine is gone")); }

  void Connect() { subchannel_.Connect(); }
  void Close(const absl::Status& why) { subchannel_.Close(why); }
  /// Attempts come sooner: somebody waits.
  void Hurry() { subchannel_.Hurry(); }

  /// The connection for a new stream, or nullptr.
  wire::Connection* Available() const { return subchannel_.Available(); }
  bool ready() const { return subchannel_.ready(); }
  /// The last attempt has failed, and no other is under way.
  bool failed() const { return subchannel_.failed(); }
  const absl::Status& error() const { return subchannel_.error(); }

 private:
  void OnRoom() override {
    if (!std::exchange(up_, true)) owner_.OnUp(*this);
    owner_.OnRoom();
  }
  void OnDown() override {
    up_ = false;
    owner_.OnDown(*this);
  }
  void OnRetired() override {}

  Owner& owner_;
  bool up_ = false;
  wire::Subchannel subchannel_;
};

}  // namespace slipway::client
