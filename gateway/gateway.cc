#include "gateway/gateway.h"

#include <utility>

#include "gateway/operation.h"

namespace slipway::gateway {
namespace {

/// One thread's part of the gateway.
class Handler final : public ExchangeHandler {
 public:
  Handler(const Gateway& gateway, std::unique_ptr<rpc::Upstream> upstream)
      : gateway_(gateway), upstream_(std::move(upstream)) {}

  rpc::Task<void> Handle(Exchange& exchange) override {
    Refresh();
    return Operation::Run(OperationContext{gateway_.options(), *upstream_, routes_}, exchange);
  }

 private:
  /// Takes newly published routes. The pointer that requests copy has a reference count of this
  /// thread's own, so that threads do not fight over one cache line for each request.
  void Refresh() {
    const uint64_t version = gateway_.version();
    if (version == version_) return;
    version_ = version;
    auto shared = std::make_shared<std::shared_ptr<const RouteTable>>(gateway_.routes());
    const RouteTable* table = shared->get();
    routes_ = std::shared_ptr<const RouteTable>(std::move(shared), table);
  }

  const Gateway& gateway_;
  std::unique_ptr<rpc::Upstream> upstream_;
  uint64_t version_ = 0;
  std::shared_ptr<const RouteTable> routes_;
};

}  // namespace

Gateway::Gateway(GatewayOptions options) : options_(std::move(options)) {}

RouteReport Gateway::Publish(std::shared_ptr<const schema::Schema> schema) {
  std::shared_ptr<const RouteTable> table = RouteTable::Compile(std::move(schema), options_.routes);
  RouteReport report = table->report();
  const std::lock_guard lock(mutex_);
  routes_ = std::move(table);
  version_.fetch_add(1, std::memory_order_release);
  return report;
}

std::shared_ptr<const RouteTable> Gateway::routes() const {
  const std::lock_guard lock(mutex_);
  return routes_;
}

std::unique_ptr<ExchangeHandler> Gateway::NewHandler(std::unique_ptr<rpc::Upstream> upstream) {
  return std::make_unique<Handler>(*this, std::move(upstream));
}

}  // namespace slipway::gateway
