#include "jobs/work/call_targets.h"

#include <atomic>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "jobs/testing/call_fixture.h"
#include "rpc/testing/io_runner.h"
#include "schema/json.h"

namespace slipway::jobs {
namespace {

using Code = absl::StatusCode;
using ::testing::AllOf;
using ::testing::HasSubstr;

CallTargetOptions Known(std::string name, CallTarget::Snapshot schema) {
  CallTargetOptions target;
  target.name = std::move(name);
  target.schema = std::move(schema);
  return target;
}

CallTargets::Options Configured() {
  CallTargets::Options options;
  options.targets.push_back(Known("", testing::NotesSchema()));
  options.targets.push_back(
      Known("jobs", *schema::FromLinkedPool(
                        {"slipway.v1.Jobs", "slipway.v1.TokenJobs", "grpc.health.v1.Health"})));
  options.targets.push_back(Known("crm", testing::NotesSchema()));
  options.targets.back().needs_authorization = true;
  return options;
}

v1::Call MakeCall(const std::string& text) {
  v1::Call call;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &call)) << text;
  return call;
}

/// A call of Echo with `json` as its request.
v1::Call EchoOf(const std::string& json, const std::string& method = "test.Notes/Echo") {
  v1::Call call;
  call.set_method(method);
  const CallTarget::Snapshot schema = testing::NotesSchema();
  const auto wire = schema::WireFromJson(*schema->FindMessage("google.protobuf.Value"), json);
  EXPECT_TRUE(wire.ok()) << wire.status();
  EXPECT_TRUE(call.mutable_request()->ParseFromString(*wire));
  return call;
}

class CallTargetsCheck : public ::testing::Test {
 protected:
  void ExpectRefused(const v1::Call& call, Code code, base::Reason reason,
                     ::testing::Matcher<std::string> message) {
    const auto stored = targets_.Check(call);
    EXPECT_EQ(stored.status().code(), code) << call.ShortDebugString();
    EXPECT_EQ(base::ReasonOf(stored.status()), reason) << stored.status();
    EXPECT_THAT(std::string(stored.status().message()), message);
  }
  void ExpectBad(const v1::Call& call, ::testing::Matcher<std::string> message) {
    ExpectRefused(call, Code::kInvalidArgument, base::Reason::kBadField, std::move(message));
  }

  CallTargets targets_{Configured()};
};

TEST_F(CallTargetsCheck, EncodesTheRequest) {
  const auto stored =
      targets_.Check(EchoOf(R"({"text":"hi","bigCount":"9007199254740993","replies":[{}]})"));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->target(), "");
  EXPECT_EQ(stored->method(), "/test.Notes/Echo");
  EXPECT_EQ(stored->request(),
            std::string("\x0a\x02hi\x10\x81\x80\x80\x80\x80\x80\x80\x10\x1a\0", 15));
}

TEST_F(CallTargetsCheck, LeadingSlashIsTolerated) {
  const auto stored = targets_.Check(EchoOf("{}", "/test.Notes/Echo"));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->method(), "/test.Notes/Echo");
}

TEST_F(CallTargetsCheck, WithoutInputTheMessageIsEmpty) {
  const auto stored = targets_.Check(MakeCall("method: 'test.Notes/Echo'"));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->request(), "");
}

TEST_F(CallTargetsCheck, RequestBytesAreKeptAsTheyAre) {
  const auto stored = targets_.Check(
      MakeCall(R"(method: "test.Notes/Echo" request_bytes: "\n\002hi\220\003\001")"));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->request(), "\n\002hi\220\003\001");
}

TEST_F(CallTargetsCheck, UnknownTarget) {
  ExpectBad(MakeCall("target: 'foo' method: 'test.Notes/Echo'"),
            "call.target: \"foo\" is no target; known are: \"\" (this server), \"jobs\", \"crm\"");
}

