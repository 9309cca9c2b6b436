#include "gateway/http/async/request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace slipway::gateway {
namespace {

using Progress = RequestParser::Progress;
using base::Reason;
using namespace std::string_literals;

const EngineLimits kDefaults;

/// What a request comes to: a complete one, one that waits for more, or a refusal.
struct Outcome {
  Progress progress = Progress::kNeedMore;
  int status = 0;  // of the refusal
  Reason reason = Reason::kNone;
  std::string body;
  size_t used = 0;
};

/// Feeds `bytes` in steps of `step`, head and body.
Outcome Feed(RequestParser& parser, std::string_view bytes, size_t step) {
  Outcome outcome;
  std::string waiting;
  bool head_done = false;
  for (size_t at = 0; at < bytes.size() || !waiting.empty();) {
    const std::string_view part = bytes.substr(at, step);
    at += part.size();
    waiting += part;
    for (bool again = !waiting.empty(); again;) {
      size_t used = 0;
      outcome.progress = head_done ? parser.ParseBody(waiting, &outcome.body, &used)
                                   : parser.ParseHead(waiting, &used);
      waiting.erase(0, used);
      outcome.used += used;
      again = false;
      if (outcome.progress == Progress::kRefused) {
        outcome.status = parser.refusal().status;
        outcome.reason = parser.refusal().reason;
        return outcome;
      }
      if (outcome.progress == Progress::kDone && !head_done) {
        head_done = true;
        if (parser.body_done()) return outcome;
        outcome.progress = Progress::kNeedMore;
        again = !waiting.empty();
      } else if (outcome.progress == Progress::kDone) {
        return outcome;
      }
    }
    if (at >= bytes.size()) break;
  }
  return outcome;
}

Outcome Parse(std::string_view bytes, const EngineLimits& limits = kDefaults) {
  RequestParser parser(limits);
  return Feed(parser, bytes, bytes.size());
}

std::string Get(std::string_view target, std::string_view lines = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
}

std::string Post(std::string_view lines, std::string_view body) {
  return "POST /x HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

struct Bad {
  std::string name;
  std::string bytes;
  int status;
  Reason reason;
};

void ExpectRefused(const std::vector<Bad>& cases, const EngineLimits& limits = kDefaults) {
  for (const Bad& bad : cases) {
    SCOPED_TRACE(bad.name);
    const Outcome outcome = Parse(bad.bytes, limits);
    EXPECT_EQ(outcome.progress, Progress::kRefused);
    EXPECT_EQ(outcome.status, bad.status);
    EXPECT_EQ(base::ReasonName(outcome.reason), base::ReasonName(bad.reason));
  }
}

/// The same, however the bytes are split: the answer may come later, but it must come.
void ExpectRefusedInPieces(const std::vector<Bad>& cases, const EngineLimits& limits = kDefaults) {
  ExpectRefused(cases, limits);
  for (const Bad& bad : cases) {
    SCOPED_TRACE(bad.name + " byte by byte");
    RequestParser parser(limits);
    EXPECT_EQ(Feed(parser, bad.bytes, 1).status, bad.status);
  }
}

TEST(RequestParser, TellsTheHead) {
  RequestParser parser(kDefaults);
  const std::string bytes = Get("/users?role=sales&x=1", "X-Empty:\r\nA+b:  v1 \t\r\nA+b: v2\r\n");
  const Outcome outcome = Feed(parser, bytes, bytes.size());
  EXPECT_EQ(outcome.progress, Progress::kDone);
  EXPECT_EQ(outcome.used, bytes.size());
  const RequestHead& head = parser.head();
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.path(), "/users");
  EXPECT_EQ(head.query(), "role=sales&x=1");
  EXPECT_FALSE(head.has_body);
  ASSERT_EQ(head.headers.size(), 4u);
  EXPECT_EQ(head.headers[1].name, "X-Empty");
  EXPECT_EQ(head.headers[1].value, "");
  EXPECT_EQ(head.headers[2].value, "v1");
  EXPECT_EQ(head.headers[3].value, "v2");
  EXPECT_EQ(parser.http_minor(), 1);
  EXPECT_TRUE(parser.keep_alive());
}

TEST(RequestParser, ResetForgetsTheRequest) {
  RequestParser parser(kDefaults);
  Feed(parser, Get("/long/path", "A: 1\r\nB: 2\r\nConnection: close\r\n"), 1000);
  parser.Reset();
  EXPECT_EQ(Feed(parser, Get("/x"), 1000).progress, Progress::kDone);
  EXPECT_EQ(parser.head().target, "/x");
  EXPECT_EQ(parser.head().headers.size(), 1u);
  EXPECT_TRUE(parser.keep_alive());
}

TEST(RequestParser, AnySplitGivesTheSame) {
  const std::string bytes = Post("Transfer-Encoding: chunked\r\nTe: trailers\r\n",
                                 "5;a=b;c=\"q;\\\"\"\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n");
  for (size_t step = 1; step <= bytes.size(); ++step) {
    SCOPED_TRACE(step);
    RequestParser parser(kDefaults);
    const Outcome outcome = Feed(parser, bytes, step);
    EXPECT_EQ(outcome.progress, Progress::kDone);
    EXPECT_EQ(outcome.body, "hello!");
    EXPECT_EQ(outcome.used, bytes.size());
    EXPECT_FALSE(parser.head().Find("X-Sum"));
  }
}

TEST(RequestParser, AnEmptyChunkedBodyInPieces) {
  for (size_t step = 1; step <= 5; ++step) {
    RequestParser parser(kDefaults);
    const Outcome outcome = Feed(parser, Post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), step);
    EXPECT_EQ(outcome.progress, Progress::kDone) << "in steps of " << step;
  }
}

