#include "client/engine/response_parser.h"

#include <algorithm>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

struct Case {
  const char* name;
  std::string bytes;
  int status;
  bool keep_alive;
  bool head_request = false;
  bool ends = false;  // the connection ends after the bytes
  std::string excerpt = "";
  std::string surplus = "";  // of `bytes`, what is not part of the response
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

const Case kComplete[] = {
    {"ContentLength", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, true},
    {"LowerCaseNames", "HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello", 200, true},
    {"BareLineFeeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, true},
    {"NoReason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, true},
    {"EmptyBody", "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", 201, true},
    {"NoContent", "HTTP/1.1 204 No Content\r\n\r\n", 204, true},
    {"NotModifiedWithLength", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, true},
    {"HeadWithLength", "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", 200, true, true},
    {"Close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 200, false},
    {"CloseInList", "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 1\r\n\r\nx", 200,
     false},
    {"OldVersion", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, false},
    {"OldVersionKeepAlive",
     "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", 200, true},
    {"Chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200,
     true},
    {"ChunkedWithExtensionsAndTrailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
     "a;x=y\r\n0123456789\r\n1\r\nz\r\n0\r\nDigest: q\r\n\r\n",
     200, true},
    {"ChunkedBeatsLength",
     "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200,
     true},
    {"ToTheEnd", "HTTP/1.1 200 OK\r\n\r\nall of it", 200, false, false, true},
    {"ToTheEndEmpty", "HTTP/1.1 200 OK\r\n\r\n", 200, false, false, true},
    {"Switching", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nmore", 101, false, false,
     false, "", "more"},
    {"Interim",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
     200, true},
    {"ErrorBodyIsKept", "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\ndown", 503, true, false, false,
     "down"},
    {"ErrorBodyInChunks",
     "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n3\r\n it\r\n0\r\n\r\n", 404,
     true, false, false, "not it"},
    {"Surplus", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1", 200, true, false, false,
     "", "HTTP/1.1"},
    {"TwoEqualLengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 200,
     true},
};

class CompleteResponse : public testing::TestWithParam<Case> {};

// Whole, byte by byte and in threes: where the network cuts must not matter.
TEST_P(CompleteResponse, IsUnderstoodHoweverItIsCut) {
  const Case& c = GetParam();
  for (const size_t piece : {c.bytes.size(), size_t{1}, size_t{3}}) {
    SCOPED_TRACE(testing::Message() << "in pieces of " << piece);
    ResponseParser parser;
    parser.Start(c.head_request);
    size_t used = 0;
    while (used < c.bytes.size() && !parser.done() && parser.error().empty()) {
      used += parser.Feed(std::string_view(c.bytes).substr(used, piece));
    }
    if (c.ends) parser.End();
    EXPECT_EQ(parser.error(), "");
    EXPECT_TRUE(parser.done());
    EXPECT_EQ(parser.status(), c.status);
    EXPECT_EQ(parser.keep_alive(), c.keep_alive);
    EXPECT_EQ(parser.excerpt(), c.excerpt);
    EXPECT_EQ(c.bytes.substr(used), c.surplus);
  }
}

INSTANTIATE_TEST_SUITE_P(ResponseParser, CompleteResponse, testing::ValuesIn(kComplete),
                         [](const auto& info) { return std::string(info.param.name); });

struct BadCase {
  const char* name;
  std::string bytes;
  std::string error;
};

void PrintTo(const BadCase& c, std::ostream* out) { *out << c.name; }

const BadCase kBad[] = {
    {"NotHttp", "SSH-2.0-OpenSSH_9.2\r\n", "status line"},
    {"Http2", "HTTP/2 200 OK\r\n\r\n", "status line"},
    {"StatusWithLetters", "HTTP/1.1 2x0 OK\r\n\r\n", "status line"},
    {"StatusTooLong", "HTTP/1.1 2000 OK\r\n\r\n", "status line"},
    {"Http2Frames", std::string("\0\0\6\4\0\0\0\0\0\0\5\0\0\x40\0", 15), "speaks HTTP/2 here"},
    {"Http2FramesWithALine", std::string("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\n", 15),
     "speaks HTTP/2 here"},
    {"HeaderWithoutColon", "HTTP/1.1 200 OK\r\nhello\r\n\r\n", "no colon"},
    {"NegativeLength", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length"},
    {"HugeLength", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
     "Content-Length"},
    {"DifferentLengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
     "Content-Length"},
    {"BadChunkSize", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "chunk size"},
    {"ChunkTooLong", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
     "longer than its size"},
    {"EndInHead", "HTTP/1.1 200 OK\r\nConte", "middle of a response"},
    {"EndInBody", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "middle of a response"},
    {"EndInChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
     "middle of a response"},
    {"EndAtOnce", "", "before a response"},
    {"EndlessHead", "HTTP/1.1 200 OK\r\nX: " + std::string(300 * 1024, 'x'), "256 KiB"},
};

TEST(ResponseParser, WhatIsAboveTheLimitIsCutWhereThatIsWanted) {
  KeptResponse kept;
  kept.limit = 5;
  kept.cut = true;
  for (const size_t piece : {1, 3, 100}) {
    ResponseParser parser;
    parser.Keep(&kept);
    parser.Start(false);
    const std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\none two";
    for (size_t i = 0; i < bytes.size(); i += piece) parser.Feed(bytes.substr(i, piece));
    EXPECT_TRUE(parser.done()) << parser.error();
    EXPECT_EQ(kept.response.body, "one t");
    EXPECT_EQ(parser.body_bytes(), 7u);
  }
}

class BadResponse : public testing::TestWithParam<BadCase> {};

TEST_P(BadResponse, IsNamed) {
  const BadCase& c = GetParam();
  ResponseParser parser;
  parser.Start(false);
  parser.Feed(c.bytes);
  parser.End();
  EXPECT_FALSE(parser.done());
  EXPECT_NE(parser.error().find(c.error), std::string_view::npos) << parser.error();
}

INSTANTIATE_TEST_SUITE_P(ResponseParser, BadResponse, testing::ValuesIn(kBad),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ResponseParser, StartForgetsTheLastResponse) {
  ResponseParser parser;
  parser.Start(false);
  parser.Feed("HTTP/1.0 500 No\r\nContent-Length: 3\r\n\r\nbad");
  ASSERT_TRUE(parser.done());
  parser.Start(false);
  EXPECT_FALSE(parser.started());
  parser.Feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parser.status(), 200);
  EXPECT_TRUE(parser.keep_alive());
  EXPECT_EQ(parser.excerpt(), "");
}

TEST(ResponseParser, KeepsAnAnswerHoweverItIsCut) {
  const std::string bytes =
      "HTTP/1.1 100 Continue\r\nX: interim\r\n\r\nHTTP/1.1 200 OK\r\nX-Name:  a b \r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\nX-Late: t\r\n\r\n";
  for (const size_t piece : {bytes.size(), size_t{1}, size_t{3}}) {
    KeptResponse kept{.limit = 6};
    ResponseParser parser;
    parser.Keep(&kept);
    parser.Start(false);
    for (size_t at = 0; at < bytes.size(); at += piece) {
      parser.Feed(std::string_view(bytes).substr(at, piece));
    }
    ASSERT_TRUE(parser.done());
    EXPECT_EQ(kept.response.status, 200);
    EXPECT_EQ(kept.response.body, "onetwo");
    EXPECT_EQ(kept.response.headers,
              (HeaderList{{"x-name", "a b"}, {"transfer-encoding", "chunked"}}));
    parser.Start(false);
    EXPECT_TRUE(kept.response.headers.empty());
    EXPECT_EQ(kept.response.body, "");
  }
}

TEST(ResponseParser, KeepsNoBodyAboveTheLimit) {
  KeptResponse kept{.limit = 5};
  ResponseParser parser;
  parser.Keep(&kept);
  parser.Start(false);
  parser.Feed("HTTP/1.1 200 OK\r\n\r\n12345");
  EXPECT_EQ(parser.error(), "");
  parser.Feed("6");
  EXPECT_EQ(parser.error(), "the body of the response is longer than the limit, 5 bytes");
  EXPECT_FALSE(parser.done());
}

TEST(ResponseParser, ExcerptIsBounded) {
  ResponseParser parser;
  parser.Start(false);
  parser.Feed("HTTP/1.1 500 No\r\nContent-Length: 10000\r\n\r\n" + std::string(10'000, 'e'));
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parser.excerpt().size(), 200u);
}

}  // namespace
}  // namespace slipway::client
