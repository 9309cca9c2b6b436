#pragma once

#include <string>

#include "client/report/report.h"

namespace slipway::client {

/// Parts of TextReport.

/// All that one trial has measured: counts, latencies, CPU, steps, answers.
std::string TrialText(const ReportTarget& target, const LoadShape& load, const TrialResult& result);

/// `GET http://…`, with the target's name before it when it has one of its own.
std::string TargetText(const ReportTarget& target);
/// `gRPC over TLS (grpc++)`, `HTTP/1.1`.
std::string ProtocolText(const ReportTarget& target);
/// `64 in flight over 2 connections`, `1,000/s Poisson, at most 64 in flight over 2 connections`.
std::string LoadText(const LoadShape& load);
/// `3 s`, `1,000 requests`; with ` after 1 s of warm-up`.
std::string ExtentText(const LoadShape& load);

}  // namespace slipway::client