TEST(RequestParser, ALineInPiecesBeforeALongHead) {
  const std::string value(kDefaults.max_header_bytes - 100, 'v');
  const std::string request = Get("/", "A: " + value + "\r\nB: " + value + "\r\n");
  RequestParser parser(kDefaults);
  const Outcome outcome = Feed(parser, request, 10);
  EXPECT_EQ(outcome.status, 0) << "the target is short";
  EXPECT_EQ(parser.head().target, "/");
}

TEST(RequestParser, LeavesTheNextRequestAlone) {
  const std::string first = Post("Content-Length: 3\r\n", "abc");
  const Outcome outcome = Parse(first + Get("/next"));
  EXPECT_EQ(outcome.progress, Progress::kDone);
  EXPECT_EQ(outcome.body, "abc");
  EXPECT_EQ(outcome.used, first.size());
}

TEST(RequestParser, AcceptsWhatClientsSend) {
  const std::vector<std::string> good = {
      Get("/a[b]?x=[1]&y=a?b??c"),
      Get("/caf\xc3\xa9"),
      Get("/", "X-Bytes: \x80\xff\xfe\r\n"),
      Get("/", "X_Under: 1\r\nx_content_length: 1\r\n"),
      Get("/%2e%2e/%zz%"),
      Get("/?q=a%0ab%00"),
      Get("/#frag"),
      "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
      "TRACE / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
      "OPTIONS / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "get /x HTTP/1.1\r\nHost: h\r\n\r\n",
      "M-SEARCH!~ /x HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/1.0\r\nHost: h\r\nExpect: weird\r\n\r\n",
      "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
      Post("Content-Length: 0\r\n", ""),
      Post("Content-Length: 00003\r\n", "abc"),
      Post("transfer-encoding:  CHUNKED \r\n", "a\r\n0123456789\r\n0\r\n\r\n"),
      Post("Transfer-Encoding: chunked\r\n", "1 ; x = y\r\na\r\n000\r\nHost: evil\r\nA: b\r\n\r\n"),
  };
  for (const std::string& bytes : good) {
    SCOPED_TRACE(bytes);
    EXPECT_EQ(Parse(bytes).progress, Progress::kDone);
  }
}

TEST(RequestParser, ContentLengthBesideTransferEncoding) {
  const std::string chunks = "0\r\n\r\n";
  ExpectRefusedInPieces({
      {"length first", Post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunks), 400,
       Reason::kBadFraming},
      {"length last", Post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunks), 400,
       Reason::kBadFraming},
      {"length zero", Post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", chunks), 400,
       Reason::kBadFraming},
  });
}

TEST(RequestParser, TransferEncodingOtherThanOneChunked) {
  std::vector<Bad> cases;
  for (const char* value : {"xchunked", "identity", "chunked, gzip", "gzip, chunked", ",chunked",
                            "chunked,", "chunked, chunked",
                            "\xa0"
                            "chunked",
                            "chunked;a=b", "\"chunked\"", "", "gzip"}) {
    cases.push_back({value, Post("Transfer-Encoding: " + std::string(value) + "\r\n", "0\r\n\r\n"),
                     400, Reason::kBadFraming});
  }
  cases.push_back({"two lines",
                   Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ""), 400,
                   Reason::kBadFraming});
  cases.push_back({"HTTP/1.0",
                   "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
                   Reason::kBadFraming});
  cases.push_back(
      {"vertical tab", Post("Transfer-Encoding: \vchunked\r\n", ""), 400, Reason::kBadHeader});
  ExpectRefusedInPieces(cases);
}

