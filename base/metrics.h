#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace prometheus {
struct ClientMetric;
}  // namespace prometheus

namespace slipway::base {

/// Label names and values of one series, ordered by name.
using Labels = std::map<std::string, std::string>;

/// Two cache lines, so that series bumped by different threads do not share one (the prefetcher
/// pulls lines in pairs).
inline constexpr std::size_t kMetricAlignment = 128;

/// Only goes up. Any thread; one relaxed atomic addition.
class alignas(kMetricAlignment) Counter {
 public:
  void Increment(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Goes up and down. Any thread; one relaxed atomic operation.
class alignas(kMetricAlignment) Gauge {
 public:
  void Increment(std::int64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  void Decrement(std::int64_t by = 1) { value_.fetch_sub(by, std::memory_order_relaxed); }
  void Set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::int64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Upper bounds in seconds for latencies: 1-2-5 steps from 100 µs to 60 s.
std::span<const double> LatencyBounds();

/// Counts observations by size. Any thread; a search among some twenty bounds and two relaxed
/// atomic additions, no lock. A reader may see an observation in a bucket before it is in the sum.
class alignas(kMetricAlignment) Histogram {
 public:
  /// `bounds`: inclusive upper bounds, ascending; what is above the last is counted too.
  explicit Histogram(std::span<const double> bounds);

  /// In the unit of the bounds: seconds for latencies.
  void Observe(double value);
  void Observe(absl::Duration value) { Observe(absl::ToDoubleSeconds(value)); }

  std::uint64_t Count() const;
  double Sum() const { return sum_.load(std::memory_order_relaxed); }
  void Collect(prometheus::ClientMetric* out) const;

 private:
  const std::vector<double> bounds_;
  /// One more than bounds_: the last is for what is above all of them.
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::atomic<double> sum_{0};
};

/// What one process counts, in the Prometheus text format. Owned by main; rooms get a reference,
/// ask for their series once and keep the references, which stay valid as long as this object. Any
/// thread; Get… and Serialize take a lock, the series themselves do not.
///
/// Names are `slipway_<what>_<unit>`, counters end in `_total`. A name that breaks Prometheus's
/// rules, or the same name as two kinds, is a mistake in the program and ends it.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The series of `name` with `labels`, made at the first call. `help` is that of the first call.
  Counter& GetCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& GetGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& GetHistogram(std::string_view name, std::string_view help, const Labels& labels = {},
                          std::span<const double> bounds = LatencyBounds());

  /// Series whose value is asked for when they are read: costs nothing until then. `read` runs on
  /// the reader's thread under the lock of this object, and must stay callable until the last
  /// Serialize. A second callback for the same series replaces the first.
  void AddGaugeCallback(std::string_view name, std::string_view help, const Labels& labels,
                        std::function<double()> read);
  void AddCounterCallback(std::string_view name, std::string_view help, const Labels& labels,
                          std::function<double()> read);

  /// All series, by name, in the text format 0.0.4.
  std::string Serialize() const;

 private:
  struct Family;
  enum class Kind;
  Family& GetFamily(std::string_view name, std::string_view help, Kind kind, const Labels& labels);

  mutable std::mutex mutex_;
  /// Guarded by mutex_.
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
};

}  // namespace slipway::base
