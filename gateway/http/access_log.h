#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/line_file.h"
#include "base/metrics.h"
#include "gateway/http/recorder.h"

namespace slipway::gateway {

/// The Recorder of the programs: one access line a request, and metrics.
///
/// - `slipway_http_requests_total{route,method,code}` and `slipway_http_request_seconds{route}`;
///   requests that matched no binding have the route `unmatched`, unusual methods are `other`, an
///   answer that never left has the code `0`;
/// - `slipway_http_rejected_total{reason}`: what the engine refused;
/// - `slipway_http_connections` and `slipway_http_connections_total`.
///
/// Any thread. Series are found in a cache of the thread, by the address of the route's text; so
/// routes must be texts that stay where they are (InternRoute).
class AccessLog final : public Recorder {
 public:
  /// Both outlive this object; without `file` there are no access lines.
  AccessLog(base::Metrics& metrics, base::LineFile* file);

  void Record(const ExchangeRecord& record) override;
  void ConnectionOpened() override;
  void ConnectionClosed() override;

 private:
  struct Series {
    base::Counter* requests = nullptr;
    base::Histogram* seconds = nullptr;
  };
  struct ThreadCache;

  Series FindSeries(const ExchangeRecord& record);
  Series MakeSeries(const ExchangeRecord& record, std::string_view method);

  base::Metrics& metrics_;
  base::LineFile* const file_;
  const uint64_t identity_;  // tells the thread caches of several objects apart
  base::Gauge& connections_;
  base::Counter& connections_total_;
};

/// The access line of `record`, appended to `out` without a line end:
///
///     2026-11-21T14:50:00.123456Z 127.0.0.1:5000 "GET /users/1" 200 34 153 ID /users/{id} -
///
/// time of the answer (UTC), peer, method and target, status, bytes of the body, microseconds,
/// correlation id, route, reason of a refusal. What is missing is `-`. Bytes of the request that
/// are no printable ASCII, quotes and backslashes are escaped (`\x0a`, `\"`), so that a request
/// cannot forge a line.
void AppendAccessLine(const ExchangeRecord& record, absl::Time now, std::string* out);

}  // namespace slipway::gateway
