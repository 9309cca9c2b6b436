#include "gateway/router/router.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

using ::testing::ElementsAre;
using Outcome = RouteMatch::Outcome;

/// Registers `GET /path` texts; the route number is the index.
Router MakeRouter(const std::vector<std::string>& rules) {
  Router::Builder builder;
  for (size_t i = 0; i < rules.size(); ++i) {
    const size_t space = rules[i].find(' ');
    auto pattern = PathTemplate::Parse(rules[i].substr(space + 1));
    EXPECT_TRUE(pattern.ok()) << pattern.status();
    builder.Add(rules[i].substr(0, space), *std::move(pattern), i);
  }
  return std::move(builder).Build();
}

/// The outcome as a text: the route and its captures, or why there is none.
std::string Match(const Router& router, std::string_view method, std::string_view raw,
                  bool form_post = false) {
  RequestPath path;
  EXPECT_TRUE(path.Parse(raw).ok()) << raw;
  const RouteMatch match = router.Match(method, path, form_post);
  if (match.outcome == Outcome::kNotFound) return "none";
  if (match.outcome == Outcome::kMethodMismatch) return "allow " + router.AllowedMethods(path);
  std::string out = absl::StrCat(match.route);
  for (std::string_view capture : match.captures)
    absl::StrAppend(&out, " [", std::string(capture), "]");
  return out;
}

TEST(Router, LiteralsAndVariables) {
  const Router router = MakeRouter({"GET /", "GET /users", "GET /users/{id}", "POST /users"});
  EXPECT_EQ(Match(router, "GET", "/"), "0");
  EXPECT_EQ(Match(router, "GET", "/users"), "1");
  EXPECT_EQ(Match(router, "GET", "/users/7"), "2 [7]");
  EXPECT_EQ(Match(router, "POST", "/users"), "3");
  EXPECT_EQ(Match(router, "GET", "/Users"), "none");
  EXPECT_EQ(Match(router, "GET", "/users/7/x"), "none");
}

TEST(Router, VariableTakesAnEmptySegment) {
  const Router router = MakeRouter({"GET /v1/echo/{id}", "GET /v1/echo"});
  EXPECT_EQ(Match(router, "GET", "/v1/echo/"), "0 []");
  EXPECT_EQ(Match(router, "GET", "/v1/echo"), "1");
  EXPECT_EQ(Match(router, "GET", "/v1//"), "none");
}

TEST(Router, NewestWins) {
  const Router router =
      MakeRouter({"GET /v1/echo/{id}/{num}", "GET /v1/echo/resource/{resource_id}", "GET /a/{x}",
                  "GET /{y}/b"});
  EXPECT_EQ(Match(router, "GET", "/v1/echo/resource/9"), "1 [9]");
  EXPECT_EQ(Match(router, "GET", "/v1/echo/other/9"), "0 [other] [9]");
  EXPECT_EQ(Match(router, "GET", "/a/b"), "3 [a]");
  EXPECT_EQ(Match(router, "GET", "/a/c"), "2 [c]");
}

TEST(Router, EscapedSlashSeparates) {
  const Router router = MakeRouter({"GET /v1/{string_value=strprefix/*}"});
  EXPECT_EQ(Match(router, "GET", "/v1/strprefix%2Ffoo"), "0 [strprefix/foo]");
}

TEST(Router, DoubleStar) {
  const Router router =
      MakeRouter({"GET /v1/{name=a/**}", "GET /v2/{path=**}/tail/{id}", "GET /v3/**"});
  EXPECT_EQ(Match(router, "GET", "/v1/a/x/y"), "0 [a/x/y]");
  EXPECT_EQ(Match(router, "GET", "/v1/a/"), "0 [a/]");
  EXPECT_EQ(Match(router, "GET", "/v1/b/x"), "none");
  EXPECT_EQ(Match(router, "GET", "/v2/p/q/tail/7"), "1 [p/q] [7]");
  EXPECT_EQ(Match(router, "GET", "/v2/tail/7"), "1 [] [7]");
  EXPECT_EQ(Match(router, "GET", "/v2/tail/tail/7"), "1 [tail] [7]");
  EXPECT_EQ(Match(router, "GET", "/v2/7"), "none");
  EXPECT_EQ(Match(router, "GET", "/v3"), "2");
  std::string deep = "/v3";
  for (int i = 0; i < 2000; ++i) deep += "/x";
  EXPECT_EQ(Match(router, "GET", deep), "2");
}

