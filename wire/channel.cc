#include "wire/channel.h"

#include <utility>

#include "wire/balancer.h"
#include "wire/call.h"
#include "wire/target.h"

namespace slipway::wire {

absl::Status Channel::Check(const ChannelOptions& options) {
  auto target = ParseTarget(options.target);
  if (!target.ok()) return target.status();
  return target->tls ? MakeTlsContext(options.tls).status() : absl::OkStatus();
}

Channel::Channel(rpc::IoExecutor& executor, ChannelOptions options)
    : balancer_(std::make_shared<Balancer>(executor, std::move(options))) {
  balancer_->Begin();
}

Channel::~Channel() { Shutdown(); }

std::unique_ptr<rpc::ClientCall> Channel::NewCall() { return std::make_unique<Call>(balancer_); }

rpc::Executor& Channel::executor() { return balancer_->executor(); }

bool Channel::ready() const { return balancer_->ready(); }

size_t Channel::ready_connections() const { return balancer_->ready_connections(); }

absl::Status Channel::last_error() const { return balancer_->last_error(); }

void Channel::Shutdown() { balancer_->Shutdown(); }

}  // namespace slipway::wire
