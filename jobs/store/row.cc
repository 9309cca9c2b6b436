#include "jobs/store/row.h"

namespace slipway::jobs {

JobRow ReadJobRow(const Query& query) {
  constexpr int64_t kWallClock = 0;
  JobRow row;
  row.id = query.Bytes(1);
  row.kind = query.Bytes(kKindColumn);
  row.state = static_cast<JobState>(query.Int(kStateColumn));
  row.attempt = static_cast<int>(query.Int(4));
  row.max_attempts = static_cast<int>(query.Int(5));
  row.progress = static_cast<int>(query.Int(6));
  if (query.Int(8) == kWallClock) row.not_before = query.OptionalTime(7);
  row.correlation_id = query.Bytes(9);
  row.owner = query.Bytes(kOwnerColumn);
  row.create_time = query.Time(11);
  row.ready_time = query.Time(12);
  row.start_time = query.OptionalTime(13);
  row.end_time = query.OptionalTime(14);
  row.expire_time = query.OptionalTime(kExpireColumn);
  if (!query.IsNull(16)) {
    row.error =
        rpc::Status::FromCode(static_cast<int>(query.Int(16)), query.Bytes(17), query.Bytes(18));
  }
  return row;
}

}  // namespace slipway::jobs