TEST(RequestParser, ContentLengthThatIsNotOneNumber) {
  std::vector<Bad> cases;
  for (const char* value : {"+5", "-1", "0x10", "1_0", "5a", "", "5, 5", "5,5", "5 5", "5.0", ",5",
                            "\xb2", "99999999999999999999"}) {
    for (const char* method : {"GET", "POST"}) {
      cases.push_back({std::string(method) + " " + value,
                       std::string(method) + " / HTTP/1.1\r\nHost: h\r\nContent-Length: " + value +
                           "\r\n\r\nhello",
                       400, Reason::kBadFraming});
    }
  }
  cases.push_back({"different", Post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), 400,
                   Reason::kBadFraming});
  cases.push_back({"identical", Post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400,
                   Reason::kBadFraming});
  ExpectRefusedInPieces(cases);
}

TEST(RequestParser, HeaderLinesThatAreNoHeaders) {
  std::vector<Bad> cases;
  for (const char* line :
       {"Content-Length : 5", "Transfer-Encoding : chunked", "No-Colon", ": no name", "a@b: 1",
        "\xc3\xa9: 1", "content_length: 5", "Transfer_Encoding: chunked", "A: b\n", "A: b\rc",
        "A: b\r\n folded", "A: b\r\n\tfolded", "A:\r\n folded", "A: b\r\n ", "A: \x01", "A: \x7f",
        "(a): b", "a b: c"}) {
    cases.push_back({line, Get("/", std::string(line) + "\r\n"), 400, Reason::kBadHeader});
  }
  cases.push_back({"NUL", Get("/", "A: \0b\r\n"s), 400, Reason::kBadHeader});
  cases.push_back(
      {"blank before the first", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400, Reason::kBadHeader});
  cases.push_back(
      {"CR LF CR", "GET / HTTP/1.1\r\nHost: h\r\n\rX\r\n\r\n", 400, Reason::kBadHeader});
  ExpectRefused(cases);
}

TEST(RequestParser, BareLineFeeds) {
  ExpectRefused({
      {"in the request line", "GET / HTTP/1.1\nHost: h\n\n", 400, Reason::kBadRequestLine},
      {"in a header", "GET / HTTP/1.1\r\nHost: h\n\n", 400, Reason::kBadHeader},
      {"at the end", "GET / HTTP/1.1\r\nHost: h\r\n\n\r\n", 400, Reason::kBadHeader},
  });
}

TEST(RequestParser, MalformedChunks) {
  std::vector<Bad> cases;
  const auto chunked = [](std::string body) {
    return Post("Transfer-Encoding: chunked\r\n", body);
  };
  for (const char* size : {"0x5", "-2", "+5", "", "5 5", "g", "11111111111111111", "5;", "5;=b",
                           "5;a=\x01", "5;a=\"\x01\"", "5\n", "5;a\nb"}) {
    cases.push_back(
        {size, chunked(std::string(size) + "\r\nhello\r\n0\r\n\r\n"), 400, Reason::kBadFraming});
  }
  cases.push_back({"NUL in an extension", chunked("5;a=\"\0\"\r\nhello\r\n0\r\n\r\n"s), 400,
                   Reason::kBadFraming});
  cases.push_back(
      {"CR in an extension", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), 400, Reason::kBadFraming});
  cases.push_back(
      {"more than its size", chunked("3\r\nhello\r\n0\r\n\r\n"), 400, Reason::kBadFraming});
  cases.push_back({"no line end", chunked("5\r\nhello0\r\n\r\n"), 400, Reason::kBadFraming});
  cases.push_back({"folded trailer", chunked("0\r\nA: b\r\n c\r\n\r\n"), 400, Reason::kBadHeader});
  cases.push_back(
      {"length in a trailer", chunked("0\r\nContent-Length: 5\r\n\r\n"), 400, Reason::kBadFraming});
  cases.push_back({"trailer without colon", chunked("0\r\nA\r\n\r\n"), 400, Reason::kBadFraming});
  std::string many = "0\r\n";
  for (int i = 0; i < 1000; ++i) many += "T: " + std::to_string(i) + "\r\n";
  cases.push_back({"1,000 trailers", chunked(many + "\r\n"), 400, Reason::kBadFraming});
  cases.push_back({"1 MB of one extension", chunked("5;a=" + std::string(1 << 20, 'x')), 400,
                   Reason::kBadFraming});
  std::string extensions;
  for (int i = 0; i < 2000; ++i) extensions += "1;a=" + std::string(500, 'x') + "\r\ny\r\n";
  cases.push_back({"1 MB of extensions", chunked(extensions), 400, Reason::kBadFraming});
  ExpectRefused(cases);
}

