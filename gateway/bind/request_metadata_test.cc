#include "gateway/bind/request_metadata.h"

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

RequestHead Head(std::vector<Header> headers, std::string peer = "") {
  RequestHead head;
  head.headers = std::move(headers);
  head.peer = std::move(peer);
  return head;
}

/// `key=value` texts joined by spaces, without the correlation id; or the error's code.
std::string Metadata(const RequestHead& head) {
  RequestMetadata out;
  const absl::Status status = ReadRequestMetadata(head, "id", &out);
  if (!status.ok()) return absl::StatusCodeToString(status.code());
  std::string text;
  for (const auto& [key, value] : out.metadata) {
    if (key != "x-correlation-id") absl::StrAppend(&text, text.empty() ? "" : " ", key, "=", value);
  }
  return text;
}

struct Case {
  std::vector<Header> headers;
  const char* expected;
};

class RequestMetadataRules : public ::testing::TestWithParam<Case> {};

TEST_P(RequestMetadataRules, Table) {
  EXPECT_EQ(Metadata(Head(GetParam().headers)), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RequestMetadataRules,
    ::testing::Values(
        Case{{{"Authorization", "Bearer x"}},
             "authorization=Bearer x grpcgateway-authorization=Bearer x"},
        Case{{{"accept", "*/*"}, {"USER-AGENT", "curl"}},
             "grpcgateway-accept=*/* grpcgateway-user-agent=curl"},
        Case{{{"If-Schedule-Tag-Match", "t"}, {"If-Unmodified-Since", "d"}},
             "grpcgateway-if-schedule-tag-match=t grpcgateway-if-unmodified-since=d"},
        Case{{{"Accept-Encoding", "gzip"}, {"X-Request-Id", "1"}, {"Connection", "close"}}, ""},
        Case{{{"traceparent", "00-aa-bb-01"}}, "traceparent=00-aa-bb-01"},
        Case{{{"Grpc-Metadata-Foo-Bar", "1"}, {"grpc-metadata-foo-bar", "2"}},
             "foo-bar=1 foo-bar=2"},
        Case{{{"Grpc-Metadata-A-Bin", "AQI="}, {"Grpc-Metadata-B-Bin", "YQ"}},
             "a-bin=\x01\x02 b-bin=a"},
        Case{{{"Grpc-Metadata-A-Bin", "*"}}, "INVALID_ARGUMENT"},
        Case{{{"Grpc-Metadata-Foo+Bar", "1"}, {"Grpc-Metadata-", "2"}, {"Grpc-Metadata-:x", "3"}},
             ""},
        Case{{{"Grpc-Metadata-Foo", "\xc3\xa4"}, {"Grpc-Metadata-Bar", "a\tb"}, {"Accept", "\xff"}},
             ""},
        Case{{{"Grpc-Metadata-Content-Type", "a"},
              {"Grpc-Metadata-Te", "b"},
              {"Grpc-Metadata-Grpc-Timeout", "c"},
              {"Grpc-Metadata-User-Agent", "d"},
              {"Grpc-Metadata-Connection", "e"},
              {"Grpc-Metadata-X-Correlation-Id", "f"}},
             ""},
        Case{{{"Host", "api.example"}}, "x-forwarded-host=api.example"},
        Case{{{"Host", "api.example"}, {"X-Forwarded-Host", "a"}, {"X-Forwarded-Host", "b"}},
             "x-forwarded-host=a"},
        Case{{{"X-Forwarded-For", "1.1.1.1"}, {"x-forwarded-for", "2.2.2.2"}},
             "x-forwarded-for=1.1.1.1, 2.2.2.2"}));

TEST(RequestMetadata, PeerIsAppendedToForwardedFor) {
  EXPECT_EQ(Metadata(Head({}, "192.0.2.7:4711")), "x-forwarded-for=192.0.2.7");
  EXPECT_EQ(Metadata(Head({{"X-Forwarded-For", "1.1.1.1"}}, "[::1]:80")),
            "x-forwarded-for=1.1.1.1, ::1");
}

TEST(RequestMetadata, Timeout) {
  RequestMetadata out;
  ASSERT_TRUE(ReadRequestMetadata(Head({{"grpc-timeout", "10m"}}), "id", &out).ok());
  EXPECT_EQ(out.timeout, std::chrono::milliseconds(10));
  EXPECT_EQ(out.metadata.Find("grpc-timeout"), std::nullopt);
  EXPECT_EQ(Metadata(Head({{"Grpc-Timeout", "nonsense"}})), "INVALID_ARGUMENT");
  RequestMetadata none;
  ASSERT_TRUE(ReadRequestMetadata(Head({{"grpc-timeout", "0S"}}), "id", &none).ok());
  EXPECT_EQ(none.timeout, std::nullopt);
  EXPECT_EQ(Metadata(Head({{"Grpc-Timeout", ""}})), "");
}

TEST(RequestMetadata, LongNamesAreNotTakenForShortOnes) {
  const std::string name = "accept" + std::string(100, 'x');
  EXPECT_EQ(Metadata(Head({{name, "1"}, {"Grpc-Metadata-" + name, "2"}})), name + "=2");
}

TEST(CorrelationId, OwnHeaderFirstThenThePrefixedOne) {
  EXPECT_EQ(
      CorrelationId(Head({{"Grpc-Metadata-X-Correlation-Id", "b"}, {"x-correlation-id", "a"}})),
      "a");
  EXPECT_EQ(CorrelationId(Head({{"Grpc-Metadata-X-Correlation-Id", "b"}})), "b");
  EXPECT_EQ(CorrelationId(Head({{"X-Correlation-Id", std::string(128, 'x')}})),
            std::string(128, 'x'));
}

TEST(CorrelationId, MadeWhenMissingOrInvalid) {
  for (const std::string& id : {std::string(), std::string("a b"), std::string(129, 'x'),
                                std::string("a\r\nb"), std::string("ä")}) {
    EXPECT_EQ(CorrelationId(Head({{"X-Correlation-Id", id}})).size(), 36u) << id;
  }
  EXPECT_NE(CorrelationId(Head({})), CorrelationId(Head({})));
}

}  // namespace
}  // namespace slipway::gateway
