#include "jobs/delivery/meeting.h"

namespace slipway::jobs {

std::shared_ptr<Meeting> Meetings::Join(const std::string& key) {
  const std::lock_guard lock(table_->mutex);
  std::weak_ptr<Meeting>& known = table_->meetings[key];
  if (std::shared_ptr<Meeting> meeting = known.lock()) return meeting;
  std::shared_ptr<Meeting> meeting(new Meeting, [table = table_, key](Meeting* last) {
    delete last;
    const std::lock_guard lock(table->mutex);
    const auto found = table->meetings.find(key);
    // Another may have taken its place.
    if (found != table->meetings.end() && found->second.expired()) table->meetings.erase(found);
  });
  known = meeting;
  return meeting;
}

void Meetings::End(const std::string& key, std::shared_ptr<Meeting> meeting, Delivered outcome) {
  if (outcome == Delivered::kStays) {
    const std::lock_guard lock(table_->mutex);
    const auto found = table_->meetings.find(key);
    if (found != table_->meetings.end() && found->second.lock() == meeting) {
      table_->meetings.erase(found);
    }
  }
  const auto waiting = meeting->End(outcome);
  // Before the polls end: who comes after the last of them must not find it because of us.
  meeting.reset();
  for (const auto& each : waiting) each->Resolve(outcome);
}

}  // namespace slipway::jobs
