#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/ip/tcp.hpp>

#include "absl/status/status.h"
#include "base/host_port.h"
#include "rpc/io_executor.h"

namespace slipway::wire {

/// One address of a target, with the name that it was found under.
struct Address {
  boost::asio::ip::tcp::endpoint endpoint;
  std::string host;

  bool operator==(const Address&) const = default;
};

/// What a look-up found. `error` is not OK when a name failed; the others' addresses are there all
/// the same.
struct Resolution {
  std::vector<Address> addresses;
  absl::Status error;
};

/// Finds the addresses of some names, without blocking the thread: Asio asks on one of its own.
/// One thread.
class Resolver {
 public:
  using Callback = std::function<void(Resolution)>;

  Resolver(rpc::IoExecutor& executor, std::vector<base::HostPort> hosts);

  /// True when another look-up could find something else.
  bool dynamic() const { return dynamic_; }
  bool running() const { return running_ != nullptr; }
  /// Looks all names up anew; `done` comes later on the executor, once, unless Cancel comes first.
  /// Only when not running().
  void Resolve(Callback done);
  void Cancel();

 private:
  struct Run;
  using Error = boost::system::error_code;

  void LookupNext(const std::shared_ptr<Run>& run, size_t index);
  void OnFound(const std::shared_ptr<Run>& run, size_t index, const Error& error,
               const boost::asio::ip::tcp::resolver::results_type& found);

  rpc::IoExecutor& executor_;
  const std::vector<base::HostPort> hosts_;
  bool dynamic_ = false;
  boost::asio::ip::tcp::resolver resolver_;
  std::shared_ptr<Run> running_;
};

}  // namespace slipway::wire
