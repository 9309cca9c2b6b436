#include "gateway/bind/route_table.h"

#include <string>

#include "gateway/reply/reply.h"
#include "gtest/gtest.h"
#include "rpc/metadata.h"
#include "schema/loader.h"

namespace slipway::gateway {
namespace {

std::shared_ptr<const RouteTable> JobsAt(std::string path) {
  auto schema = schema::FromLinkedPool({"slipway.v1.Jobs"});
  EXPECT_TRUE(schema.ok()) << schema.status();
  RouteOptions options;
  options.jobs_path = std::move(path);
  return RouteTable::Compile(*schema, options);
}

/// The binding of a method of slipway.v1.Jobs.
const Binding& BindingOf(const RouteTable& table, const std::string& method) {
  for (size_t route = 0; route < table.report().routes; ++route) {
    if (table.binding(route).method->path == "/slipway.v1.Jobs/" + method) {
      return table.binding(route);
    }
  }
  ADD_FAILURE() << "no route of " << method;
  return table.binding(0);
}

/// What a client is told when the service answers `location`.
std::string Told(const RouteTable& table, const std::string& location) {
  rpc::Metadata metadata;
  metadata.Add("location", location);
  const ResponseHead head = MakeSuccessHead(BindingOf(table, "GetJob").reply, "", metadata);
  for (const Header& header : head.headers) {
    if (header.name == "Location") return header.value;
  }
  return "-";
}

TEST(RouteTable, LocationsOfJobsFollowTheirRoutes) {
  const auto table = JobsAt("/api/tasks");
  EXPECT_EQ(BindingOf(*table, "GetJob").route, "/api/tasks/{id}");
  EXPECT_EQ(Told(*table, "/v1/jobs/01jd/result"), "/api/tasks/01jd/result");
  EXPECT_EQ(Told(*table, "/v1/jobs"), "/api/tasks");
}

TEST(RouteTable, OtherLocationsStayAsTheyAre) {
  const auto table = JobsAt("/api/tasks");
  for (const char* location : {"/api/tasks/01jd", "/v1/jobsite/7", "/elsewhere/v1/jobs/01jd",
                               "http://192.0.2.7/v1/jobs/01jd", ""}) {
    EXPECT_EQ(Told(*table, location), location);
  }
  EXPECT_EQ(Told(*JobsAt("/v1/jobs"), "/v1/jobs/01jd"), "/v1/jobs/01jd");
}

// A server that serves REST itself knows the path.
TEST(RouteTable, LocationBelowALongerPathIsMovedOnce) {
  const auto table = JobsAt("/v1/jobs/all");
  EXPECT_EQ(Told(*table, "/v1/jobs/01jd"), "/v1/jobs/all/01jd");
  EXPECT_EQ(Told(*table, "/v1/jobs/all/01jd"), "/v1/jobs/all/01jd");
}

}  // namespace
}  // namespace slipway::gateway