TEST_F(CallTargetsCheck, TargetThatNeedsAuthorization) {
  const v1::Call call = MakeCall("target: 'crm' method: 'test.Notes/Echo'");
  const auto stored = targets_.Check(call);
  EXPECT_EQ(stored.status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(
      stored.status().message(),
      "call.target: \"crm\" needs the caller's authorization, which jobs do not keep: call it "
      "directly");
}

TEST_F(CallTargetsCheck, MalformedMethod) {
  for (const char* method : {"", "/", "Echo", "test.Notes", "test.Notes/", "//Echo", "a/b/c"}) {
    v1::Call call;
    call.set_method(method);
    ExpectBad(call, AllOf(HasSubstr("call.method: \""), HasSubstr("pkg.Service/Method")));
  }
}

TEST_F(CallTargetsCheck, UnknownMethodSuggestsTheNearest) {
  ExpectBad(MakeCall("method: 'test.Notes/echoo'"),
            "call.method: \"test.Notes/echoo\" is not a method of this server; did you mean "
            "\"test.Notes/Echo\"?");
  ExpectBad(MakeCall("method: 'other.Service/Method'"),
            "call.method: \"other.Service/Method\" is not a method of this server");
}

TEST_F(CallTargetsCheck, LongNamesAreShortenedInErrors) {
  v1::Call call;
  call.set_method("a/" + std::string(1'000'000, 'b'));
  const auto stored = targets_.Check(call);
  EXPECT_EQ(stored.status().code(), Code::kInvalidArgument);
  EXPECT_LT(stored.status().message().size(), 300u);
}

TEST_F(CallTargetsCheck, MethodWithoutHttpBinding) {
  ExpectRefused(MakeCall("method: 'test.Notes/Hidden'"), Code::kPermissionDenied,
                base::Reason::kForbiddenTarget,
                "call.method: \"test.Notes/Hidden\" may not be called by a job: it has no HTTP "
                "binding, and --job-allow does not name it");
  ExpectRefused(MakeCall("target: 'jobs' method: 'grpc.health.v1.Health/Check'"),
                Code::kPermissionDenied, base::Reason::kForbiddenTarget, HasSubstr("--job-allow"));
}

TEST(CallTargets, AllowedByName) {
  CallTargets::Options options = Configured();
  options.allow = {"/test.Notes/Hidden", "grpc.health.v1.Health/Check",
                   "grpc.health.v1.Health/Watch", "slipway.v1.Jobs/SubmitJob"};
  const CallTargets targets(std::move(options));
  EXPECT_TRUE(targets.Check(MakeCall("method: 'test.Notes/Hidden'")).ok());
  EXPECT_TRUE(targets.Check(MakeCall("target: 'jobs' method: 'grpc.health.v1.Health/Check'")).ok());
  EXPECT_EQ(targets.Check(MakeCall("target: 'jobs' method: 'grpc.health.v1.Health/Watch'"))
                .status()
                .code(),
            Code::kInvalidArgument);
  EXPECT_EQ(
      targets.Check(MakeCall("target: 'jobs' method: 'slipway.v1.Jobs/SubmitJob'")).status().code(),
      Code::kPermissionDenied);
}

TEST(CallTargets, AllowListIsChecked) {
  EXPECT_TRUE(CallTargets::CheckAllow({}).ok());
  EXPECT_TRUE(CallTargets::CheckAllow({"a.B/C", "/a.B/C"}).ok());
  const absl::Status status = CallTargets::CheckAllow({"a.B", "slipway.v1.TokenJobs/Add"});
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "--job-allow \"a.B\": allowed is pkg.Service/Method\n"
            "--job-allow \"slipway.v1.TokenJobs/Add\": jobs never call the services of jobs");
}

TEST_F(CallTargetsCheck, ServicesOfJobs) {
  for (const char* method : {"slipway.v1.Jobs/SubmitJob", "slipway.v1.Jobs/GetJob"}) {
    v1::Call call;
    call.set_target("jobs");
    call.set_method(method);
    ExpectRefused(call, Code::kPermissionDenied, base::Reason::kForbiddenTarget,
                  HasSubstr("jobs never call the services of jobs"));
  }
}

TEST_F(CallTargetsCheck, StreamingMethod) {
  for (const char* method : {"test.Notes/Follow", "test.Notes/Collect"}) {
    v1::Call call;
    call.set_method(method);
    ExpectBad(call, HasSubstr("is a streaming method; a job calls unary methods only"));
  }
}

