#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/measure/outcome.h"
#include "client/report/report.h"
#include "client/run/load_shape.h"

namespace slipway::client {

/// The words of reports, the same in every form of them. The Find functions are the reverse.

/// `closed`, `constant`, `poisson`, `schedule`.
std::string_view ModelName(LoadModel model);
std::optional<LoadModel> FindModel(std::string_view name);

/// `grpc_status`, `http_status`, `timeout`, `connect`, `broken`, `unexpected`.
std::string_view KindName(OutcomeKind kind);
std::optional<OutcomeKind> FindKind(std::string_view name);

/// `note`, `warning`, `invalid`.
std::string_view LevelName(Notice::Level level);
std::optional<Notice::Level> FindLevel(std::string_view name);

std::optional<Metric> FindMetric(std::string_view name);

/// How an answer is counted: `200`, `NOT_FOUND`, `timeout`, `connect`, `broken`, `unexpected`.
std::string SortName(OutcomeKind kind, int code);
/// A gRPC code by its name, `NOT_FOUND`.
std::optional<int> FindGrpcCode(std::string_view name);

/// What tells one load from another: `64 in flight`, `1,000/s`, `1,000/s Poisson`,
/// `schedule 100/s,10s`.
std::string LoadName(const LoadShape& load);
/// As a tag of files whose names have no white space: `c=64`, `r=1000`, `schedule`.
std::string LoadTag(const LoadShape& load);

inline bool IsOpen(const LoadShape& load) { return load.model != LoadModel::kClosed; }
/// The same load, although the protocols need different numbers of connections for it.
bool SameLoad(const LoadShape& one, const LoadShape& other);

/// A name that no target has: `REST`, `REST (2)`, …
std::string FreeTargetName(const std::vector<ReportTarget>& targets, const std::string& name);

/// `GET http://…`; of gRPC the URL.
std::string TargetLine(const ReportTarget& target);

/// Text of others on one line of a report: control characters are blanks, at most `limit` bytes, no
/// character cut in two.
std::string OneLine(std::string_view text, size_t limit = 100);

}  // namespace slipway::client
