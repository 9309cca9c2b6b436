#include "jobs/service/submit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/reason.h"

namespace slipway::jobs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'763'736'600);

v1::SubmitJobRequest Greet(const std::string& name = "Ann") {
  v1::SubmitJobRequest request;
  request.mutable_greeting()->set_name(name);
  return request;
}

class SubmitTest : public testing::Test {
 protected:
  absl::StatusOr<NewJob> Make(const v1::SubmitJobRequest& request, const std::string& owner = {}) {
    SubmitRules rules;
    rules.now = kNow;
    rules.longest_result_lifetime = absl::Hours(24 * 30);
    rules.check_call = &check_;
    absl::StatusOr<SubmitKey> key = KeyOf(request);
    if (!key.ok()) return key.status();
    return ToNewJob(request, *std::move(key), {owner, "my-id"}, rules);
  }
  void ExpectBadField(const v1::SubmitJobRequest& request,
                      const testing::Matcher<const std::string&>& message) {
    const absl::Status status = Make(request).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kBadField);
    EXPECT_THAT(std::string(status.message()), message);
  }

  CallCheck check_;
};

TEST_F(SubmitTest, Defaults) {
  const auto job = Make(Greet(), "someone");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->kind, "greeting");
  EXPECT_EQ(job->payload, Greet().greeting().SerializeAsString());
  EXPECT_EQ(job->correlation_id, "my-id");
  EXPECT_EQ(job->owner, "someone");
  EXPECT_EQ(job->create_time, kNow);
  EXPECT_FALSE(job->not_before);
  EXPECT_EQ(job->max_attempts, 10);
  EXPECT_EQ(job->result_lifetime, absl::Hours(1));
  EXPECT_EQ(job->idempotency_key, "");
  EXPECT_EQ(job->attachment, "");
}

TEST_F(SubmitTest, NoKind) {
  ExpectBadField(v1::SubmitJobRequest(),
                 testing::Eq("kind: none is set; one of these must be: greeting, call"));
}

TEST_F(SubmitTest, CallIsCheckedAndStoredAsTheCheckSays) {
  v1::SubmitJobRequest request;
  request.mutable_call()->set_method("a.B/C");
  check_ = [](const v1::Call& call) -> absl::StatusOr<v1::StoredCall> {
    v1::StoredCall stored;
    stored.set_method("/" + call.method());
    stored.set_request("bytes");
    return stored;
  };
  const auto job = Make(request, "someone");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->kind, "call");
  v1::StoredCall stored;
  ASSERT_TRUE(stored.ParseFromString(job->payload));
  EXPECT_EQ(stored.method(), "/a.B/C");
  EXPECT_EQ(stored.request(), "bytes");
}

TEST_F(SubmitTest, CallThatTheCheckRefuses) {
  v1::SubmitJobRequest request;
  request.mutable_call()->set_method("a.B/C");
  check_ = [](const v1::Call&) -> absl::StatusOr<v1::StoredCall> {
    return absl::NotFoundError("call.method: a.B/C is unknown");
  };
  EXPECT_EQ(Make(request).status(), absl::NotFoundError("call.method: a.B/C is unknown"));
}

TEST_F(SubmitTest, CallWithoutTargets) {
  v1::SubmitJobRequest request;
  request.mutable_call()->set_method("a.B/C");
  const absl::Status status = Make(request).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no targets"));
}

TEST_F(SubmitTest, NotBeforeInThePastMeansAtOnce) {
  v1::SubmitJobRequest request = Greet();
  request.mutable_not_before()->set_seconds(absl::ToUnixSeconds(kNow));
  EXPECT_FALSE(Make(request)->not_before);
  request.mutable_not_before()->set_nanos(5000);
  EXPECT_EQ(Make(request)->not_before, kNow + absl::Microseconds(5));
}

TEST_F(SubmitTest, NotBeforeTooFar) {
  v1::SubmitJobRequest request = Greet();
  request.mutable_not_before()->set_seconds(absl::ToUnixSeconds(kNow + absl::Hours(24 * 3653)));
  EXPECT_TRUE(Make(request).ok());
  request.mutable_not_before()->set_nanos(1);
  ExpectBadField(request, AllOf(HasSubstr("notBefore: 2035-11-2"), HasSubstr("ten years ahead")));
}