TEST_F(CallTargetsCheck, RequestThatDoesNotFit) {
  ExpectBad(EchoOf(R"({"txet":"hi"})"),
            AllOf(HasSubstr("call.request: "), HasSubstr("no field \"txet\" in test.Note")));
  ExpectBad(
      EchoOf(R"({"replies":[{},{"bigCount":"many"}]})"),
      AllOf(HasSubstr("call.request: "), HasSubstr("replies[1].big_count"), HasSubstr("many")));
  ExpectBad(EchoOf(R"({"bigCount":1.5})"), HasSubstr("1.5"));
  // Not silently another number than the one that was written.
  for (const char* number : {"9007199254740993", "-9007199254740993", "18446744073709551615"}) {
    ExpectBad(EchoOf(absl::StrCat(R"({"replies":[{"bigCount":)", number, "}]}")),
              AllOf(HasSubstr("call.request: the number "), HasSubstr("as a string")));
  }
  for (const char* no_object : {"null", "1", "\"text\"", "[]", "true"}) {
    ExpectBad(EchoOf(no_object), AllOf(HasSubstr("call.request: "), HasSubstr("a JSON object")));
  }
}

TEST_F(CallTargetsCheck, RequestWithoutAValue) {
  ExpectBad(MakeCall("method: 'test.Notes/Echo' request {}"), HasSubstr("call.request: "));
}

TEST_F(CallTargetsCheck, RequestWithoutAJsonForm) {
  v1::Call call;
  call.set_method("test.Notes/Echo");
  (*call.mutable_request()->mutable_struct_value()->mutable_fields())["bigCount"].set_number_value(
      std::numeric_limits<double>::infinity());
  ExpectBad(call, AllOf(HasSubstr("call.request: "), HasSubstr("not finite")));
}

TEST_F(CallTargetsCheck, WellKnownInputTakesItsOwnForm) {
  const auto stored = targets_.Check(EchoOf("\"1970-01-01T00:00:05Z\"", "test.Notes/At"));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->request(), "\x08\x05");
  ExpectBad(EchoOf("{}", "test.Notes/At"), HasSubstr("call.request: "));
}

TEST_F(CallTargetsCheck, WholeNumbersOfAnySizeAreIntegers) {
  const auto stored = targets_.Check(EchoOf("{\"bigCount\": 4e15}"));
  ASSERT_TRUE(stored.ok()) << stored.status();
}

TEST_F(CallTargetsCheck, RequestBytesThatDoNotDecode) {
  ExpectBad(MakeCall(R"(method: "test.Notes/Echo" request_bytes: "\n\005hi")"),
            "call.requestBytes: the 4 bytes do not decode as test.Note");
}

TEST(CallTargets, RequestThatIsTooLarge) {
  CallTargets::Options options = Configured();
  options.max_request_bytes = 10;
  const CallTargets targets(std::move(options));
  EXPECT_TRUE(targets.Check(EchoOf(R"({"text":"12345678"})")).ok());
  v1::Call bytes = MakeCall("method: 'test.Notes/Echo'");
  bytes.set_request_bytes(std::string(11, '\0'));
  for (const v1::Call& call : {EchoOf(R"({"text":"123456789"})"), bytes}) {
    const auto stored = targets.Check(call);
    EXPECT_EQ(stored.status().code(), Code::kInvalidArgument);
    EXPECT_EQ(base::ReasonOf(stored.status()), base::Reason::kBodyTooLarge);
    EXPECT_THAT(std::string(stored.status().message()),
                HasSubstr("the message has 11 bytes; at most 10 are allowed"));
  }
}

TEST(CallTargets, RequiredFieldsMustBeThere) {
  google::protobuf::FileDescriptorProto file;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
      name: "old.proto" package: "old" message_type { name: "Old"
        field { name: "id" number: 1 type: TYPE_INT32 label: LABEL_REQUIRED } }
      service { name: "S" method { name: "M" input_type: ".old.Old" output_type: ".old.Old" } })",
                                                            &file));
  CallTargets::Options options;
  options.targets.push_back(Known("", *schema::FromFiles({file})));
  options.allow = {"old.S/M"};
  const CallTargets targets(std::move(options));
  for (const char* input : {"", "request_bytes: ''", "request { struct_value {} }"}) {
    const auto stored = targets.Check(MakeCall(std::string("method: 'old.S/M' ") + input));
    EXPECT_EQ(stored.status().code(), Code::kInvalidArgument) << input;
    EXPECT_THAT(std::string(stored.status().message()), HasSubstr("id")) << input;
  }
}

