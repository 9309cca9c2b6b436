#include "jobs/work/purger.h"

#include <cstddef>
#include <string>
#include <utility>

#include "base/log.h"

namespace slipway::jobs {
namespace {

// How many at once: short enough not to hold up what else the store has to do.
constexpr size_t kBatch = 500;

}  // namespace

void Purger::Start() {
  if (stopped_) return;
  timer_.Start(work_.executor.Now() + ToSteady(work_.options.purge_every), [this] {
    purge_ = Purge();
    purge_.Start();
  });
}

void Purger::Stop() {
  stopped_ = true;
  timer_.Cancel();
}

Root Purger::Purge() {
  size_t purged = kBatch;
  while (purged >= kBatch && !stopped_) {
    auto purge = work_.store.Purge(work_.executor, work_.clock.Wall(), kBatch);
    const absl::StatusOr<size_t> answer = co_await std::move(purge);
    if (!answer.ok()) {
      base::LogWarn("expired results could not be dropped: {}",
                    std::string(answer.status().message()));
    }
    purged = answer.value_or(0);
  }
  Start();
}

}  // namespace slipway::jobs
