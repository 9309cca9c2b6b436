#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "rpc/dispatcher.h"

namespace slipway::server {

/// Whether the server serves, for grpc.health.v1: the whole (service "") and each of its services
/// are SERVING together, and NOT_SERVING once the server drains. Any thread.
class Health {
 public:
  explicit Health(std::vector<std::string> services);

  void SetServing(bool serving);
  bool serving() const;
  bool Knows(const std::string& service) const { return services_.count(service) > 0; }

  /// Waits on its own executor until the state is no longer `known`; wakes early when the call
  /// ends.
  class Watcher {
   public:
    Watcher(Health& health, rpc::CallContext& context);
    ~Watcher();
    rpc::Task<void> Changed(bool known);

   private:
    friend class Health;
    Health& health_;
    rpc::CallContext& context_;
    std::shared_ptr<rpc::WaitSlot> slot_ = std::make_shared<rpc::WaitSlot>();
  };

 private:
  const std::set<std::string> services_;
  mutable std::mutex mutex_;
  bool serving_ = true;          // guarded by mutex_
  std::set<Watcher*> watchers_;  // guarded by mutex_
};

/// Check and Watch of grpc.health.v1.Health.
std::vector<rpc::Method> HealthMethods(std::shared_ptr<Health> health);

}  // namespace slipway::server
