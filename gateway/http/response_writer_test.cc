#include "gateway/http/response_writer.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

std::string Head(ResponseHead head, bool keep_alive = true, int minor = 1, bool chunked = false) {
  std::string out;
  AppendResponseHead(head, keep_alive, minor, chunked, &out);
  return out;
}

TEST(ResponseWriter, KnownLength) {
  const std::string out = Head({200, {{"Content-Type", "application/json"}}, 17});
  EXPECT_THAT(out, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: "));
  EXPECT_THAT(out, HasSubstr("\r\nContent-Length: 17\r\n"));
  EXPECT_THAT(out, Not(HasSubstr("Connection")));
  EXPECT_EQ(out.substr(out.size() - 4), "\r\n\r\n");
}

TEST(ResponseWriter, Chunked) {
  const std::string out = Head({200, {}, std::nullopt}, true, 1, true);
  EXPECT_THAT(out, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(out, Not(HasSubstr("Content-Length")));
}

TEST(ResponseWriter, ClosedAndKeptOpenFor10) {
  EXPECT_THAT(Head({404, {}, 0}, false), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(Head({404, {}, 0}, true, 0), HasSubstr("\r\nConnection: keep-alive\r\n"));
}

TEST(ResponseWriter, NoContentHasNoFraming) {
  EXPECT_THAT(Head({204, {}, 0}), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(Head({204, {}, {}}, true, 1, true), Not(HasSubstr("Transfer-Encoding")));
}

TEST(ResponseWriter, ValueCannotForgeALine) {
  const std::string out = Head({401, {{"WWW-Authenticate", "a\r\nSet-Cookie: x"}}, 0});
  EXPECT_THAT(out, HasSubstr("WWW-Authenticate: a  Set-Cookie: x\r\n"));
  EXPECT_THAT(Head({200, {{"a b", "c"}, {"", "d"}, {"e\n", "f"}}, 0}),
              StartsWith("HTTP/1.1 200 OK\r\nDate: "));
}

TEST(ResponseWriter, DateIsImfFixdate) {
  EXPECT_THAT(std::string(HttpDate()),
              MatchesRegex("[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9][0-9][0-9][0-9] "
                           "[0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT"));
}

TEST(ResponseWriter, ReasonPhrases) {
  EXPECT_EQ(ReasonPhrase(499), "Client Closed Request");
  EXPECT_EQ(ReasonPhrase(299), "Unknown");
}

}  // namespace
}  // namespace slipway::gateway
