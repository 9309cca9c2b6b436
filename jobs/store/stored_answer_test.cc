#include "jobs/store/stored_answer.h"

#include <gtest/gtest.h>

#include "google/rpc/status.pb.h"

namespace slipway::jobs {
namespace {

TEST(StoredAnswer, ComesBackAsItWas) {
  JobResult result;
  result.content_type = "application/json";
  result.body = std::string("{}\0", 3);
  result.initial_metadata = {{"a", "1"}, {"a", "2"}};
  result.trailers = {{"b-bin", std::string("\0\xff", 2)}};
  const JobResult back = DecodeResult(EncodeResult(result));
  EXPECT_TRUE(back.status.ok());
  EXPECT_EQ(back.content_type, result.content_type);
  EXPECT_EQ(back.body, result.body);
  EXPECT_EQ(back.initial_metadata.size(), 2u);
  EXPECT_EQ(back.trailers.Find("b-bin"), std::string("\0\xff", 2));
}

TEST(StoredAnswer, KeepsTheDetailsOfAnError) {
  google::rpc::Status details;
  details.set_code(5);
  details.set_message("gone");
  details.add_details()->set_value("more");
  JobResult result;
  result.status = rpc::Status(absl::StatusCode::kNotFound, "gone", details.SerializeAsString());
  const JobResult back = DecodeResult(EncodeResult(result));
  EXPECT_EQ(back.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(back.status.message(), "gone");
  EXPECT_EQ(back.status.details(), details.SerializeAsString());
}

TEST(StoredAnswer, TextThatIsNoUtf8IsEscaped) {
  JobResult result;
  result.status = rpc::Status(absl::StatusCode::kNotFound, "no caf\xe9");
  result.trailers = {{"x-\xff", "\xff"}};
  const JobResult error = DecodeResult(EncodeResult(result));
  EXPECT_EQ(error.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(error.status.message(), "no caf\\xe9");
  EXPECT_EQ(error.trailers.Find("x-\\xff"), "\xff");

  result.status = rpc::Status();
  result.content_type = "text/\xe9";
  result.body = "\xff";
  const JobResult body = DecodeResult(EncodeResult(result));
  EXPECT_TRUE(body.status.ok());
  EXPECT_EQ(body.content_type, "text/\\xe9");
  EXPECT_EQ(body.body, "\xff");
}

TEST(StoredAnswer, TextBeyondAsciiStays) {
  JobResult result;
  result.status = rpc::Status(absl::StatusCode::kNotFound, "kein Café");
  EXPECT_EQ(DecodeResult(EncodeResult(result)).status.message(), "kein Café");
}

TEST(StoredAnswer, DetailsThatAreNoneAreLeftOut) {
  JobResult result;
  result.status = rpc::Status(absl::StatusCode::kAborted, "no", "\xff\xff");
  const JobResult back = DecodeResult(EncodeResult(result));
  EXPECT_EQ(back.status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(back.status.message(), "no");
  EXPECT_TRUE(back.status.details().empty());
}

TEST(StoredAnswer, OtherBytesAreDataLoss) {
  EXPECT_EQ(DecodeResult("\xff\xff").status.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(DecodeResult("").status.ok()) << "an answer of nothing";
}

}  // namespace
}  // namespace slipway::jobs
