#include "wire/target.h"

#include <string>

#include <gtest/gtest.h>

namespace slipway::wire {
namespace {

TEST(Target, Plain) {
  for (const char* text : {"host:50051", "grpc://host:50051"}) {
    const auto target = ParseTarget(text);
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_FALSE(target->tls);
    ASSERT_EQ(target->hosts.size(), 1u);
    EXPECT_EQ(target->hosts[0].host, "host");
    EXPECT_EQ(target->hosts[0].port, 50051);
  }
}

TEST(Target, TlsAndSeveralAddresses) {
  const auto target = ParseTarget("grpcs://a:1,[::1]:2,127.0.0.1:3");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_TRUE(target->tls);
  ASSERT_EQ(target->hosts.size(), 3u);
  EXPECT_EQ(target->hosts[1].host, "::1");
  EXPECT_EQ(target->hosts[2].port, 3);
}

TEST(Target, WhatIsWrongIsNamed) {
  for (const char* text : {"", "host", "host:", "host:0", "host:70000", ":50051", "a:1,",
                           "a:1,,b:2", "http://a:1", "grpc://", "grpc://a:1/path"}) {
    const auto target = ParseTarget(text);
    ASSERT_FALSE(target.ok()) << text;
    EXPECT_EQ(target.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string message(target.status().message());
    EXPECT_NE(message.find('"' + std::string(text) + '"'), std::string::npos) << message;
    EXPECT_NE(message.find("allowed is"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace slipway::wire
