#include "gateway/gateway.h"

#include <chrono>
#include <string>

#include "base/reason.h"
#include "gateway/testing/harbour.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

using ::testing::ElementsAre;
using testing::FakeExchange;
using testing::Harbour;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kShip[] = R"({"name":"Ever","tons":"220000","flags":[],"home":null})";

TEST(Gateway, UnaryAnswer) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  const FakeExchange& exchange = harbour.Send("GET", "/v1/ships/Ever%20Given?near.city=Suez");
  EXPECT_EQ(harbour.script.method, "/test.harbour.v1.Ships/GetShip");
  EXPECT_EQ(harbour.script.request, R"({"name":"Ever Given","near":{"city":"Suez"},"years":[]})");
  ASSERT_TRUE(exchange.answer);
  EXPECT_TRUE(exchange.ended);
  EXPECT_EQ(exchange.answer->status, 200);
  EXPECT_EQ(exchange.body, kShip);
  EXPECT_EQ(exchange.answer->content_length, exchange.body.size());
  EXPECT_EQ(exchange.Get("Content-Type"), "application/json");
  EXPECT_EQ(exchange.route(), "/v1/ships/{name}");
  EXPECT_FALSE(exchange.watched());
}

TEST(Gateway, ResponseBody) {
  Harbour harbour;
  harbour.script.messages = {R"({"ships":[]})"};
  EXPECT_EQ(harbour.Send("GET", "/v1/ships").body, "[]");
}

TEST(Gateway, BodyComesInPieces) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  const FakeExchange& exchange =
      harbour.Send("POST", "/v1/ships", {}, {R"({"name":)", R"("Titan)", R"(ic"} trailing)"});
  EXPECT_EQ(exchange.answer->status, 200) << exchange.body;
  EXPECT_THAT(harbour.script.request, HasSubstr(R"("name":"Titanic")"));
}

TEST(Gateway, PathOverridesBodyAndMaskIsFilled) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  harbour.Send("PATCH", "/v1/ships/A", {}, {R"({"name":"B","tons":7})"});
  EXPECT_EQ(harbour.script.request,
            R"({"ship":{"name":"A","tons":"7","flags":[],"home":null},"updateMask":"name,tons"})");
}

TEST(Gateway, BodyOfABindingWithoutOneIsDropped) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x", {}, {"not", "json"}).answer->status, 200);
}

TEST(Gateway, FormOnABindingWithoutBody) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  harbour.Send("POST", "/v1/ships/x:find?years=2",
               {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
               {"years=1&near.c", "ity=New+York"});
  EXPECT_EQ(harbour.script.request, R"({"name":"x","near":{"city":"New York"},"years":[1,2]})");
}

TEST(Gateway, FormPostReachesTheGetBinding) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  harbour.Send("POST", "/v1/ships/x", {{"Content-Type", "application/x-www-form-urlencoded"}},
               {"years=5"});
  EXPECT_EQ(harbour.script.request, R"({"name":"x","near":null,"years":[5]})");
  EXPECT_EQ(
      harbour
          .Send("POST", "/v1/ships/x",
                {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}, {"a=b"})
          .answer->status,
      501);
}

TEST(Gateway, HttpBodyAnswer) {
  Harbour harbour;
  harbour.script.messages = {R"({"contentType":"text/csv","data":"YSxi"})"};
  const FakeExchange& exchange = harbour.Send("GET", "/v1/ships/x/manifest");
  EXPECT_EQ(exchange.body, "a,b");
  EXPECT_EQ(exchange.Get("Content-Type"), "text/csv");
}

TEST(Gateway, HttpBodyRequestIsRawUnlessJson) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  harbour.Send("PUT", "/v1/ships/x/manifest", {{"Content-Type", "text/csv"}}, {"a,b"});
  EXPECT_EQ(harbour.script.request,
            R"({"name":"x","manifest":{"contentType":"text/csv","data":"YSxi","extensions":[]}})");
  const char* const json = R"({"contentType":"text/plain","data":"eA=="})";
  for (const std::vector<Header>& headers :
       {std::vector<Header>{}, {{"Content-Type", "Application/JSON; charset=utf-8"}}}) {
    harbour.Send("PUT", "/v1/ships/x/manifest", headers, {json});
    EXPECT_EQ(
        harbour.script.request,
        R"({"name":"x","manifest":{"contentType":"text/plain","data":"eA==","extensions":[]}})");
  }
}

