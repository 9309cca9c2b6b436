#include "client/measure/tally.h"

#include <algorithm>
#include <cstddef>

namespace slipway::client {
namespace {

/// A peer that words each failure differently must not fill the memory: those beyond are counted
/// under the last sort of the same kind. The first sort of a kind always has room.
constexpr size_t kMaxSorts = 64;
constexpr size_t kMaxMessage = 300;
constexpr size_t kMaxSteps = 1000;
constexpr int kGrpcUnknown = 2;

/// Where the code does not say enough, the text tells sorts apart.
bool ToldApartByText(OutcomeKind kind) {
  return kind == OutcomeKind::kBroken || kind == OutcomeKind::kUnexpected;
}

Histogram InDefaultRange(Histogram histogram) {
  if (histogram.range() == Histogram::Range{}) return histogram;
  Histogram converted;
  converted.Merge(histogram);
  return converted;
}

}  // namespace

std::string_view SeriesName(Series series) {
  switch (series) {
    case Series::kOk:
      return "ok";
    case Series::kFailed:
      return "failed";
    case Series::kService:
      return "service";
    case Series::kLag:
      return "lag";
    case Series::kStreamWait:
      return "stream_wait";
    case Series::kMessage:
      return "message";
    case Series::kAcknowledged:
      return "acknowledged";
  }
  return "";
}

void Tally::Add(const Outcome& outcome, std::chrono::nanoseconds latency) {
  Record(outcome.ok ? Series::kOk : Series::kFailed, latency);
  bytes_received_ += outcome.bytes_received;
  if (outcome.kind == OutcomeKind::kGrpcStatus) {
    // A status that gRPC does not know counts as UNKNOWN, as its libraries do.
    const bool known = outcome.code >= 0 && outcome.code < static_cast<int>(grpc_.size());
    ++grpc_[known ? outcome.code : kGrpcUnknown];
  } else if (outcome.kind == OutcomeKind::kHttpStatus) {
    ++http_[std::clamp(outcome.code, 0, static_cast<int>(http_.size()) - 1)];
  }
  if (outcome.ok) return;
  const std::string_view message = outcome.message.substr(0, kMaxMessage);
  if (Failure* same = SortOf(outcome.kind, outcome.code, message)) {
    ++same->count;
  } else {
    failures_.push_back(Failure{outcome.kind, outcome.code, 1, std::string(message)});
  }
}

/// The sort that such a failure is counted under, or nullptr when it is the first of a new one.
Failure* Tally::SortOf(OutcomeKind kind, int code, std::string_view message) {
  for (Failure& failure : failures_) {
    if (failure.kind != kind || failure.code != code) continue;
    if (!ToldApartByText(kind) || failure.message == message) return &failure;
  }
  if (failures_.size() < kMaxSorts) return nullptr;
  const auto kin = std::find_if(failures_.rbegin(), failures_.rend(),
                                [kind](const Failure& failure) { return failure.kind == kind; });
  return kin != failures_.rend() ? &*kin : nullptr;
}

void Tally::AddFailure(const Failure& failure) {
  if (Failure* same = SortOf(failure.kind, failure.code, failure.message)) {
    same->count += failure.count;
  } else {
    failures_.push_back(failure);
  }
}

void Tally::AddStep(size_t step, const Outcome& outcome, std::chrono::nanoseconds latency) {
  if (step >= kMaxSteps) return;
  if (step >= steps_.size()) steps_.resize(step + 1);
  if (outcome.ok) {
    steps_[step].ok.Record(latency.count());
  } else {
    ++steps_[step].failed;
  }
}

void Tally::Merge(const Tally& other) {
  for (Series series : kAllSeries) {
    if (other.Of(series).count() > 0) Writable(series).Merge(other.Of(series));
  }
  if (steps_.size() < other.steps_.size()) steps_.resize(other.steps_.size());
  for (size_t i = 0; i < other.steps_.size(); ++i) {
    steps_[i].ok.Merge(other.steps_[i].ok);
    steps_[i].failed += other.steps_[i].failed;
  }
  bytes_received_ += other.bytes_received_;
  for (size_t i = 0; i < grpc_.size(); ++i) grpc_[i] += other.grpc_[i];
  for (size_t i = 0; i < http_.size(); ++i) http_[i] += other.http_[i];
  for (const Failure& failure : other.failures_) AddFailure(failure);
}

const Histogram& Tally::Of(Series series) const {
  static const Histogram empty;
  const std::optional<Histogram>& histogram = series_[static_cast<size_t>(series)];
  return histogram ? *histogram : empty;
}

Histogram& Tally::Writable(Series series) {
  std::optional<Histogram>& histogram = series_[static_cast<size_t>(series)];
  if (!histogram) histogram.emplace();
  return *histogram;
}

void Tally::Restore(Series series, Histogram histogram) {
  series_[static_cast<size_t>(series)] = InDefaultRange(std::move(histogram));
}

void Tally::RestoreAnswer(OutcomeKind kind, int code, int64_t count) {
  if (kind == OutcomeKind::kGrpcStatus && code >= 0 && code < static_cast<int>(grpc_.size())) {
    grpc_[code] = count;
  } else if (kind == OutcomeKind::kHttpStatus && code >= 0 &&
             code < static_cast<int>(http_.size())) {
    http_[code] = count;
  }
}

void Tally::RestoreFailure(Failure failure) {
  failure.message.resize(std::min(failure.message.size(), kMaxMessage));
  AddFailure(failure);
}

}  // namespace slipway::client
