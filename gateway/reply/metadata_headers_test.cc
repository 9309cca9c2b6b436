#include "gateway/reply/metadata_headers.h"

#include <string>

#include "absl/status/status.h"
#include "base/reason.h"
#include "gateway/reply/http_status.h"
#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

TEST(MetadataHeaders, NamesAreSpelledAsHttpDoes) {
  EXPECT_EQ(HeaderName("Grpc-Metadata-", "x-user-id"), "Grpc-Metadata-X-User-Id");
  EXPECT_EQ(HeaderName("", "location"), "Location");
  EXPECT_EQ(HeaderName("Grpc-Trailer-", "a.b_c"), "Grpc-Trailer-A.b_c");
}

TEST(MetadataHeaders, TransportKeys) {
  for (const char* key : {"", ":status", "content-type", "grpc-status", "grpc-encoding",
                          "grpc-status-details-bin", "trailer", "transfer-encoding"}) {
    EXPECT_TRUE(IsTransportKey(key)) << key;
  }
  EXPECT_FALSE(IsTransportKey("location"));
  EXPECT_FALSE(IsTransportKey("grpc-x"));
}

TEST(MetadataHeaders, TrailersAreAnnouncedOnce) {
  const std::vector<Header> fields =
      TrailerFields({{"a", "1"}, {"grpc-status", "0"}, {"b-bin", "\xff"}, {"a", "2"}});
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[1].name, "Grpc-Trailer-B-Bin");
  EXPECT_EQ(fields[1].value, "/w==");
  EXPECT_EQ(TrailerNames(fields), "Grpc-Trailer-A, Grpc-Trailer-B-Bin");
}

TEST(HttpStatus, OfEveryCode) {
  const int expected[] = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                          400, 409, 400, 501, 500, 503, 500, 401};
  for (int code = 0; code <= 16; ++code) {
    EXPECT_EQ(HttpStatus(static_cast<absl::StatusCode>(code)), expected[code]) << code;
  }
  EXPECT_EQ(HttpStatus(static_cast<absl::StatusCode>(17)), 500);
}

TEST(HttpStatus, OfAReason) {
  EXPECT_EQ(HttpStatus(base::MakeError(absl::StatusCode::kResourceExhausted,
                                       base::Reason::kBodyTooLarge, "x")),
            413);
  EXPECT_EQ(HttpStatus(absl::ResourceExhaustedError("x")), 429);
}

}  // namespace
}  // namespace slipway::gateway
