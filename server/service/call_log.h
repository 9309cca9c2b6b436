#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "rpc/dispatcher.h"

namespace slipway::server {

/// Two log lines for each call, `received` and `answered`, both with its correlation id, and the
/// metrics of calls by method: `slipway_calls_total{method,code}`, `slipway_call_seconds{method}`,
/// `slipway_calls_in_flight`. Any thread; made once, before the Dispatcher it observes.
class CallLog : public rpc::CallObserver {
 public:
  /// `metrics` outlives this. Calls of methods that are not in `methods` count as `unknown`: a
  /// caller cannot make series.
  CallLog(base::Metrics& metrics, const std::vector<rpc::Method>& methods);
  ~CallLog() override;

  void Received(const rpc::CallContext& context) override;
  void Answered(const rpc::CallContext& context, const rpc::Status& status,
                rpc::Duration elapsed) override;

 private:
  struct Series;
  Series& SeriesOf(const std::string& method);

  base::Gauge& in_flight_;
  std::unordered_map<std::string, std::unique_ptr<Series>> by_method_;
  std::unique_ptr<Series> unknown_;
};

}  // namespace slipway::server