TEST(Router, Verbs) {
  const Router router = MakeRouter({"GET /v1/{id}", "GET /v1/{id}:read", "GET /v1/{id}:a:b",
                                    "GET /v1/items:list", "GET /x/**:go", "GET /:root"});
  EXPECT_EQ(Match(router, "GET", "/v1/7:read"), "1 [7]");
  EXPECT_EQ(Match(router, "GET", "/v1/7:other"), "0 [7:other]");
  EXPECT_EQ(Match(router, "GET", "/v1/7:a:b"), "2 [7]");
  EXPECT_EQ(Match(router, "GET", "/v1/items:list"), "3");
  EXPECT_EQ(Match(router, "GET", "/v1/7:list"), "0 [7:list]");
  EXPECT_EQ(Match(router, "GET", "/v1/:read"), "0 [:read]");
  EXPECT_EQ(Match(router, "GET", "/x/1/2:go"), "4");
  EXPECT_EQ(Match(router, "GET", "/x:go"), "4");
  EXPECT_EQ(Match(router, "GET", "/x/1/2"), "none");
  EXPECT_EQ(Match(router, "GET", "/:root"), "5");
}

TEST(Router, MethodMismatch) {
  const Router router = MakeRouter({"GET /a", "PUT /a", "POST /b", "LOCK /{any}"});
  EXPECT_EQ(Match(router, "DELETE", "/a"), "allow GET, LOCK, PUT");
  EXPECT_EQ(Match(router, "HEAD", "/b"), "allow LOCK, POST");
  EXPECT_EQ(Match(router, "GET", "/x/y"), "none");
}

TEST(Router, FormPostFallsBackToGetOnly) {
  const Router router = MakeRouter({"GET /a/{id}", "PUT /b", "POST /a/fix", "PUT /a/{id}"});
  EXPECT_EQ(Match(router, "POST", "/a/1", true), "0 [1]");
  EXPECT_EQ(Match(router, "POST", "/a/1", false), "allow GET, PUT");
  EXPECT_EQ(Match(router, "POST", "/a/fix", true), "2");
  EXPECT_EQ(Match(router, "POST", "/b", true), "allow PUT");
  EXPECT_EQ(Match(router, "PATCH", "/a/1", true), "allow GET, PUT");
}

TEST(Router, AnyMethod) {
  const Router router = MakeRouter({"* /a", "GET /a", "* /b"});
  EXPECT_EQ(Match(router, "GET", "/a"), "1");
  EXPECT_EQ(Match(router, "PURGE", "/a"), "0");
  EXPECT_EQ(Match(router, "GET", "/b"), "2");
}

TEST(Router, EmptyTable) { EXPECT_EQ(Match(MakeRouter({}), "GET", "/a"), "none"); }

/// The lists may only leave out what cannot match: compared with trying one rule after the other.
TEST(Router, IndexAgreesWithTryingAll) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  const auto pick = [&random](std::vector<std::string> from) {
    return from[random() % from.size()];
  };
  std::vector<std::string> rules;
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> parts;
    bool open = false;
    for (size_t n = 1 + random() % 5; n > 0; --n) {
      std::string part = pick({"a", "b", "c", "*", "{x}", "**", "{y=a/*}"});
      if (part == "**" && std::exchange(open, true)) part = "d";
      parts.push_back(part);
    }
    rules.push_back("GET /" + absl::StrJoin(parts, "/") + pick({"", "", ":v", ":w"}));
  }
  const Router all = MakeRouter(rules);
  std::vector<Router> single;
  for (const std::string& rule : rules) single.push_back(MakeRouter({rule}));
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> parts;
    for (size_t n = 1 + random() % 6; n > 0; --n) parts.push_back(pick({"a", "b", "c", "d", ""}));
    const std::string path = "/" + absl::StrJoin(parts, "/") + pick({"", ":v", ":w"});
    std::string expected = "none";
    for (size_t k = rules.size(); k-- > 0 && expected == "none";) {
      const std::string one = Match(single[k], "GET", path);
      if (one != "none") expected = absl::StrCat(k, one.substr(1));
    }
    EXPECT_EQ(Match(all, "GET", path), expected) << path;
  }
}

}  // namespace
}  // namespace slipway::gateway