TEST(Gateway, UnroutedAnswers) {
  Harbour harbour;
  const FakeExchange& missing = harbour.Send("GET", "/nowhere");
  EXPECT_EQ(missing.answer->status, 404);
  EXPECT_EQ(missing.body, R"({"code":5,"message":"Not Found","details":[]})");
  EXPECT_EQ(missing.Get("Content-Type"), "application/json");
  const FakeExchange& mismatch = harbour.Send("DELETE", "/v1/ships/x");
  EXPECT_EQ(mismatch.answer->status, 501);
  EXPECT_EQ(mismatch.body, R"({"code":12,"message":"Method Not Allowed","details":[]})");
  EXPECT_EQ(mismatch.Get("Allow"), "GET, PATCH");
  for (const char* target : {"*", "/v1/%zz", "/v1/ships/%00"}) {
    const FakeExchange& bad = harbour.Send("GET", target);
    EXPECT_EQ(bad.answer->status, 400) << target;
    EXPECT_THAT(bad.body, StartsWith(R"({"code":3,)"));
  }
  EXPECT_EQ(harbour.script.calls, 0);
}

TEST(Gateway, BindingErrorsAre400) {
  Harbour harbour;
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x?years=abc").answer->status, 400);
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x?name=%zz").answer->status, 400);
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x?a=1;b=2").answer->status, 400);
  EXPECT_EQ(harbour.Send("POST", "/v1/ships", {}, {"{"}).answer->status, 400);
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x", {{"Grpc-Timeout", "1x"}}).answer->status, 400);
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x", {{"Grpc-Metadata-A-Bin", "?"}}).answer->status, 400);
  EXPECT_EQ(harbour.script.calls, 0);
}

TEST(Gateway, StrictRefusesWhatIsUnknown) {
  Harbour harbour({.routes = {.strict = true}});
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x?nope=1").answer->status, 400);
  const std::vector<Header> json = {{"Content-Type", "application/json"}};
  EXPECT_EQ(harbour.Send("POST", "/v1/ships", json, {R"({"nope":1})"}).answer->status, 400);
  EXPECT_EQ(harbour.Send("POST", "/v1/ships", json, {"{}x"}).answer->status, 400);
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/..").answer->status, 400);
  std::string many = "/v1/ships/x?years=1";
  for (int i = 0; i < 1000; ++i) many += "&years=1";
  EXPECT_EQ(harbour.Send("GET", many).answer->status, 400);
  EXPECT_EQ(harbour.Send("GET", "/v1/watch" + std::string(300, '/')).answer->status, 400);
  const auto post = [&](std::vector<Header> headers) {
    return harbour.Send("POST", "/v1/ships", std::move(headers), {"{}"}).answer->status;
  };
  EXPECT_EQ(post({}), 415);
  EXPECT_EQ(post({{"Content-Type", "text/plain"}}), 415);
  EXPECT_EQ(post({{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}}), 415);
  EXPECT_EQ(harbour.script.calls, 0);
  harbour.script.messages = {kShip};
  EXPECT_EQ(post({{"Content-Type", "application/json"}}), 200);
}

TEST(Gateway, BodyErrorsHaveTheirStatus) {
  Harbour harbour;
  const auto send = [&](absl::Status error) {
    RequestHead head;
    head.method = "POST";
    head.target = "/v1/ships";
    head.has_body = true;
    auto exchange =
        std::make_unique<FakeExchange>(harbour.executor, head, std::vector<std::string>());
    exchange->body_error = std::move(error);
    return harbour.Start(std::move(exchange)).answer->status;
  };
  EXPECT_EQ(send(base::MakeError(absl::StatusCode::kResourceExhausted, base::Reason::kBodyTooLarge,
                                 "too large")),
            413);
  EXPECT_EQ(send(base::MakeError(absl::StatusCode::kDeadlineExceeded, base::Reason::kBodyTimeout,
                                 "too slow")),
            408);
  EXPECT_EQ(send(base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadFraming,
                                 "bad chunk")),
            400);
  EXPECT_EQ(harbour.script.calls, 0);
}

