#include "gateway/http/access_log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <ctime>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/time/clock.h"

namespace slipway::gateway {
namespace {

constexpr std::string_view kUnmatched = "unmatched";

/// The labels of methods: a peer may send any token, but must not make any number of series.
constexpr std::array<std::string_view, 10> kMethods = {
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "other"};

size_t MethodIndex(std::string_view method) {
  return std::find(kMethods.begin(), kMethods.end() - 1, method) - kMethods.begin();
}

uint64_t NextIdentity() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

void AppendNumber(uint64_t number, std::string* out) {
  char digits[20];
  out->append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

/// `2026-11-21T14:50:00.123456Z`; date and time of day are formatted once a second and thread.
void AppendTime(absl::Time now, std::string* out) {
  thread_local int64_t formatted_second = -1;
  thread_local char text[32];
  const int64_t micros = absl::ToUnixMicros(now);
  const int64_t second = micros / 1'000'000;
  if (second != formatted_second) {
    const time_t seconds = second;
    tm utc{};
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    formatted_second = second;
  }
  char fraction[] = ".000000Z";
  int64_t rest = micros % 1'000'000;
  for (int i = 6; i > 0; --i, rest /= 10) fraction[i] = static_cast<char>('0' + rest % 10);
  out->append(text).append(fraction);
}

void AppendEscaped(std::string_view text, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte < 0x20 || byte > 0x7e) {
      out->append("\\x");
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 0xf]);
    } else {
      out->push_back(c);
    }
  }
}

void AppendWord(std::string_view text, std::string* out) {
  out->push_back(' ');
  out->append(text.empty() ? "-" : text);
}

void AppendWord(uint64_t number, std::string* out) {
  out->push_back(' ');
  AppendNumber(number, out);
}

}  // namespace

void AppendAccessLine(const ExchangeRecord& record, absl::Time now, std::string* out) {
  AppendTime(now, out);
  AppendWord(record.peer, out);
  out->append(" \"");
  AppendEscaped(record.method, out);
  out->push_back(' ');
  AppendEscaped(record.target, out);
  out->push_back('"');
  AppendWord(static_cast<uint64_t>(record.status), out);
  AppendWord(record.bytes, out);
  AppendWord(static_cast<uint64_t>(
                 std::chrono::duration_cast<std::chrono::microseconds>(record.elapsed).count()),
             out);
  AppendWord(record.correlation_id, out);
  AppendWord(record.route, out);
  AppendWord(record.reason, out);
}

/// One thread's way from what a request was to its series. Belongs to the AccessLog that used it
/// last; a process has one.
struct AccessLog::ThreadCache {
  struct Key {
    const char* route;
    size_t method;
    int status;
    bool operator==(const Key&) const = default;
    template <typename H>
    friend H AbslHashValue(H hash, const Key& key) {
      return H::combine(std::move(hash), key.route, key.method, key.status);
    }
  };
  uint64_t owner = 0;
  absl::flat_hash_map<Key, Series> series;
};

AccessLog::AccessLog(base::Metrics& metrics, base::LineFile* file)
    : metrics_(metrics),
      file_(file),
      identity_(NextIdentity()),
      connections_(metrics.GetGauge("slipway_http_connections", "Open HTTP connections.")),
      connections_total_(
          metrics.GetCounter("slipway_http_connections_total", "HTTP connections accepted.")) {}

AccessLog::Series AccessLog::MakeSeries(const ExchangeRecord& record, std::string_view method) {
  const std::string route(record.route.empty() ? kUnmatched : record.route);
  return {&metrics_.GetCounter("slipway_http_requests_total", "HTTP requests by answer.",
                               {{"route", route},
                                {"method", std::string(method)},
                                {"code", std::to_string(record.status)}}),
          &metrics_.GetHistogram("slipway_http_request_seconds",
                                 "Time from a request's head to the end of its answer.",
                                 {{"route", route}})};
}

AccessLog::Series AccessLog::FindSeries(const ExchangeRecord& record) {
  thread_local ThreadCache cache;
  if (cache.owner != identity_) {
    cache.series.clear();
    cache.owner = identity_;
  }
  const size_t method = MethodIndex(record.method);
  const char* const route = record.route.empty() ? kUnmatched.data() : record.route.data();
  Series& series = cache.series[{route, method, record.status}];
  if (series.requests == nullptr) series = MakeSeries(record, kMethods[method]);
  return series;
}

void AccessLog::Record(const ExchangeRecord& record) {
  const Series series = FindSeries(record);
  series.requests->Increment();
  series.seconds->Observe(std::chrono::duration<double>(record.elapsed).count());
  if (!record.reason.empty()) {
    metrics_
        .GetCounter("slipway_http_rejected_total", "HTTP requests and connections refused.",
                    {{"reason", std::string(record.reason)}})
        .Increment();
  }
  if (file_ == nullptr) return;
  thread_local std::string line;
  line.clear();
  AppendAccessLine(record, absl::Now(), &line);
  file_->Append(line);
}

void AccessLog::ConnectionOpened() {
  connections_.Increment();
  connections_total_.Increment();
}

void AccessLog::ConnectionClosed() { connections_.Decrement(); }

}  // namespace slipway::gateway
