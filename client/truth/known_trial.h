#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <boost/asio/ip/address_v4.hpp>

#include <gtest/gtest.h>

#include "client/engine/engine_spec.h"
#include "client/measure/histogram.h"
#include "client/run/plan.h"
#include "client/run/trial.h"
#include "client/run/workload.h"
#include "client/testing/known_server.h"

namespace slipway::client::testing {

/// For tests that ask whether what a trial reports is true: whole trials against a KnownServer.
/// Bounds hold on a machine of any speed, also when it does not let us run for a while. So times
/// are bounded from below, by what the server's own clock has kept them waiting, and from above
/// only by numbers of the same run.

inline auto AllProtocols() {
  return ::testing::Values(KnownProtocol::kHttp1, KnownProtocol::kHttp2, KnownProtocol::kGrpc);
}

inline std::string ProtocolName(const ::testing::TestParamInfo<KnownProtocol>& info) {
  return info.param == KnownProtocol::kHttp1   ? "Http1"
         : info.param == KnownProtocol::kHttp2 ? "Http2"
                                               : "Grpc";
}

/// `concurrency` in flight, by two threads if there are enough.
inline LoadShape LoadOf(uint32_t concurrency) {
  LoadShape load;
  load.concurrency = concurrency;
  load.threads = concurrency < 2 ? 1 : 2;
  load.timeout = load.drain = std::chrono::seconds(60);
  return load;
}

inline LoadShape ClosedLoad(uint32_t concurrency, int64_t requests) {
  LoadShape load = LoadOf(concurrency);
  load.requests = requests;
  return load;
}

inline LoadShape OpenLoad(uint32_t concurrency, double rate, std::chrono::nanoseconds duration) {
  LoadShape load = LoadOf(concurrency);
  load.model = LoadModel::kConstant;
  load.rate = rate;
  load.duration = duration;
  return load;
}

/// HTTP/1.1 has as many connections as requests in flight, the others one for each thread.
inline Plan PlanOf(const KnownServer& server, KnownProtocol protocol, const LoadShape& load,
                   CallShape shape = CallShape::kUnary) {
  const bool http1 = protocol == KnownProtocol::kHttp1;
  EngineSpec engine;
  engine.kind = http1                               ? EngineKind::kHttp1
                : protocol == KnownProtocol::kHttp2 ? EngineKind::kHttp2
                                                    : EngineKind::kGrpc;
  engine.endpoint = Endpoint(boost::asio::ip::address_v4::loopback(), server.port());
  engine.authority = ToString(engine.endpoint);
  engine.timeout = load.timeout;
  Request request;
  request.path = "/known.v1.Known/Call";
  request.messages = {"hello"};
  request.shape = shape;
  if (protocol != KnownProtocol::kGrpc) request.method = "POST";
  Plan plan;
  plan.engines = {engine};
  plan.workload = MakeFixedWorkload(std::move(request));
  plan.load = load;
  plan.load.connections = http1 ? load.concurrency : static_cast<uint32_t>(load.threads);
  plan.seed = 1;
  return plan;
}

inline TrialResult MustRun(const Plan& plan) {
  absl::StatusOr<TrialResult> result = RunTrial(plan, {});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : TrialResult();
}

/// What the server has received, once it has read `wanted` requests: at the end of a trial whose
/// requests were left behind, the last of them may still be on the way.
inline int64_t ReceivedOf(KnownServer& server, int64_t wanted) {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (server.counts().received < wanted && std::chrono::steady_clock::now() < patience) {
    std::this_thread::yield();
  }
  return server.counts().received;
}

/// Samples of at least `value`, to the histogram's precision.
inline int64_t CountFrom(const Histogram& histogram, std::chrono::nanoseconds value) {
  int64_t count = 0;
  for (size_t slot = histogram.SlotOf(value.count()); slot < histogram.slots(); ++slot) {
    count += histogram.CountOfSlot(slot);
  }
  return count;
}

inline double SumOf(const Histogram& histogram) {
  return histogram.mean() * static_cast<double>(histogram.count());
}

}  // namespace slipway::client::testing
