#include "gateway/bind/query.h"

#include <string>

#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

/// The parameters as `[key|value]` texts, or the code of the error.
std::string Read(std::string_view text) {
  std::string out;
  const absl::Status status =
      ReadParameters(text, [&](std::string_view key, std::string_view value) {
        out += "[" + std::string(key) + "|" + std::string(value) + "]";
        return absl::OkStatus();
      });
  return status.ok() ? out : out + absl::StatusCodeToString(status.code());
}

struct Case {
  const char* text;
  const char* expected;
};

class Query : public ::testing::TestWithParam<Case> {};

TEST_P(Query, ReadsAsGoDoes) { EXPECT_EQ(Read(GetParam().text), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Table, Query,
    ::testing::Values(Case{"", ""}, Case{"a=1", "[a|1]"}, Case{"a=1&b=2&a=3", "[a|1][b|2][a|3]"},
                      Case{"a", "[a|]"}, Case{"a=", "[a|]"}, Case{"=b", "[|b]"},
                      Case{"a=b=c", "[a|b=c]"}, Case{"&&a=1&", "[a|1]"},
                      Case{"a+b=c+d", "[a b|c d]"}, Case{"%61=%2B%26%3D", "[a|+&=]"},
                      Case{"m%5Bk%5D=v&m[l]=w", "[m[k]|v][m[l]|w]"}, Case{"a=%c3%a4", "[a|ä]"},
                      Case{"a=?&b=/", "[a|?][b|/]"}, Case{"a=1;b=2", "INVALID_ARGUMENT"},
                      Case{"a=1&b=%", "INVALID_ARGUMENT"}, Case{"a=%4", "INVALID_ARGUMENT"},
                      Case{"%zz=1", "INVALID_ARGUMENT"}, Case{"a=%3B", "[a|;]"}));

TEST(QuerySink, ErrorEndsTheReading) {
  int calls = 0;
  const absl::Status status = ReadParameters("a&b&c", [&](std::string_view key, std::string_view) {
    ++calls;
    return key == "b" ? absl::InternalError("enough") : absl::OkStatus();
  });
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(calls, 2);
}

TEST(MediaType, IgnoresCaseAndParameters) {
  EXPECT_TRUE(IsMediaType("application/json", "application/json"));
  EXPECT_TRUE(IsMediaType(" Application/JSON ; charset=utf-8", "application/json"));
  EXPECT_FALSE(IsMediaType("application/jsonp", "application/json"));
  EXPECT_FALSE(IsMediaType("", "application/json"));
}

}  // namespace
}  // namespace slipway::gateway
