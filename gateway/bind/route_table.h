#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/bind/binding.h"
#include "gateway/router/router.h"
#include "schema/schema.h"

namespace slipway::gateway {

/// Which methods of a schema get routes, and where.
struct RouteOptions {
  /// Full names of services; empty: all that are not gRPC's own infrastructure.
  std::vector<std::string> services;
  /// Methods without a rule are reached as `POST /pkg.Service/Method` with the message as the body.
  bool unbound_methods = false;
  /// Where the routes of slipway.v1.Jobs lie: replaces `/v1/jobs` in their templates.
  std::string jobs_path = "/v1/jobs";
  /// Refuse unknown query parameters, unknown JSON fields and bytes behind the body's JSON.
  bool strict = false;
};

/// What became of a schema's methods, for the log and for people who wonder.
struct RouteReport {
  std::vector<std::string> services;
  size_t routes = 0;
  /// `/pkg.Service/Method` of the methods that have no rule and no route.
  std::vector<std::string> unbound;
  /// One sentence for each rule that was left out.
  std::vector<std::string> dropped;

  /// Lines of text, without the last line's end.
  std::string ToString() const;
};

/// All routes of one schema: the router and the bindings that its numbers mean. An immutable
/// snapshot, which pins its schema; any thread.
class RouteTable {
 public:
  /// Rules that cannot be served are left out and reported, never fatal: one bad rule must not take
  /// the others down.
  static std::shared_ptr<const RouteTable> Compile(std::shared_ptr<const schema::Schema> schema,
                                                   const RouteOptions& options);

  RouteTable(const RouteTable&) = delete;
  RouteTable& operator=(const RouteTable&) = delete;

  const Router& router() const { return router_; }
  const Binding& binding(size_t route) const { return bindings_[route]; }
  const schema::Schema& schema() const { return *schema_; }
  const RouteReport& report() const { return report_; }

 private:
  friend class RouteCompiler;
  explicit RouteTable(std::shared_ptr<const schema::Schema> schema) : schema_(std::move(schema)) {}

  std::shared_ptr<const schema::Schema> schema_;
  Router router_;
  std::deque<Binding> bindings_;
  RouteReport report_;
};

}  // namespace slipway::gateway
