#include <gtest/gtest.h>

#include "client/run/workload.h"
#include "client/testing/fake_engine.h"
#include "rpc/manual_executor.h"

namespace slipway::client {
namespace {

struct FixedWorkload : testing::Test {
  rpc::ManualExecutor executor;
  FakeEngine engine{executor};
  FakeDriver driver;
  IssuerContext context{executor, {&engine}};
};

TEST_F(FixedWorkload, EncodesOnceAndTheEngineReportsToTheDriver) {
  Request request;
  request.method = "GET";
  request.path = "/a";
  const auto workload = MakeFixedWorkload(request);
  auto issuer = workload->MakeIssuer(context);
  ASSERT_TRUE(issuer.ok()) << issuer.status();
  (*issuer)->Listen(&driver);
  EXPECT_EQ(engine.listener(), &driver);
  for (uint32_t slot = 0; slot < 3; ++slot) (*issuer)->Issue(slot, executor.Now());
  EXPECT_EQ(engine.encodes, 1);
  ASSERT_EQ(engine.calls.size(), 3u);
  EXPECT_EQ(engine.calls[2].slot, 2u);
  EXPECT_EQ(engine.calls[2].request.path, "/a");
}

TEST_F(FixedWorkload, RequestThatCannotBeSentIsAnErrorBeforeTheRun) {
  engine.encode_error = absl::InvalidArgumentError("no such method");
  const auto issuer = MakeFixedWorkload(Request{})->MakeIssuer(context);
  EXPECT_EQ(issuer.status(), engine.encode_error);
}

TEST_F(FixedWorkload, SeveralEnginesAreAnError) {
  context.engines.push_back(&engine);
  EXPECT_EQ(MakeFixedWorkload(Request{})->MakeIssuer(context).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(FixedWorkload, BytesAreThoseOfAllMessagesThatAreSent) {
  Request request;
  request.messages = {"abc", "d"};
  EXPECT_EQ(MakeFixedWorkload(request)->request_bytes(), 4);
  request.shape = CallShape::kBidiStream;
  request.message_count = 5;
  EXPECT_EQ(MakeFixedWorkload(request)->request_bytes(), 11);
  request.messages.clear();
  EXPECT_EQ(MakeFixedWorkload(request)->request_bytes(), 0);
}

}  // namespace
}  // namespace slipway::client
