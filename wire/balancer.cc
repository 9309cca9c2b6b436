#include "wire/balancer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>

#include "absl/strings/str_cat.h"
#include "wire/target.h"

namespace slipway::wire {
namespace {

// Between two look-ups of the same names.
constexpr rpc::Duration kResolveInterval = std::chrono::seconds(1);

}  // namespace

Balancer::Balancer(rpc::IoExecutor& executor, ChannelOptions options)
    : executor_(executor),
      options_(std::move(options)),
      wake_list_(std::make_shared<WakeList>(executor)),
      resolve_backoff_(options_.backoff_first, options_.backoff_max),
      resolve_timer_(executor) {
  broken_ = SetUp();
}

Balancer::~Balancer() = default;

absl::Status Balancer::SetUp() {
  auto target = ParseTarget(options_.target);
  if (!target.ok()) return target.status();
  authority_ = options_.authority.empty() ? target->hosts.front().ToString() : options_.authority;
  if (target->tls) {
    auto context = MakeTlsContext(options_.tls);
    if (!context.ok()) return context.status();
    tls_ = *std::move(context);
  }
  resolver_.emplace(executor_, std::move(target->hosts));
  return absl::OkStatus();
}

// For what must not happen where the need for it is noticed.
template <typename Function>
void Balancer::PostAlive(Function function) {
  boost::asio::post(executor_.context(), [self = shared_from_this(), function] {
    if (self->broken_.ok()) function(*self);
  });
}

void Balancer::Begin() {
  PostAlive([](Balancer& self) { self.Resolve(); });
}

void Balancer::Shutdown() {
  const absl::Status why = absl::UnavailableError("the channel was shut down");
  if (broken_.ok()) broken_ = why;
  if (resolver_) resolver_->Cancel();
  resolve_timer_.Cancel();
  for (auto* list : {&subchannels_, &retired_}) {
    for (const auto& subchannel : *list) subchannel->Close(why);
  }
  FailQueue();
}

void Balancer::Resolve() {
  if (resolver_->running()) return;
  last_resolve_ = executor_.Now();
  resolver_->Resolve([this](Resolution resolution) { OnResolved(std::move(resolution)); });
}

void Balancer::ResolveAgain() {
  if (!resolver_->dynamic() || resolver_->running() || resolve_timer_.running()) return;
  resolve_timer_.Start(std::max(executor_.Now(), last_resolve_ + kResolveInterval),
                       [this] { Resolve(); });
}

void Balancer::OnResolved(Resolution resolution) {
  if (!resolution.error.ok()) last_error_ = resolution.error;
  resolve_failed_ = resolution.addresses.empty();
  if (resolve_failed_) {
    resolve_timer_.Start(executor_.Now() + resolve_backoff_.Next(), [this] { Resolve(); });
    if (HasFailed()) FailQueue();
    return;
  }
  resolve_backoff_.Reset();
  // Part of the names could not be asked: what is known of them stays.
  if (resolution.error.ok()) RetireMissing(resolution.addresses);
  for (const Address& address : resolution.addresses) AddMissing(address);
  if (!resolution.error.ok()) ResolveAgain();
}

void Balancer::RetireMissing(const std::vector<Address>& addresses) {
  const auto missing = std::stable_partition(
      subchannels_.begin(), subchannels_.end(), [&addresses](const auto& subchannel) {
        return std::find(addresses.begin(), addresses.end(), subchannel->address()) !=
               addresses.end();
      });
  for (auto each = missing; each != subchannels_.end(); ++each) {
    (*each)->Retire();
    if (!(*each)->gone()) retired_.push_back(std::move(*each));
  }
  subchannels_.erase(missing, subchannels_.end());
}

void Balancer::AddMissing(const Address& address) {
  const auto count = std::count_if(
      subchannels_.begin(), subchannels_.end(),
      [&address](const auto& subchannel) { return subchannel->address() == address; });
  for (auto i = count; i < std::max(1, options_.connections_per_address); ++i) {
    subchannels_.push_back(
        std::make_unique<Subchannel>(executor_, options_, wake_list_, tls_.get(), address, this));
    subchannels_.back()->Connect();
  }
}

size_t Balancer::ready_connections() const {
  return static_cast<size_t>(
      std::count_if(subchannels_.begin(), subchannels_.end(),
                    [](const auto& subchannel) { return subchannel->ready(); }));
}

Connection* Balancer::Pick() {
  for (size_t i = 0; i < subchannels_.size(); ++i) {
    if (++next_ >= subchannels_.size()) next_ = 0;
    if (Connection* connection = subchannels_[next_]->Available()) return connection;
  }
  return nullptr;
}

// Nothing is connected and nothing is under way that a call should wait for.
bool Balancer::HasFailed() const {
  if (subchannels_.empty()) return resolve_failed_;
  return std::all_of(subchannels_.begin(), subchannels_.end(),
                     [](const auto& subchannel) { return subchannel->failed(); });
}

void Balancer::Route(Call& call) {
  if (!broken_.ok()) return call.Fail(rpc::Status(broken_));
  if (queue_.empty()) {
    if (Connection* connection = Pick()) return call.SubmitTo(*connection);
    if (HasFailed()) {
      Hurry();
      return call.Fail(rpc::Status(last_error_));
    }
  }
  if (queued_ >= options_.queue_limit) {
    return call.Fail(rpc::Status(absl::StatusCode::kResourceExhausted,
                                 absl::StrCat("queue full: ", queued_, " calls to ",
                                              options_.target, " wait for a connection already")));
  }
  Enqueue(call);
}

void Balancer::RouteAgain(Call& call) {
  if (!broken_.ok()) return call.Fail(rpc::Status(broken_));
  Enqueue(call);
  PostAlive([](Balancer& self) { self.ServeQueue(); });
}

void Balancer::Enqueue(Call& call) {
  queue_.push_back(call);
  ++queued_;
}

void Balancer::Forget(Call& call) {
  if (!call.queue_hook.is_linked()) return;
  call.queue_hook.unlink();
  --queued_;
}

void Balancer::ServeQueue() {
  while (!queue_.empty()) {
    Connection* connection = Pick();
    if (connection == nullptr) break;
    Call& call = queue_.front();
    Forget(call);
    call.SubmitTo(*connection);
  }
  if (!queue_.empty() && HasFailed()) FailQueue();
}

void Balancer::FailQueue() {
  const rpc::Status why(broken_.ok() ? last_error_ : broken_);
  while (!queue_.empty()) {
    Call& call = queue_.front();
    Forget(call);
    call.Fail(why);
  }
}

void Balancer::Hurry() {
  for (const auto& subchannel : subchannels_) subchannel->Hurry();
}

void Balancer::OnRoom() { ServeQueue(); }

void Balancer::OnDown() {
  for (const auto& subchannel : subchannels_) {
    if (!subchannel->error().ok()) last_error_ = subchannel->error();
  }
  ResolveAgain();
  if (HasFailed()) FailQueue();
}

void Balancer::OnRetired() {
  // Posted: the subchannel is still on the stack.
  PostAlive([](Balancer& self) {
    self.retired_.erase(std::remove_if(self.retired_.begin(), self.retired_.end(),
                                       [](const auto& each) { return each->gone(); }),
                        self.retired_.end());
  });
}

}  // namespace slipway::wire