TEST_F(SubmitTest, NotBeforeThatIsNoTime) {
  for (const auto& [seconds, nanos] : std::vector<std::pair<int64_t, int32_t>>{
           {-62'135'596'801, 0}, {253'402'300'800, 0}, {0, -1}, {0, 1'000'000'000}}) {
    v1::SubmitJobRequest request = Greet();
    request.mutable_not_before()->set_seconds(seconds);
    request.mutable_not_before()->set_nanos(nanos);
    ExpectBadField(request, AllOf(HasSubstr("notBefore: " + std::to_string(seconds)),
                                  HasSubstr("is not a time"), HasSubstr("0 to 999999999")));
  }
}

TEST_F(SubmitTest, MaxAttempts) {
  for (const int good : {1, 100}) {
    v1::SubmitJobRequest request = Greet();
    request.set_max_attempts(good);
    EXPECT_EQ(Make(request)->max_attempts, good);
  }
  for (const int bad : {-1, 101}) {
    v1::SubmitJobRequest request = Greet();
    request.set_max_attempts(bad);
    ExpectBadField(request,
                   AllOf(HasSubstr("maxAttempts: " + std::to_string(bad)), HasSubstr("0 to 100")));
  }
}

TEST_F(SubmitTest, IdempotencyKey) {
  for (const std::string& good : {std::string("a b~!"), std::string(255, 'k')}) {
    v1::SubmitJobRequest request = Greet();
    request.set_idempotency_key(good);
    EXPECT_EQ(Make(request)->idempotency_key, good);
  }
  for (const std::string& bad :
       {std::string(256, 'k'), std::string("a\nb"), std::string("\x7f"), std::string("\xc3\xa4")}) {
    v1::SubmitJobRequest request = Greet();
    request.set_idempotency_key(bad);
    ExpectBadField(request, AllOf(HasSubstr("idempotencyKey: \""), HasSubstr("1 to 255 printable"),
                                  testing::Not(HasSubstr("\n"))));
  }
}

TEST_F(SubmitTest, ResultLifetime) {
  v1::SubmitJobRequest request = Greet();
  request.mutable_result_lifetime()->set_seconds(1);
  EXPECT_EQ(Make(request)->result_lifetime, absl::Seconds(1));
  request.mutable_result_lifetime()->set_seconds(30 * 24 * 3600);
  EXPECT_EQ(Make(request)->result_lifetime, absl::Hours(24 * 30));
  for (const auto& [seconds, nanos] :
       std::vector<std::pair<int64_t, int32_t>>{{0, 0},
                                                {0, 999'999'999},
                                                {-5, 0},
                                                {30 * 24 * 3600, 1},
                                                {1, -1},
                                                {1, 1'000'000'000},
                                                {315'576'000'001, 0}}) {
    request.mutable_result_lifetime()->set_seconds(seconds);
    request.mutable_result_lifetime()->set_nanos(nanos);
    ExpectBadField(request,
                   AllOf(HasSubstr("resultLifetime: " + std::to_string(seconds) + " seconds"),
                         HasSubstr("1s to 2592000s")));
  }
}

std::string Fingerprint(v1::SubmitJobRequest request) {
  request.set_idempotency_key("k");
  return KeyOf(request)->fingerprint;
}

v1::SubmitJobRequest CallWith(const google::protobuf::Value& value) {
  v1::SubmitJobRequest request;
  request.mutable_call()->set_method("a.B/C");
  *request.mutable_call()->mutable_request() = value;
  return request;
}

TEST_F(SubmitTest, FingerprintTellsRequestsApart) {
  std::set<std::string> seen;
  google::protobuf::Value value;
  value.set_string_value("a");
  const std::vector<std::function<void(v1::SubmitJobRequest&)>> changes = {
      [](auto&) {},
      [](auto& request) { request.mutable_greeting()->set_name("Bob"); },
      [](auto& request) { request.mutable_not_before()->set_seconds(5); },
      [](auto& request) { request.set_max_attempts(3); },
      [](auto& request) { request.mutable_result_lifetime()->set_seconds(5); },
      [](auto& request) { request.mutable_call(); },
      [](auto& request) { request.mutable_call()->set_method("a.B/C"); },
      [](auto& request) { request.mutable_call()->set_target("a.B/C"); },
      [](auto& request) { request.mutable_call()->set_request_bytes("a"); },
      [&](auto& request) { *request.mutable_call()->mutable_request() = value; },
  };
  for (const auto& change : changes) {
    v1::SubmitJobRequest request = Greet();
    change(request);
    EXPECT_EQ(Fingerprint(request), Fingerprint(request));
    seen.insert(Fingerprint(request));
  }
  EXPECT_EQ(seen.size(), changes.size());
  // What is said by default is the same as what is said.
  v1::SubmitJobRequest request = Greet();
  request.set_max_attempts(10);
  request.mutable_result_lifetime()->set_seconds(3600);
  EXPECT_EQ(seen.count(Fingerprint(request)), 1u);
}

TEST_F(SubmitTest, FingerprintsOfTheSameCallAreTheSame) {
  google::protobuf::Value empty_object;
  empty_object.mutable_struct_value();
  const std::vector<std::function<void(v1::Call*)>> same = {
      [](v1::Call* call) { call->set_method("a.B/C"); },
      [](v1::Call* call) { call->set_method("/a.B/C"); },
      [](v1::Call* call) { call->set_request_bytes(""); },
      [&](v1::Call* call) { *call->mutable_request() = empty_object; },
  };
  google::protobuf::Value null;
  null.set_null_value(google::protobuf::NULL_VALUE);
  google::protobuf::Value empty_list;
  empty_list.mutable_list_value();
  google::protobuf::Value member;
  (*member.mutable_struct_value()->mutable_fields())["a"] = null;
  const std::vector<std::function<void(v1::Call*)>> others = {
      [](v1::Call* call) { call->set_method("//a.B/C"); },
      [](v1::Call* call) { call->set_request_bytes(std::string(1, '\0')); },
      [](v1::Call* call) { call->mutable_request(); },
      [&](v1::Call* call) { *call->mutable_request() = null; },
      [&](v1::Call* call) { *call->mutable_request() = empty_list; },
      [&](v1::Call* call) { *call->mutable_request() = member; },
  };
  std::set<std::string> seen;
  const auto see = [&seen](const std::function<void(v1::Call*)>& change) {
    v1::SubmitJobRequest request;
    request.mutable_call()->set_method("a.B/C");
    change(request.mutable_call());
    seen.insert(Fingerprint(request));
  };
  for (const auto& change : same) see(change);
  EXPECT_EQ(seen.size(), 1u);
  for (const auto& change : others) see(change);
  EXPECT_EQ(seen.size(), 1 + others.size());
}

TEST_F(SubmitTest, FingerprintIsThatOfTheRequestWithoutItsKey) {
  v1::SubmitJobRequest request = Greet();
  EXPECT_EQ(Make(request)->fingerprint, "");
  request.set_idempotency_key("a");
  const std::string fingerprint = Make(request)->fingerprint;
  EXPECT_EQ(fingerprint.size(), 64u);
  request.set_idempotency_key("b");
  EXPECT_EQ(Make(request)->fingerprint, fingerprint);
}

TEST_F(SubmitTest, FingerprintDoesNotDependOnTheOrderOfMembers) {
  std::set<std::string> seen;
  for (int turn = 0; turn < 8; ++turn) {
    google::protobuf::Value value;
    auto& fields = *value.mutable_struct_value()->mutable_fields();
    for (int i = 0; i < 64; ++i) {
      auto& inner = *fields[std::to_string((i + turn * 7) % 64)].mutable_struct_value();
      (*inner.mutable_fields())["a"].set_number_value(1);
      (*inner.mutable_fields())["b"].set_number_value(2);
    }
    seen.insert(Fingerprint(CallWith(value)));
  }
  EXPECT_EQ(seen.size(), 1u);
}

// Another process must come to the same.
TEST_F(SubmitTest, FingerprintsStay) {
  google::protobuf::Value value;
  (*value.mutable_struct_value()->mutable_fields())["a"].set_number_value(1);
  (*value.mutable_struct_value()->mutable_fields())["b"].set_string_value("c");
  EXPECT_EQ(Fingerprint(Greet()),
            "9651010a6c02f79b5683c3740a0ffa97ec944c48cd92ba7d0b277684787429a0");
  EXPECT_EQ(Fingerprint(CallWith(value)),
            "f257c91340ce87c2364d1263ffef5ca070e5a4f83eff015d1ae4c04580329dcb");
}

}  // namespace
}  // namespace slipway::jobs
