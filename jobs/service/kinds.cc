#include "jobs/service/kinds.h"

#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {

std::vector<std::string> JobKinds() {
  const auto* kinds = v1::SubmitJobRequest::descriptor()->FindOneofByName("kind");
  std::vector<std::string> names;
  for (int i = 0; i < kinds->field_count(); ++i) names.push_back(kinds->field(i)->name());
  return names;
}

}  // namespace slipway::jobs