TEST(RequestParser, BodyLimit) {
  EngineLimits limits;
  limits.max_body_bytes = 5;
  EXPECT_EQ(Parse(Post("Content-Length: 5\r\n", "hello"), limits).body, "hello");
  const std::string chunks = "3\r\nhel\r\n2\r\nlo\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  EXPECT_EQ(Parse(Post(chunked, chunks + "0\r\n\r\n"), limits).body, "hello");
  ExpectRefusedInPieces(
      {
          {"length", Post("Content-Length: 6\r\n", ""), 413, Reason::kBodyTooLarge},
          {"huge", Post("Content-Length: 18446744073709551615\r\n", ""), 413,
           Reason::kBodyTooLarge},
          {"with Expect", Post("Expect: 100-continue\r\nContent-Length: 6\r\n", ""), 413,
           Reason::kBodyTooLarge},
          {"chunks", Post(chunked, chunks + "1\r\n!\r\n0\r\n\r\n"), 413, Reason::kBodyTooLarge},
          {"one chunk", Post(chunked, "ffffffffffffffff\r\n"), 413, Reason::kBodyTooLarge},
      },
      limits);
}

TEST(RequestParser, Expectations) {
  RequestParser parser(kDefaults);
  Feed(parser, Post("Expect: 100-Continue\r\nContent-Length: 5\r\n", ""), 1000);
  EXPECT_TRUE(parser.expects_continue());
  parser.Reset();
  Feed(parser, Get("/", "Expect: 100-continue\r\n"), 1000);
  EXPECT_FALSE(parser.expects_continue()) << "there is no body to wait for";
  ExpectRefusedInPieces(
      {{"unknown", Get("/", "Expect: tea\r\n"), 417, Reason::kExpectationFailed}});
}

TEST(RequestParser, RequestLines) {
  ExpectRefused({
      {"HTTP/0.9", "GET /\r\n\r\n", 400, Reason::kBadRequestLine},
      {"PRI", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, Reason::kUnsupportedVersion},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), 400, Reason::kBadRequestLine},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505, Reason::kUnsupportedVersion},
      {"HTTP/9.9", "GET / HTTP/9.9\r\nHost: h\r\n\r\n", 505, Reason::kUnsupportedVersion},
      {"http/1.1", "GET / http/1.1\r\nHost: h\r\n\r\n", 400, Reason::kBadRequestLine},
      {"HTTP/1.10", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400, Reason::kBadRequestLine},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400, Reason::kBadRequestLine},
      {"two spaces later", "GET /  HTTP/1.1\r\nHost: h\r\n\r\n", 400, Reason::kBadRequestLine},
      {"tab", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, Reason::kBadRequestLine},
      {"space at the end", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400, Reason::kBadRequestLine},
      {"space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400, Reason::kBadRequestLine},
      {"space at the start", " GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400, Reason::kBadRequestLine},
      {"method not a token", "G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400, Reason::kBadRequestLine},
      {"two empty lines", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400,
       Reason::kBadRequestLine},
      {"10 kB method", std::string(10000, 'M') + " / HTTP/1.1\r\nHost: h\r\n\r\n", 501,
       Reason::kUnsupportedMethod},
      {"control byte in the target", "GET /a\x01 HTTP/1.1\r\nHost: h\r\n\r\n", 400,
       Reason::kBadRequestLine},
      {"DEL in the target", "GET /a\x7f HTTP/1.1\r\nHost: h\r\n\r\n", 400, Reason::kBadRequestLine},
      {"%00 in the path", Get("/a%00"), 400, Reason::kBadPath},
      {"%0a in the path", Get("/a%0Ab?q"), 400, Reason::kBadPath},
      {"%7f in the path", Get("/%7f"), 400, Reason::kBadPath},
  });
}

