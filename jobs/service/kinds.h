#pragma once

#include <string>
#include <vector>

namespace slipway::jobs {

/// The kinds of jobs that the contract has, as Job.kind names them, in its order.
std::vector<std::string> JobKinds();

}  // namespace slipway::jobs
