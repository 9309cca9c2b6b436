#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "jobs/store/job.h"
#include "jobs/store/signal.h"
#include "jobs/store/store.h"

namespace slipway::jobs {

/// What a store tells: see Store::OnEvent, OnEventLater, OnRunnable. Any thread.
class StoreNews {
 public:
  using EventCallback = std::function<void(absl::Span<const JobEvent>)>;
  using KindCallback = std::function<void(const std::string&)>;

  std::unique_ptr<EventSignal::Subscription> OnEvent(EventCallback callback) {
    return events_.Subscribe(std::move(callback));
  }
  std::unique_ptr<EventSignal::Subscription> OnEventLater(EventCallback callback) {
    return later_.Subscribe(std::move(callback));
  }
  std::unique_ptr<KindSignal::Subscription> OnRunnable(KindCallback callback) {
    return runnable_.Subscribe(std::move(callback));
  }

  /// Before the operations are answered.
  void Tell(absl::Span<const JobEvent> events) {
    if (events.empty()) return;
    events_.Notify(events);
    std::set<std::string> kinds;
    for (const JobEvent& event : events) {
      if (event.after.state == JobState::kAccepted) kinds.insert(event.after.kind);
    }
    for (const std::string& kind : kinds) runnable_.Notify(kind);
  }
  /// Of the same events, next.
  void TellLater(absl::Span<const JobEvent> events) {
    if (!events.empty()) later_.Notify(events);
  }

 private:
  EventSignal events_;
  EventSignal later_;
  KindSignal runnable_;
};

}  // namespace slipway::jobs