TEST(RequestParser, Hosts) {
  const auto with = [](std::string_view lines) {
    return "GET / HTTP/1.1\r\n" + std::string(lines) + "\r\n";
  };
  std::vector<Bad> cases = {
      {"none", with(""), 400, Reason::kBadHost},
      {"two", with("Host: a\r\nHost: a\r\n"), 400, Reason::kBadHost},
      {"two in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, Reason::kBadHost}};
  for (const char* host :
       {"", "a,b", "user@h", "h/path", "h:port", "h:65536", "h:-1", "a b", "h:80:80", "[::1",
        "[::1]x", "[]", "[zz]", "h?q", "h#f", "\xc3\xa9", ":80"}) {
    cases.push_back({host, with("Host: " + std::string(host) + "\r\n"), 400, Reason::kBadHost});
  }
  ExpectRefusedInPieces(cases);
  for (const char* host : {"h", "h:80", "h:", "127.0.0.1:8080", "[::1]:80", "[::1]", "a_b.example",
                           "xn--bcher-kva.example", "h:65535"}) {
    SCOPED_TRACE(host);
    EXPECT_EQ(Parse(with("Host: " + std::string(host) + "\r\n")).progress, Progress::kDone);
  }
}

TEST(RequestParser, TargetForms) {
  const struct {
    const char* line;
    const char* target;
  } good[] = {
      {"GET http://h/x?y=1", "/x?y=1"},
      {"GET HTTP://H:80/x", "/x"},
      {"GET https://h:443/", "/"},
      {"GET http://h", "/"},
      {"GET http://h?q", "/?q"},
      {"OPTIONS http://h", "*"},
      {"OPTIONS *", "*"},
      {"CONNECT /x", "/x"},
  };
  for (const auto& [line, target] : good) {
    SCOPED_TRACE(line);
    RequestParser parser(kDefaults);
    EXPECT_EQ(Feed(parser, std::string(line) + " HTTP/1.1\r\nHost: h\r\n\r\n", 9999).progress,
              Progress::kDone);
    EXPECT_EQ(parser.head().target, target);
  }
  ExpectRefused({
      {"another authority", Get("http://other/x"), 421, Reason::kBadHost},
      {"another port", Get("http://h:81/x"), 421, Reason::kBadHost},
      {"user", Get("http://u@h/x"), 400, Reason::kBadRequestLine},
      {"no authority", Get("http:///x"), 400, Reason::kBadRequestLine},
      {"another scheme", Get("ftp://h/x"), 400, Reason::kBadRequestLine},
      {"authority form", Get("h:443"), 400, Reason::kBadRequestLine},
      {"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501, Reason::kUnsupportedMethod},
      {"star", Get("*"), 400, Reason::kBadRequestLine},
      {"relative", Get("x/y"), 400, Reason::kBadRequestLine},
  });
}

TEST(RequestParser, HeadLimits) {
  std::string hundred_and_one;
  for (int i = 0; i < 101; ++i) hundred_and_one += "A: b\r\n";
  std::string large;
  for (int i = 0; i < 100; ++i) large += "A: " + std::string(8000, 'x') + "\r\n";
  ExpectRefusedInPieces({
      {"target", Get("/" + std::string(8192, 'x')), 414, Reason::kTargetTooLong},
      {"line without end", "GET /" + std::string(32768, 'x'), 414, Reason::kTargetTooLong},
      {"header", Get("/", "A: " + std::string(8192, 'x') + "\r\n"), 431, Reason::kHeadTooLarge},
      {"count", Get("/", hundred_and_one), 431, Reason::kHeadTooLarge},
  });
  // Byte by byte this would take Beast a while; both ways must refuse by the total.
  ExpectRefused({{"total", Get("/", large), 431, Reason::kHeadTooLarge}});
  RequestParser parser(kDefaults);
  EXPECT_EQ(Feed(parser, Get("/", large), 1000).status, 431);
  EXPECT_EQ(Parse(Get("/" + std::string(8191, 'x'))).progress, Progress::kDone);
}

TEST(RequestParser, KeepAlive) {
  const struct {
    const char* version;
    const char* line;
    bool keep_alive;
  } cases[] = {
      {"1.1", "", true},
      {"1.1", "Connection: close\r\n", false},
      {"1.1", "Connection: Keep-Alive, CLOSE\r\n", false},
      {"1.0", "", false},
      {"1.0", "Connection: keep-alive\r\n", true},
  };
  for (const auto& [version, line, keep_alive] : cases) {
    SCOPED_TRACE(std::string(version) + " " + line);
    RequestParser parser(kDefaults);
    Feed(parser, "GET / HTTP/" + std::string(version) + "\r\nHost: h\r\n" + line + "\r\n", 9999);
    EXPECT_EQ(parser.keep_alive(), keep_alive);
  }
}

TEST(RefusalJson, EscapesWhatThePeerSent) {
  EXPECT_EQ(RefusalJson({400, Reason::kBadHost, "a \"b\\\x01\xff"}),
            "{\"code\":3,\"message\":\"a \\\"b\\\\\\u0001\\u00ff\",\"details\":[]}");
}

}  // namespace
}  // namespace slipway::gateway
