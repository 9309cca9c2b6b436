#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace slipway::jobs {

/// Tells whoever subscribed that something happened. Its owner keeps it longer than the
/// subscriptions. Any thread may notify, subscribe and end a subscription.
template <typename... Arguments>
class Signal {
 public:
  /// Runs on the notifying thread, one call at a time, and must only pass the news on: it must not
  /// wait, subscribe or end a subscription of the same signal.
  using Callback = std::function<void(Arguments...)>;

  /// Ends when destroyed: after that the callback is not running and will not run.
  class Subscription {
   public:
    Subscription(Signal& signal, Callback callback)
        : signal_(signal), callback_(std::move(callback)) {
      const std::lock_guard lock(signal_.mutex_);
      signal_.subscriptions_.push_back(this);
    }
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    ~Subscription() {
      const std::lock_guard lock(signal_.mutex_);
      auto& all = signal_.subscriptions_;
      all.erase(std::find(all.begin(), all.end(), this));
    }

   private:
    friend class Signal;
    Signal& signal_;
    Callback callback_;
  };

  std::unique_ptr<Subscription> Subscribe(Callback callback) {
    return std::make_unique<Subscription>(*this, std::move(callback));
  }
  void Notify(Arguments... arguments) {
    const std::lock_guard lock(mutex_);
    for (Subscription* subscription : subscriptions_) subscription->callback_(arguments...);
  }

 private:
  std::mutex mutex_;
  std::vector<Subscription*> subscriptions_;  // guarded by mutex_
};

}  // namespace slipway::jobs
