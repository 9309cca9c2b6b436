#include "gateway/job_targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "rpc/io_executor.h"

namespace slipway::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ParseJobTargets, NamesAddressesAndAuthorization) {
  const auto targets = ParseJobTargets({"crm=127.0.0.1:1", "A-b_c.9=grpc://a:1,b:2",
                                        "own=grpcs://[::1]:443?authorization=required"});
  ASSERT_TRUE(targets.ok()) << targets.status();
  ASSERT_EQ(targets->size(), 3u);
  EXPECT_EQ((*targets)[0].name, "crm");
  EXPECT_FALSE((*targets)[0].needs_authorization);
  EXPECT_EQ((*targets)[0].schema, nullptr);
  EXPECT_EQ((*targets)[1].name, "A-b_c.9");
  EXPECT_FALSE((*targets)[1].needs_authorization);
  EXPECT_EQ((*targets)[2].name, "own");
  EXPECT_TRUE((*targets)[2].needs_authorization);
}

TEST(ParseJobTargets, NoneIsAllowed) {
  const auto targets = ParseJobTargets({});
  ASSERT_TRUE(targets.ok()) << targets.status();
  EXPECT_TRUE(targets->empty());
}

TEST(ParseJobTargets, ConnectMakesAnUpstreamOfTheExecutor) {
  const auto targets = ParseJobTargets({"crm=127.0.0.1:1"});
  ASSERT_TRUE(targets.ok()) << targets.status();
  rpc::IoExecutor executor;
  const std::unique_ptr<rpc::Upstream> upstream = (*targets)[0].connect(executor);
  ASSERT_NE(upstream, nullptr);
  EXPECT_EQ(&upstream->executor(), &executor);
}

TEST(ParseJobTargets, BadValuesNameSwitchValueAndWhatIsAllowed) {
  const std::string long_name(65, 'n');
  for (const std::string& spec :
       {std::string(), std::string("crm"), std::string("=127.0.0.1:1"), std::string("a b=x:1"),
        std::string("a/b=x:1"), long_name + "=x:1", std::string("crm="), std::string("crm=host"),
        std::string("crm=http://x:1"), std::string("crm=x:0"), std::string("crm=x:1,"),
        std::string("crm=x:1?"), std::string("crm=x:1?authorization=maybe"),
        std::string("crm=x:1?authorization=required&x=1")}) {
    const auto targets = ParseJobTargets({spec});
    EXPECT_EQ(targets.status().code(), absl::StatusCode::kInvalidArgument) << spec;
    EXPECT_THAT(std::string(targets.status().message()),
                AllOf(StartsWith("--job-target \"" + spec + "\": "),
                      HasSubstr("allowed is NAME=[grpc://|grpcs://]HOST:PORT")));
  }
  EXPECT_TRUE(ParseJobTargets({std::string(64, 'n') + "=x:1"}).ok());
}

TEST(ParseJobTargets, AllBadValuesAreReported) {
  const auto targets = ParseJobTargets({"a=x:1", "b", "a=y:1"});
  EXPECT_THAT(std::string(targets.status().message()),
              AllOf(HasSubstr("--job-target \"b\": NAME= is missing"),
                    HasSubstr("\n--job-target \"a=y:1\": another target has this NAME")));
}

}  // namespace
}  // namespace slipway::gateway
