#include "client/pace/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace slipway::client {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Far beyond any run, and 10^9 of them still fit 64 bits.
constexpr double kLastSecond = 4e9;
/// The largest number up to which a double holds all integers.
constexpr int64_t kLastCount = int64_t{1} << 53;

double Seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::chrono::nanoseconds Nanoseconds(double seconds) {
  return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

/// 1.1 s at 10 a second is 11.000000000000002 in doubles, which would be a twelfth request.
double Snapped(double mass) {
  const double whole = std::round(mass);
  return std::abs(mass - whole) <= 1e-9 + 1e-15 * mass ? whole : mass;
}

}  // namespace

Schedule Schedule::Constant(double rate, std::optional<std::chrono::nanoseconds> duration) {
  Schedule schedule;
  schedule.Append(duration ? Seconds(*duration) : kInfinity, rate, rate);
  return schedule;
}

Schedule Schedule::WithWarmUp(std::chrono::nanoseconds warmup) const {
  const auto first =
      std::find_if(parts_.begin(), parts_.end(), [](const Part& part) { return part.length > 0; });
  if (warmup.count() <= 0 || first == parts_.end()) return *this;
  Schedule schedule;
  schedule.Append(Seconds(warmup), first->rate, first->rate);
  // The whole schedule is measured, so the first of its own requests is due at its beginning,
  // whatever fraction of one the warm-up would end with.
  const double shift = schedule.parts_.back().mass_end = std::ceil(schedule.arrivals());
  for (Part part : parts_) {
    part.begin += Seconds(warmup);
    part.mass_begin += shift;
    part.mass_end += shift;
    schedule.parts_.push_back(part);
  }
  return schedule;
}

void Schedule::Append(double length, double rate, double to) {
  Part part;
  if (!parts_.empty()) {
    part.begin = parts_.back().begin + parts_.back().length;
    part.mass_begin = parts_.back().mass_end;
  }
  part.length = length;
  part.rate = rate;
  part.slope = rate == to ? 0 : (to - rate) / length;
  const double mass = part.slope == 0 ? length * rate : length * (rate + to) / 2;
  part.mass_end = Snapped(part.mass_begin + mass);
  parts_.push_back(part);
}

void Schedule::AppendBurst(double arrivals) {
  Append(0, 0, 0);
  parts_.back().mass_end += arrivals;
}

std::chrono::nanoseconds Schedule::duration() const {
  const double end = parts_.back().begin + parts_.back().length;
  return end > kLastSecond ? std::chrono::nanoseconds::max() : Nanoseconds(end);
}

/// Solves rate·t + slope·t²/2 = mass, in the form that loses no digits when the slope is small.
double Schedule::Part::TimeOf(double mass) const {
  if (mass <= 0) return 0;
  if (slope == 0) return std::min(mass / rate, length);
  const double root = std::sqrt(std::max(0.0, rate * rate + 2 * slope * mass));
  return std::min(2 * mass / (rate + root), length);
}

std::optional<std::chrono::nanoseconds> Schedule::At(double mass) const {
  const auto part =
      std::upper_bound(parts_.begin(), parts_.end(), mass,
                       [](double value, const Part& other) { return value < other.mass_end; });
  if (part == parts_.end()) return std::nullopt;
  const double seconds = part->begin + part->TimeOf(mass - part->mass_begin);
  if (!(seconds <= kLastSecond)) return std::nullopt;
  return Nanoseconds(seconds);
}

double Schedule::MassBefore(std::chrono::nanoseconds time) const {
  const double seconds = Seconds(time);
  double mass = 0;
  for (const Part& part : parts_) {
    if (part.begin >= seconds) break;
    const double within = seconds - part.begin;
    mass = within >= part.length
               ? part.mass_end
               : std::min(part.mass_begin + part.MassAfter(within), part.mass_end);
  }
  return mass;
}

/// Looks for the first one that does not: rounding cannot make it differ from At.
int64_t Schedule::CountBefore(std::chrono::nanoseconds time) const {
  int64_t before = 0;  // all below arrive before
  int64_t not_before = kLastCount;
  while (before < not_before) {
    const int64_t middle = before + (not_before - before) / 2;
    const auto at = At(static_cast<double>(middle));
    if (at && *at < time) {
      before = middle + 1;
    } else {
      not_before = middle;
    }
  }
  return before;
}

}  // namespace slipway::client
