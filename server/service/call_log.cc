#include "server/service/call_log.h"

#include <array>
#include <atomic>
#include <chrono>

#include "base/log.h"

namespace slipway::server {

/// The series of one method. Counters by code are made when a code first occurs.
struct CallLog::Series {
  Series(base::Metrics& metrics, std::string method)
      : metrics(metrics),
        method(std::move(method)),
        seconds(metrics.GetHistogram("slipway_call_seconds", "Time from receipt to answer of calls",
                                     {{"method", this->method}})) {}

  base::Counter& ByCode(absl::StatusCode code) {
    std::atomic<base::Counter*>& slot = by_code[static_cast<size_t>(code) % by_code.size()];
    base::Counter* counter = slot.load(std::memory_order_acquire);
    if (counter == nullptr) {
      counter =
          &metrics.GetCounter("slipway_calls_total", "Calls answered",
                              {{"method", method}, {"code", std::string(rpc::CodeName(code))}});
      slot.store(counter, std::memory_order_release);
    }
    return *counter;
  }

  base::Metrics& metrics;
  const std::string method;
  base::Histogram& seconds;
  std::array<std::atomic<base::Counter*>, 17> by_code{};
};

CallLog::CallLog(base::Metrics& metrics, const std::vector<rpc::Method>& methods)
    : in_flight_(metrics.GetGauge("slipway_calls_in_flight", "Calls received and not answered")),
      unknown_(std::make_unique<Series>(metrics, "unknown")) {
  for (const rpc::Method& method : methods) {
    by_method_.emplace(method.path, std::make_unique<Series>(metrics, method.path));
  }
}

CallLog::~CallLog() = default;

CallLog::Series& CallLog::SeriesOf(const std::string& method) {
  const auto found = by_method_.find(method);
  return found == by_method_.end() ? *unknown_ : *found->second;
}

void CallLog::Received(const rpc::CallContext& context) {
  in_flight_.Increment();
  base::LogInfo("received {} id={} peer={}", context.method(), context.correlation_id(),
                context.peer());
}

void CallLog::Answered(const rpc::CallContext& context, const rpc::Status& status,
                       rpc::Duration elapsed) {
  in_flight_.Decrement();
  Series& series = SeriesOf(context.method());
  series.ByCode(status.code()).Increment();
  series.seconds.Observe(std::chrono::duration<double>(elapsed).count());
  base::LogInfo("answered {} id={} status={} us={}", context.method(), context.correlation_id(),
                rpc::CodeName(status.code()),
                std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count());
}

}  // namespace slipway::server
