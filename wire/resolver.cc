#include "wire/resolver.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

namespace slipway::wire {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

std::optional<tcp::endpoint> Literal(const base::HostPort& host) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host.host, error);
  if (error) return std::nullopt;
  return tcp::endpoint(address, host.port);
}

void Add(Resolution& resolution, Address address) {
  auto& all = resolution.addresses;
  if (std::find(all.begin(), all.end(), address) == all.end()) all.push_back(std::move(address));
}

}  // namespace

// One look-up of all names. Ends when its last name has been answered.
struct Resolver::Run {
  Resolver* resolver;  // nullptr when cancelled
  Callback done;
  Resolution result;

  void Finish() {
    if (resolver == nullptr) return;
    resolver->running_ = nullptr;
    Callback callback = std::move(done);
    callback(std::move(result));
  }
};

Resolver::Resolver(rpc::IoExecutor& executor, std::vector<base::HostPort> hosts)
    : executor_(executor), hosts_(std::move(hosts)), resolver_(executor.context()) {
  dynamic_ = std::any_of(hosts_.begin(), hosts_.end(),
                         [](const base::HostPort& host) { return !Literal(host); });
}

void Resolver::Resolve(Callback done) {
  running_ = std::make_shared<Run>(Run{this, std::move(done), {}});
  LookupNext(running_, 0);
}

// One name after the other keeps the addresses in the target's order.
void Resolver::LookupNext(const std::shared_ptr<Run>& run, size_t index) {
  for (; index < hosts_.size(); ++index) {
    const base::HostPort& host = hosts_[index];
    const auto endpoint = Literal(host);
    if (!endpoint) break;
    Add(run->result, {*endpoint, host.host});
  }
  if (index == hosts_.size()) return executor_.Post([run] { run->Finish(); });
  resolver_.async_resolve(
      hosts_[index].host, std::to_string(hosts_[index].port), tcp::resolver::numeric_service,
      [run, index](const Error& error, const tcp::resolver::results_type& found) {
        if (run->resolver == nullptr) return;
        run->resolver->OnFound(run, index, error, found);
      });
}

void Resolver::OnFound(const std::shared_ptr<Run>& run, size_t index, const Error& error,
                       const boost::asio::ip::tcp::resolver::results_type& found) {
  const base::HostPort& host = hosts_[index];
  if (error) {
    run->result.error = absl::UnavailableError(
        absl::StrCat("cannot resolve \"", host.host, "\": ", error.message()));
  }
  for (const auto& entry : found) Add(run->result, {entry.endpoint(), host.host});
  LookupNext(run, index + 1);
}

void Resolver::Cancel() {
  if (running_ != nullptr) running_->resolver = nullptr;
  running_ = nullptr;
  resolver_.cancel();
}

}  // namespace slipway::wire