TEST(Gateway, CallErrors) {
  Harbour harbour;
  harbour.script.status = {absl::StatusCode::kNotFound, "Ship x not found"};
  harbour.script.initial_metadata = {{"foo", "bar"}};
  const FakeExchange& missing = harbour.Send("GET", "/v1/ships/x");
  EXPECT_EQ(missing.answer->status, 404);
  EXPECT_EQ(missing.body, R"({"code":5,"message":"Ship x not found","details":[]})");
  EXPECT_EQ(missing.Get("WWW-Authenticate"), "-");
  harbour.script.status = {absl::StatusCode::kUnauthenticated, "Bearer realm=\"x\""};
  const FakeExchange& denied = harbour.Send("GET", "/v1/ships/x");
  EXPECT_EQ(denied.answer->status, 401);
  EXPECT_EQ(denied.Get("WWW-Authenticate"), "Bearer realm=\"x\"");
}

TEST(Gateway, UnaryWithoutAMessageIsInternal) {
  Harbour harbour;
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x").answer->status, 500);
  harbour.script.messages = {kShip, kShip};
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x").answer->status, 500);
}

TEST(Gateway, InitialMetadataBecomesHeaders) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  harbour.script.initial_metadata = {{"foo-bar", "1"},
                                     {"foo-bar", "2"},
                                     {"raw-bin", "\x01\x02"},
                                     {"x-http-code", "201"},
                                     {"content-type", "application/grpc"}};
  const FakeExchange& exchange = harbour.Send("GET", "/v1/ships/x");
  EXPECT_EQ(exchange.answer->status, 200);
  EXPECT_EQ(exchange.Get("Grpc-Metadata-Foo-Bar"), "1|2");
  EXPECT_EQ(exchange.Get("Grpc-Metadata-Raw-Bin"), "AQI=");
  EXPECT_EQ(exchange.Get("Grpc-Metadata-X-Http-Code"), "201");
  EXPECT_EQ(exchange.Get("Grpc-Metadata-Content-Type"), "-");
}

TEST(Gateway, HttpResponseOption) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  harbour.script.initial_metadata = {{"x-http-code", "201"},
                                     {"location", "/v1/ships/Ever"},
                                     {"content-length", "1"},
                                     {"other", "o"}};
  const FakeExchange& created = harbour.Send("POST", "/v1/ships", {}, {"{}"});
  EXPECT_EQ(created.answer->status, 201);
  EXPECT_EQ(created.Get("Location"), "/v1/ships/Ever");
  EXPECT_EQ(created.Get("Grpc-Metadata-Other"), "o");
  EXPECT_EQ(created.Get("Grpc-Metadata-X-Http-Code"), "-");
  EXPECT_EQ(created.Get("Content-Length"), "-");
  harbour.script.initial_metadata = {{"x-http-code", "204"}};
  const FakeExchange& empty = harbour.Send("POST", "/v1/ships", {}, {"{}"});
  EXPECT_EQ(empty.answer->status, 204);
  EXPECT_EQ(empty.body, "");
  for (const char* code : {"99", "abc", "2000", "+20"}) {
    harbour.script.initial_metadata = {{"x-http-code", code}};
    EXPECT_EQ(harbour.Send("POST", "/v1/ships", {}, {"{}"}).answer->status, 200) << code;
  }
}

TEST(Gateway, HttpResponseOptionOfAnError) {
  Harbour harbour;
  harbour.script.status = {absl::StatusCode::kNotFound, "sunk"};
  harbour.script.initial_metadata = {{"x-http-code", "410"}};
  EXPECT_EQ(harbour.Send("POST", "/v1/ships", {}, {"{}"}).answer->status, 410);
  // An error does not look like success, and a method without the option decides nothing.
  harbour.script.initial_metadata = {{"x-http-code", "200"}};
  EXPECT_EQ(harbour.Send("POST", "/v1/ships", {}, {"{}"}).answer->status, 404);
  harbour.script.initial_metadata = {{"x-http-code", "410"}};
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x").answer->status, 404);
}

