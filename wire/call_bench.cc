// What one unary call costs the client's thread: CPU of this thread only, the server has its own.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "rpc/dispatcher.h"
#include "wire/channel.h"
#include "wire/testing/scripted_server.h"

namespace slipway::wire {
namespace {

// Calls one after the other until `left` has come to 0.
rpc::Task<void> CallInALoop(Channel& channel, const rpc::CallSpec& spec, int64_t& left,
                            int64_t& failed, int& running) {
  while (left > 0) {
    --left;
    const auto call = channel.NewCall();
    rpc::CallSpec copy = spec;
    if (spec.deadline != rpc::kNoDeadline)
      copy.deadline = rpc::Clock::now() + std::chrono::seconds(10);
    const rpc::UnaryResult result = co_await rpc::CallUnary(*call, std::move(copy), "12345678");
    if (!result.status.ok()) ++failed;
  }
  --running;
}

void Unary(benchmark::State& state) {
  testing::ScriptedServer server([](testing::Exchange& exchange, size_t) {
    testing::AnswerOk(exchange, std::string(90, 'x'));
  });
  rpc::IoExecutor executor;
  Channel channel(executor, {.target = server.address()});
  rpc::CallSpec spec;
  spec.method = "/docking.v1.Users/ListUsers";
  spec.metadata.Add("x-correlation-id", "0b6a1d3c-94a6-4dd5-8b5c-3cf2d8c4f0aa");
  if (state.range(1) != 0) spec.deadline = rpc::Clock::now();
  int64_t failed = 0;
  constexpr int64_t kBatch = 10'000;
  for (auto _ : state) {
    int64_t left = kBatch;
    int running = static_cast<int>(state.range(0));
    for (int i = 0; i < state.range(0); ++i) {
      rpc::Spawn(CallInALoop(channel, spec, left, failed, running));
    }
    while (running > 0) executor.context().run_one();
  }
  if (failed > 0) state.SkipWithError("calls failed");
  state.counters["cpu_per_call"] =
      benchmark::Counter(static_cast<double>(state.iterations() * kBatch),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(Unary)
    ->ArgNames({"concurrency", "deadline"})
    ->Args({1, 0})
    ->Args({64, 0})
    ->Args({64, 1})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace slipway::wire

BENCHMARK_MAIN();