/// A target that is learned by reflection from a server that the test starts and stops.
class LearnedTarget : public ::testing::Test {
 protected:
  LearnedTarget() {
    CallTargetOptions target;
    target.name = "notes";
    target.connect = [dispatcher = server_.Methods().Build()](rpc::IoExecutor& executor) {
      return std::make_unique<rpc::InProcessUpstream>(dispatcher, executor);
    };
    CallTargets::Options options;
    options.targets.push_back(std::move(target));
    options.refresh = absl::Milliseconds(1);
    targets_ = std::make_unique<CallTargets>(std::move(options));
  }
  ~LearnedTarget() override { targets_->Stop(); }

  absl::Status Check(const std::string& method = "test.Notes/Echo") {
    v1::Call call;
    call.set_target("notes");
    call.set_method(method);
    return targets_->Check(call).status();
  }

  testing::NotesServer server_;
  rpc::testing::IoRunner runner_;
  std::unique_ptr<CallTargets> targets_;
};

TEST_F(LearnedTarget, IsUnavailableUntilItIsKnown) {
  const absl::Status before = Check();
  EXPECT_EQ(before.code(), Code::kUnavailable);
  EXPECT_EQ(base::ReasonOf(before), base::Reason::kBackendUnavailable);
  EXPECT_THAT(std::string(before.message()), HasSubstr("\"notes\""));
  targets_->Start(runner_.executor());
  runner_.WaitUntil([this] { return Check().ok(); });
}

TEST_F(LearnedTarget, ServerThatComesLater) {
  server_.reflection = rpc::Status(Code::kUnavailable, "connection refused");
  targets_->Start(runner_.executor());
  runner_.WaitUntil([this] { return server_.reflected >= 2; });
  EXPECT_EQ(Check().code(), Code::kUnavailable);
  EXPECT_THAT(std::string(Check().message()), HasSubstr("connection refused"));
  server_.reflection = rpc::Status();
  runner_.WaitUntil([this] { return Check().ok(); });
}

TEST_F(LearnedTarget, FailureKeepsWhatIsKnownAndAChangeIsSeen) {
  targets_->Start(runner_.executor());
  runner_.WaitUntil([this] { return Check().ok(); });
  EXPECT_EQ(Check("test.Notes/New").code(), Code::kInvalidArgument);
  server_.reflection = rpc::Status(Code::kUnavailable, "connection refused");
  const int failed = server_.reflected + 1;
  runner_.WaitUntil([&] { return server_.reflected > failed; });
  EXPECT_TRUE(Check().ok());
  server_.file = testing::NotesFile(R"(
      method { name: "New" input_type: ".test.Note" output_type: ".test.Note"
               options { [google.api.http] { get: "/new" } } })");
  server_.reflection = rpc::Status();
  runner_.WaitUntil([this] { return Check("test.Notes/New").ok(); });
}

TEST_F(LearnedTarget, IsCheckedByOtherThreadsMeanwhile) {
  targets_->Start(runner_.executor());
  std::atomic<int> accepted{0};
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) accepted += Check().ok() ? 1 : 0;
  });
  runner_.WaitUntil([&] { return accepted > 10 && server_.reflected > 10; });
  stop = true;
  other.join();
}

TEST_F(LearnedTarget, StopsAndStartsAgain) {
  targets_->Stop();
  targets_->Start(runner_.executor());
  targets_->Stop();
  targets_->Stop();
  EXPECT_EQ(targets_->Find("notes")->upstream(), nullptr);
  targets_->Start(runner_.executor());
  runner_.WaitUntil([this] { return Check().ok(); });
  targets_->Stop();
  EXPECT_TRUE(Check().ok());
}

}  // namespace
}  // namespace slipway::jobs
