#include "jobs/store/row.h"

namespace slipway::jobs {

JobRow ReadJobRow(const Query& query) {
  constexpr int64_t kWallClock = 0;
  JobRow row;
  row.id = query.Bytes(1);
  row.kind = query.Bytes(2);
  row.state = static_cast<JobState>(query.Int(3));
  row.attempt = static_cast<int>(query.Int(4));
  row.max_attempts = static_cast<int>(query.Int(5));
  row.progress = static_cast<int>(query.Int(6));
  if (query.Int(8) == kWallClock) row.not_before = query.OptionalTime(7);
  row.correlation_id = query.Bytes(9);
  row.owner = query.Bytes(10);
  row.create_time = query.Time(11);
  row.start_time = query.OptionalTime(12);
  row.end_time = query.OptionalTime(13);
  row.expire_time = query.OptionalTime(14);
  if (!query.IsNull(15)) {
    row.error =
        rpc::Status::FromCode(static_cast<int>(query.Int(15)), query.Bytes(16), query.Bytes(17));
  }
  return row;
}

}  // namespace slipway::jobs
