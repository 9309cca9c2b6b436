#include "client/data/metadata.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/data/request_template.h"

namespace slipway::client {
namespace {

using ::testing::HasSubstr;

GrpcMethod AnyMethod() {
  GrpcMethod method;
  method.path = "/a.B/C";
  method.encode = [](std::string_view json) { return std::string(json); };
  return method;
}

absl::StatusOr<std::string> Sent(const std::string& name, const std::string& value) {
  const auto entry = ToMetadata(name, value);
  if (!entry.ok()) return entry.status();
  Request texts;
  texts.path = "/a.B/C";
  texts.headers.push_back(*entry);
  const auto compiled = RequestTemplate::Compile(texts, AnyMethod(), {}, {});
  if (!compiled.ok()) return compiled.status();
  std::mt19937_64 random(1);
  TemplateValues values;
  values.number = 7;
  values.random = &random;
  Request request;
  const absl::Status status = compiled->Render(values, &request);
  if (!status.ok()) return status;
  return request.headers.at(0).second;
}

TEST(ToMetadata, NamesAreLowerAndNotGrpcsOwn) {
  EXPECT_EQ(ToMetadata("X-Id", "A")->first, "x-id");
  EXPECT_EQ(ToMetadata("X-Id", "A")->second, "A");
  for (const char* name : {"", "grpc-timeout", "TE", "content-type", "a b", "ä"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ToMetadata(name, "x").status())) << name;
  }
}

TEST(ToMetadata, Base64IsDecodedAfterTheTemplateIsFilledIn) {
  EXPECT_EQ(*Sent("k-bin", "aGk="), "hi");
  EXPECT_EQ(Sent("k-bin", "{{hex 16}}")->size(), 12u);
  EXPECT_EQ(*Sent("k-bin", "aGk{{counter}}"), "hi;");
  EXPECT_EQ(*Sent("k", "{{counter}}"), "7");
}

TEST(ToMetadata, WhatIsNoBase64IsRefused) {
  EXPECT_THAT(std::string(ToMetadata("k-bin", "*").status().message()),
              HasSubstr("the value of k-bin must be base64"));
  EXPECT_THAT(std::string(Sent("k-bin", "*{{counter}}").status().message()),
              HasSubstr("the value of k-bin must be base64"));
}

}  // namespace
}  // namespace slipway::client