TEST(Gateway, TrailersOnlyWhenAskedFor) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  harbour.script.trailers = {{"foo", "1"}, {"bar", "2"}, {"foo", "3"}};
  const FakeExchange& without = harbour.Send("GET", "/v1/ships/x");
  EXPECT_TRUE(without.trailers.empty());
  EXPECT_EQ(without.Get("Trailer"), "-");
  const FakeExchange& with = harbour.Send("GET", "/v1/ships/x", {{"te", "gzip, Trailers"}});
  EXPECT_EQ(with.Get("Trailer"), "Grpc-Trailer-Foo, Grpc-Trailer-Bar");
  EXPECT_FALSE(with.answer->content_length);
  ASSERT_EQ(with.trailers.size(), 3u);
  EXPECT_EQ(with.trailers[2].name, "Grpc-Trailer-Foo");
  EXPECT_EQ(with.trailers[2].value, "3");
  EXPECT_EQ(with.body, kShip);
}

TEST(Gateway, CorrelationId) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  const FakeExchange& given = harbour.Send("GET", "/v1/ships/x", {{"x-correlation-id", "a.B_1-"}});
  EXPECT_EQ(given.Get("X-Correlation-Id"), "a.B_1-");
  EXPECT_EQ(harbour.script.metadata.Find("x-correlation-id"), "a.B_1-");
  const FakeExchange& invalid = harbour.Send("GET", "/nowhere", {{"X-Correlation-Id", "a b"}});
  EXPECT_EQ(invalid.Get("X-Correlation-Id").size(), 36u);
  EXPECT_EQ(invalid.correlation_id(), invalid.Get("X-Correlation-Id"));
}

TEST(Gateway, DeadlineFromGrpcTimeout) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  harbour.script.delay = std::chrono::hours(1);
  const rpc::Time start = harbour.executor.Now();
  const FakeExchange& exchange = harbour.Send("GET", "/v1/ships/x", {{"Grpc-Timeout", "10m"}});
  EXPECT_EQ(harbour.script.deadline, start + std::chrono::milliseconds(10));
  EXPECT_FALSE(exchange.ended);
  harbour.executor.Advance(std::chrono::milliseconds(11));
  ASSERT_TRUE(exchange.ended);
  EXPECT_EQ(exchange.answer->status, 504);
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x", {{"Grpc-Timeout", "-1S"}}).answer->status, 504);
}

TEST(Gateway, PeerGoneCancelsTheCallAtOnce) {
  Harbour harbour;
  harbour.script.delay = std::chrono::hours(1);
  FakeExchange& exchange = harbour.Send("GET", "/v1/ships/x");
  EXPECT_TRUE(exchange.watched());
  exchange.LeavePeer();
  harbour.executor.RunPosted();
  EXPECT_TRUE(harbour.script.cancelled);
  EXPECT_EQ(exchange.answer->status, 499);
}

TEST(Gateway, HealthWhenNoBindingTakesIt) {
  Harbour harbour;
  const FakeExchange& healthy = harbour.Send("GET", "/healthz");
  EXPECT_EQ(healthy.answer->status, 200);
  EXPECT_EQ(healthy.body, "ok");
  EXPECT_EQ(harbour.Send("POST", "/healthz").answer->status, 404);
}

TEST(Gateway, BeforeTheFirstSchema) {
  Harbour harbour({}, /*publish=*/false);
  EXPECT_EQ(harbour.Send("GET", "/healthz").answer->status, 502);
  const FakeExchange& exchange = harbour.Send("GET", "/v1/ships");
  EXPECT_EQ(exchange.answer->status, 503);
  EXPECT_THAT(exchange.body, StartsWith(R"({"code":14,)"));
}

TEST(Gateway, AutoHead) {
  Harbour without;
  EXPECT_EQ(without.Send("HEAD", "/v1/ships").answer->status, 501);
  Harbour with({.auto_head = true});
  with.script.messages = {R"({"ships":[]})"};
  EXPECT_EQ(with.Send("HEAD", "/v1/ships").answer->status, 200);
}

TEST(GatewayStream, LinesArePiecesOfTheirOwn) {
  Harbour harbour;
  harbour.script.messages = {kShip, kShip};
  harbour.script.initial_metadata = {{"foo", "bar"}};
  const FakeExchange& exchange = harbour.Send("GET", "/v1/watch");
  EXPECT_EQ(exchange.answer->status, 200);
  EXPECT_EQ(exchange.Get("Content-Type"), "application/json");
  EXPECT_EQ(exchange.Get("Grpc-Metadata-Foo"), "bar");
  EXPECT_FALSE(exchange.answer->content_length);
  const std::string line = std::string(R"({"result":)") + kShip + "}\n";
  EXPECT_THAT(exchange.body_pieces, ElementsAre(line, line));
  EXPECT_TRUE(exchange.ended);
  EXPECT_EQ(exchange.Get("X-Correlation-Id").size(), 36u);
}

