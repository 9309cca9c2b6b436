#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "gateway/bind/route_table.h"
#include "gateway/http/exchange.h"
#include "gateway/reply/reply.h"
#include "rpc/client_call.h"
#include "schema/schema.h"

namespace slipway::gateway {

struct GatewayOptions {
  RouteOptions routes;
  ErrorFormat error_format = ErrorFormat::kRpcStatus;
  /// Answer HEAD by GET's binding when there is none for HEAD.
  bool auto_head = false;
};

/// REST and JSON in front of gRPC methods, whatever HTTP engine is before it and whatever transport
/// behind. Shared by all threads; owned by main, outlives its handlers.
///
/// Before the first Publish every request is answered with 503 and /healthz with 502, so that a
/// gateway may start before its backend. Each handler looks at a version number for each request
/// and takes the newest table; requests in flight keep the one they began with.
class Gateway {
 public:
  explicit Gateway(GatewayOptions options);

  /// Compiles the routes of `schema` and makes them the current ones. Any thread.
  RouteReport Publish(std::shared_ptr<const schema::Schema> schema);
  /// The current routes; null before the first Publish. Any thread.
  std::shared_ptr<const RouteTable> routes() const;
  /// Grows with each Publish. Any thread.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  const GatewayOptions& options() const { return options_; }

  /// The handler of one thread; `upstream` is that thread's way to the backend.
  std::unique_ptr<ExchangeHandler> NewHandler(std::unique_ptr<rpc::Upstream> upstream);

 private:
  const GatewayOptions options_;
  std::atomic<uint64_t> version_{0};
  mutable std::mutex mutex_;
  std::shared_ptr<const RouteTable> routes_;  // guarded by mutex_
};

}  // namespace slipway::gateway
