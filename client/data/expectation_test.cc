#include "client/data/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using testing::HasSubstr;

struct ExpectationsTest : testing::Test {
  Response response{200, {{"x", "y"}}, R"({"id":"5","n":5,"list":[1, 2],"name":"a\"b"})"};
  bool grpc = false;
  std::optional<GrpcMethod> method;

  /// The message of the failure; `ok`, or the kind's number for what stays as it is.
  std::string Judge(const std::vector<std::string>& texts,
                    OutcomeKind kind = OutcomeKind::kHttpStatus) {
    const auto expectations = Expectations::Parse(texts, grpc);
    if (!expectations.ok()) return std::string(expectations.status().message());
    Outcome outcome;
    outcome.kind = kind;
    outcome.code = response.status;
    outcome.ok = grpc ? response.status == 0 : response.status < 400;
    outcome.response = &response;
    Answer answer(outcome, method ? &*method : nullptr);
    std::string message;
    Outcome judged = outcome;
    expectations->Judge(answer, &judged, &message);
    if (judged.ok) return "ok";
    if (judged.kind != OutcomeKind::kUnexpected) return "unchanged";
    return std::string(judged.message);
  }
};

TEST_F(ExpectationsTest, Status) {
  EXPECT_EQ(Judge({"status=200"}), "ok");
  EXPECT_EQ(Judge({"status=202,200"}), "ok");
  EXPECT_EQ(Judge({"status=201,202"}), "status: found 200, wanted 201,202");
  response.status = 404;
  EXPECT_EQ(Judge({"status=404"}), "ok");
  EXPECT_EQ(Judge({"status=200"}), "status: found 404, wanted 200");
  EXPECT_EQ(Judge({"json:id=6"}), "unchanged");
}

TEST_F(ExpectationsTest, GrpcStatusHasNames) {
  grpc = true;
  response.status = 5;
  EXPECT_EQ(Judge({"status=NOT_FOUND"}, OutcomeKind::kGrpcStatus), "ok");
  EXPECT_EQ(Judge({"status=5,OK"}, OutcomeKind::kGrpcStatus), "ok");
  EXPECT_EQ(Judge({"status=OK"}, OutcomeKind::kGrpcStatus), "status: found NOT_FOUND, wanted OK");
  EXPECT_THAT(Judge({"status=17"}), HasSubstr("allowed are status=OK"));
  EXPECT_THAT(Judge({"status=Ok"}), HasSubstr("allowed are status=OK"));
}

TEST_F(ExpectationsTest, GrpcMessagesAreLookedAtAsJson) {
  grpc = true;
  response.status = 0;
  response.body = "wire";
  method.emplace();
  int decoded = 0;
  method->decode = [&decoded](std::string_view wire) -> absl::StatusOr<std::string> {
    ++decoded;
    return "{\"w\":\"" + std::string(wire) + "\"}";
  };
  EXPECT_EQ(Judge({"json:w=wire", "body~\"w\""}, OutcomeKind::kGrpcStatus), "ok");
  EXPECT_EQ(decoded, 1);
}

TEST_F(ExpectationsTest, JsonValueIsComparedAsTextOrAsJson) {
  for (const char* right : {"json:id=5", "json:n=5", "json:n=5.0", "json:list=[1,2]",
                            "json:list[1]=2", "json:name=a\"b", "json:$.name", "json:id=\"5\""}) {
    EXPECT_EQ(Judge({right}), "ok") << right;
  }
  EXPECT_EQ(Judge({"json:id=6"}), "json:id: found \"5\", wanted 6");
  EXPECT_EQ(Judge({"json:n=\"5\""}), "json:n: found 5, wanted \"5\"");
  EXPECT_EQ(Judge({"json:more=1"}), "json:more: found nothing, wanted 1");
  EXPECT_EQ(Judge({"json:more"}), "json:more: found nothing, wanted something");
  response.body = "<html>";
  EXPECT_THAT(Judge({"json:a=1"}), HasSubstr("json:a: found no JSON"));
}

TEST_F(ExpectationsTest, BodyIsSearchedAndHashed) {
  EXPECT_EQ(Judge({"body~\"id\":"}), "ok");
  EXPECT_THAT(Judge({"body~nothing"}), HasSubstr("wanted \"nothing\" in it"));
  response.body = "abc";  // FIPS 180-2, B.1
  EXPECT_EQ(Judge({"sha256=BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"}),
            "ok");
  response.body = "abd";
  EXPECT_THAT(Judge({"sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}),
              HasSubstr("of 3 bytes, wanted ba78"));
}

TEST_F(ExpectationsTest, FirstThingThatIsWrongIsTold) {
  EXPECT_EQ(Judge({"json:id=5", "json:n=6", "body~nothing"}), "json:n: found 5, wanted 6");
}

TEST_F(ExpectationsTest, WhatIsNoAnswerStays) {
  response.status = 0;
  EXPECT_EQ(Judge({"status=200"}, OutcomeKind::kTimeout), "ok") << "as it was";
}

TEST_F(ExpectationsTest, WrongTextsAreNamedWithWhatIsAllowed) {
  for (const char* wrong : {"", "200", "status=", "status=99", "status=2xx", "status=200,",
                            "sha256=12", "body~", "jsn:a"}) {
    EXPECT_THAT(Judge({wrong}), HasSubstr("allowed are status=200")) << wrong;
  }
  EXPECT_THAT(Judge({"json:"}), HasSubstr("is no path into JSON"));
}

TEST(Expectations, StatusAloneNeedsNoResponses) {
  EXPECT_FALSE(Expectations::Parse({"status=200"}, false)->reads_responses());
  EXPECT_TRUE(Expectations::Parse({"status=200", "json:a"}, false)->reads_responses());
  EXPECT_TRUE(Expectations::Parse({}, false)->empty());
}

}  // namespace
}  // namespace slipway::client