TEST(GatewayStream, EmptyStream) {
  Harbour harbour;
  const FakeExchange& exchange = harbour.Send("GET", "/v1/watch");
  EXPECT_EQ(exchange.answer->status, 200);
  EXPECT_EQ(exchange.body, "");
  EXPECT_EQ(exchange.Get("Content-Type"), "-");
  EXPECT_TRUE(exchange.ended);
}

TEST(GatewayStream, ErrorBeforeTheFirstMessageHasItsStatus) {
  Harbour harbour;
  harbour.script.status = {absl::StatusCode::kNotFound, "none"};
  const FakeExchange& exchange = harbour.Send("GET", "/v1/watch");
  EXPECT_EQ(exchange.answer->status, 404);
  EXPECT_EQ(exchange.body, "{\"error\":{\"code\":5,\"message\":\"none\",\"details\":[]}}\n");
}

TEST(GatewayStream, ErrorAfterAMessageIsALine) {
  Harbour harbour;
  harbour.script.messages = {kShip};
  harbour.script.status = {absl::StatusCode::kAborted, "enough"};
  const FakeExchange& exchange = harbour.Send("GET", "/v1/watch");
  EXPECT_EQ(exchange.answer->status, 200);
  ASSERT_EQ(exchange.body_pieces.size(), 2u);
  EXPECT_EQ(exchange.body_pieces[1],
            "{\"error\":{\"code\":10,\"message\":\"enough\",\"details\":[]}}\n");
}

TEST(GatewayStream, HttpBodyLines) {
  Harbour harbour;
  harbour.script.messages = {R"({"contentType":"text/plain","data":"YQ=="})",
                             R"({"contentType":"text/html","data":"Yg=="})"};
  const FakeExchange& exchange = harbour.Send("GET", "/v1/log");
  EXPECT_EQ(exchange.Get("Content-Type"), "text/plain");
  EXPECT_EQ(exchange.body, "a\nb\n");
}

TEST(GatewayStream, PeerGoneCancels) {
  Harbour harbour;
  harbour.script.delay = std::chrono::hours(1);
  FakeExchange& exchange = harbour.Send("GET", "/v1/watch");
  exchange.LeavePeer();
  harbour.executor.RunPosted();
  EXPECT_TRUE(harbour.script.cancelled);
}

TEST(RouteReport, SaysWhatIsMissing) {
  Harbour harbour;
  EXPECT_THAT(harbour.report.services,
              ElementsAre("test.harbour.v1.Ships", "test.harbour.v1.Broken"));
  EXPECT_THAT(harbour.report.unbound, ElementsAre("/test.harbour.v1.Ships/Sink"));
  const std::string text = harbour.report.ToString();
  EXPECT_THAT(text, HasSubstr("--unbound-methods"));
  EXPECT_THAT(text, HasSubstr("/test.harbour.v1.Broken/Slash: GET /v1/broken/: "));
  EXPECT_THAT(text, HasSubstr("GET /v1/twice"));
}

TEST(RouteReport, UnboundMethodsOnRequest) {
  Harbour harbour({.routes = {.unbound_methods = true}});
  harbour.script.messages = {kShip};
  EXPECT_TRUE(harbour.report.unbound.empty());
  EXPECT_EQ(
      harbour.Send("POST", "/test.harbour.v1.Ships/Sink", {}, {R"({"name":"x"})"}).answer->status,
      200);
  EXPECT_THAT(harbour.script.request, HasSubstr(R"("name":"x")"));
}

TEST(RouteReport, OnlyTheServicesNamed) {
  Harbour harbour({.routes = {.services = {"test.harbour.v1.Broken", "no.Such"}}});
  EXPECT_THAT(harbour.report.services, ElementsAre("test.harbour.v1.Broken"));
  EXPECT_THAT(harbour.report.ToString(), HasSubstr("service no.Such"));
  EXPECT_EQ(harbour.Send("GET", "/v1/ships/x").answer->status, 404);
}

}  // namespace
}  // namespace slipway::gateway
