#pragma once

#include <memory>
#include <vector>

#include "rpc/dispatcher.h"
#include "rpc/executor.h"
#include "server/directory/directory.h"

namespace slipway::server {

/// The methods of docking.v1.Users and docking.v1.Customers over one directory. Every call waits
/// `delay` first, those that will fail too.
std::vector<rpc::Method> UserMethods(std::shared_ptr<const Directory> directory,
                                     rpc::Duration delay);
std::vector<rpc::Method> CustomerMethods(std::shared_ptr<const Directory> directory,
                                         rpc::Duration delay);

}  // namespace slipway::server
