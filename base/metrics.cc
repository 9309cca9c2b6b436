#include "base/metrics.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>
#include <variant>

namespace slipway::base {
namespace {

constexpr std::array kLatencyBounds = {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005,
                                       0.01,   0.02,   0.05,   0.1,   0.2,   0.5,
                                       1.0,    2.0,    5.0,    10.0,  20.0,  60.0};

/// For mistakes in the program. Not the log: it may not be set up yet.
[[noreturn]] void Die(std::string_view what, std::string_view why) {
  std::fprintf(stderr, "metric %.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(why.size()), why.data());
  std::abort();
}

bool IsNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Prometheus's rule for label names; metric names may also have colons, ours have none.
bool IsName(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::all_of(name.begin(), name.end(), IsNameChar);
}

void RequireNames(std::string_view name, const Labels& labels) {
  const bool good = IsName(name) && std::all_of(labels.begin(), labels.end(), [](const auto& l) {
                      return IsName(l.first) && !l.first.starts_with("__");
                    });
  if (!good) Die(name, "it or one of its labels has a bad name");
}

using Series = std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>,
                            std::unique_ptr<Histogram>, std::function<double()>>;

}  // namespace

enum class Metrics::Kind { kCounter, kGauge, kHistogram };

struct Metrics::Family {
  Kind kind;
  std::string help;
  std::map<Labels, Series> series;

  template <typename T, typename... Args>
  T& Get(const Labels& labels, Args&&... args) {
    const auto [it, added] = series.try_emplace(labels);
    if (added) it->second = std::make_unique<T>(std::forward<Args>(args)...);
    const auto* owner = std::get_if<std::unique_ptr<T>>(&it->second);
    if (owner == nullptr) Die(help, "the series has a callback already");
    return **owner;
  }

  prometheus::MetricType type() const {
    switch (kind) {
      case Kind::kCounter:
        return prometheus::MetricType::Counter;
      case Kind::kGauge:
        return prometheus::MetricType::Gauge;
      case Kind::kHistogram:
        break;
    }
    return prometheus::MetricType::Histogram;
  }

  void SetValue(double value, prometheus::ClientMetric* out) const {
    (kind == Kind::kCounter ? out->counter.value : out->gauge.value) = value;
  }

  prometheus::ClientMetric Collect(const Labels& labels, const Series& of) const {
    prometheus::ClientMetric out;
    for (const auto& [name, value] : labels) out.label.push_back({name, value});
    if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&of)) {
      (*histogram)->Collect(&out);
    } else if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&of)) {
      SetValue(static_cast<double>((*counter)->Value()), &out);
    } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&of)) {
      SetValue(static_cast<double>((*gauge)->Value()), &out);
    } else {
      SetValue(std::get<std::function<double()>>(of)(), &out);
    }
    return out;
  }
};

std::span<const double> LatencyBounds() { return kLatencyBounds; }

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()), buckets_(bounds.size() + 1) {}

void Histogram::Observe(double value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  buckets_[static_cast<std::size_t>(bound - bounds_.begin())].fetch_add(1,
                                                                        std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::Count() const {
  std::uint64_t count = 0;
  for (const auto& bucket : buckets_) count += bucket.load(std::memory_order_relaxed);
  return count;
}

void Histogram::Collect(prometheus::ClientMetric* out) const {
  prometheus::ClientMetric::Histogram& histogram = out->histogram;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    below += buckets_[i].load(std::memory_order_relaxed);
    prometheus::ClientMetric::Bucket bucket;
    bucket.cumulative_count = below;
    bucket.upper_bound = i < bounds_.size() ? bounds_[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back(bucket);
  }
  histogram.sample_count = below;
  histogram.sample_sum = Sum();
}

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

Metrics::Family& Metrics::GetFamily(std::string_view name, std::string_view help, Kind kind,
                                    const Labels& labels) {
  RequireNames(name, labels);
  auto found = families_.find(name);
  if (found == families_.end()) {
    auto family = std::make_unique<Family>(Family{kind, std::string(help), {}});
    found = families_.emplace(std::string(name), std::move(family)).first;
  }
  if (found->second->kind != kind) Die(name, "asked for as two kinds");
  return *found->second;
}

Counter& Metrics::GetCounter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  return GetFamily(name, help, Kind::kCounter, labels).Get<Counter>(labels);
}

Gauge& Metrics::GetGauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  return GetFamily(name, help, Kind::kGauge, labels).Get<Gauge>(labels);
}

Histogram& Metrics::GetHistogram(std::string_view name, std::string_view help, const Labels& labels,
                                 std::span<const double> bounds) {
  const std::lock_guard lock(mutex_);
  return GetFamily(name, help, Kind::kHistogram, labels).Get<Histogram>(labels, bounds);
}

void Metrics::AddGaugeCallback(std::string_view name, std::string_view help, const Labels& labels,
                               std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  GetFamily(name, help, Kind::kGauge, labels).series[labels] = std::move(read);
}

void Metrics::AddCounterCallback(std::string_view name, std::string_view help, const Labels& labels,
                                 std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  GetFamily(name, help, Kind::kCounter, labels).series[labels] = std::move(read);
}

std::string Metrics::Serialize() const {
  std::vector<prometheus::MetricFamily> collected;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, family] : families_) {
      prometheus::MetricFamily& out = collected.emplace_back();
      out.name = name;
      out.help = family->help;
      out.type = family->type();
      for (const auto& [labels, series] : family->series) {
        out.metric.push_back(family->Collect(labels, series));
      }
    }
  }
  return prometheus::TextSerializer().Serialize(collected);
}

}  // namespace slipway::base
