#include "wire/subchannel.h"

#include <algorithm>
#include <utility>

namespace slipway::wire {

Subchannel::Subchannel(rpc::IoExecutor& executor, const ChannelOptions& options,
                       std::shared_ptr<WakeList> wake_list, boost::asio::ssl::context* tls,
                       Address address, Listener* listener)
    : executor_(executor),
      options_(options),
      wake_list_(std::move(wake_list)),
      tls_(tls),
      address_(std::move(address)),
      listener_(listener),
      backoff_(options.backoff_first, options.backoff_max),
      timer_(executor) {}

void Subchannel::Connect() { Attempt(); }

void Subchannel::Attempt() {
  last_attempt_ = executor_.Now();
  failed_ = false;
  const std::string& host =
      options_.tls.server_name.empty() ? address_.host : options_.tls.server_name;
  connection_ = Connection::Connect(executor_, {address_.endpoint, host, tls_}, options_.connection,
                                    wake_list_, this);
}

void Subchannel::AttemptAt(rpc::Time when) {
  next_attempt_ = when;
  timer_.Start(when, [this] { Attempt(); });
}

// After a connection that was up: at once, but not in a tight loop when the peer accepts and
// closes. Calls wait for it.
void Subchannel::ConnectAgainSoon() {
  ready_ = false;
  connection_ = nullptr;
  if (retired_) return;
  AttemptAt(std::max(executor_.Now(), last_attempt_ + backoff_.first()));
}

void Subchannel::OnAttemptFailed() {
  connection_ = nullptr;
  if (retired_) return;
  failed_ = true;
  AttemptAt(executor_.Now() + backoff_.Next());
}

void Subchannel::Hurry() {
  if (!failed_ || retired_) return;
  const rpc::Time latest = last_attempt_ + options_.backoff_demand;
  if (latest < next_attempt_) AttemptAt(latest);
}

void Subchannel::Retire() {
  retired_ = true;
  timer_.Cancel();
  if (ready_) {
    connection_->Drain();
  } else if (connection_ != nullptr) {
    std::exchange(connection_, nullptr)->Close(absl::UnavailableError("the address is gone"));
  }
  ready_ = false;
}

void Subchannel::Close(const absl::Status& why) {
  retired_ = true;
  ready_ = false;
  timer_.Cancel();
  if (connection_ != nullptr) std::exchange(connection_, nullptr)->Close(why);
  for (const auto& connection : std::exchange(draining_, {})) connection->Close(why);
}

void Subchannel::OnConnected(Connection&) {
  ready_ = true;
  error_ = absl::OkStatus();
  backoff_.Reset();
}

void Subchannel::OnCapacity(Connection&) {
  if (ready_) listener_->OnRoom();
}

void Subchannel::OnDraining(Connection& connection) {
  if (&connection != connection_.get()) return;
  draining_.push_back(std::move(connection_));
  ConnectAgainSoon();
  if (!retired_) listener_->OnDown();
}

void Subchannel::OnClosed(Connection& connection, const absl::Status& why) {
  if (!ForgetDraining(connection)) {
    error_ = why;
    const bool was_ready = std::exchange(ready_, false);
    was_ready ? ConnectAgainSoon() : OnAttemptFailed();
    if (!retired_) listener_->OnDown();
  }
  if (gone()) listener_->OnRetired();
}

bool Subchannel::ForgetDraining(const Connection& connection) {
  const auto found =
      std::find_if(draining_.begin(), draining_.end(),
                   [&connection](const auto& each) { return each.get() == &connection; });
  if (found == draining_.end()) return false;
  draining_.erase(found);
  return true;
}

}  // namespace slipway::wire
