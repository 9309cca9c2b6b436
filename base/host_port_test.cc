#include "base/host_port.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace slipway::base {
namespace {

TEST(HostPort, ReadsAndWrites) {
  const struct {
    const char* text;
    HostPort value;
  } cases[] = {
      {"127.0.0.1:8080", {"127.0.0.1", 8080}},
      {"db-1.example_x:5432", {"db-1.example_x", 5432}},
      {"[::1]:80", {"::1", 80}},
      {"[fe80::1%eth0]:1", {"fe80::1%eth0", 1}},
      {"[::ffff:1.2.3.4]:2", {"::ffff:1.2.3.4", 2}},
      {":8080", {"", 8080}},
      {"localhost:0", {"localhost", 0}},
      {"h:65535", {"h", 65535}},
  };
  for (const auto& c : cases) {
    const absl::StatusOr<HostPort> parsed = ParseHostPort(c.text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, c.value) << c.text;
    EXPECT_EQ(parsed->ToString(), c.text);
  }
}

TEST(HostPort, RefusesAndNamesTheText) {
  for (const char* text : {"", "host", "host:", "host:65536", "host:-1", "host:+1", "host: 1",
                           "host:1x", "::1:80", "[::1]", "[]:80", "[host]:80", "[::1:80", "::1]:80",
                           "http://host:80", "a b:80", "host:80/path"}) {
    const absl::Status status = ParseHostPort(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()),
                ::testing::HasSubstr("\"" + std::string(text) + "\""));
  }
}

}  // namespace
}  // namespace slipway::base
