#include "client/measure/tally.h"

#include <algorithm>
#include <cstddef>

namespace slipway::client {
namespace {

/// A peer that words each failure differently must not fill the memory: those beyond are counted
/// under the last sort of the same kind.
constexpr size_t kMaxSorts = 64;
constexpr size_t kMaxMessage = 300;

/// Broken connections have no code of their own that says enough, so their text tells them apart.
bool SameSort(const Failure& failure, const Outcome& outcome) {
  return failure.kind == outcome.kind && failure.code == outcome.code &&
         (outcome.kind != OutcomeKind::kBroken || failure.message == outcome.message);
}

}  // namespace

void Tally::Add(const Outcome& outcome, std::chrono::nanoseconds latency) {
  (outcome.ok ? ok_ : failed_).Record(latency.count());
  bytes_received_ += outcome.bytes_received;
  if (outcome.kind == OutcomeKind::kGrpcStatus) ++grpc_[std::clamp(outcome.code, 0, 16)];
  if (outcome.kind == OutcomeKind::kHttpStatus) ++http_[std::clamp(outcome.code, 0, 999)];
  if (!outcome.ok) AddFailure(outcome, 1);
}

void Tally::AddFailure(const Outcome& outcome, int64_t count) {
  const auto same = std::find_if(failures_.begin(), failures_.end(), [&](const Failure& failure) {
    return SameSort(failure, outcome);
  });
  if (same != failures_.end()) {
    same->count += count;
    return;
  }
  if (failures_.size() >= kMaxSorts) {
    const auto kin = std::find_if(failures_.rbegin(), failures_.rend(),
                                  [&](const Failure& f) { return f.kind == outcome.kind; });
    (kin != failures_.rend() ? *kin : failures_.back()).count += count;
    return;
  }
  failures_.push_back(Failure{outcome.kind, outcome.code, count,
                              std::string(outcome.message.substr(0, kMaxMessage))});
}

void Tally::Merge(const Tally& other) {
  ok_.Merge(other.ok_);
  failed_.Merge(other.failed_);
  bytes_received_ += other.bytes_received_;
  for (size_t i = 0; i < grpc_.size(); ++i) grpc_[i] += other.grpc_[i];
  for (size_t i = 0; i < http_.size(); ++i) http_[i] += other.http_[i];
  for (const Failure& failure : other.failures_) {
    Outcome outcome;
    outcome.kind = failure.kind;
    outcome.code = failure.code;
    outcome.message = failure.message;
    AddFailure(outcome, failure.count);
  }
}

}  // namespace slipway::client
