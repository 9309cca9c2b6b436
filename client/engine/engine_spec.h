#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/types/span.h"
#include "client/engine/address.h"
#include "client/engine/engine.h"
#include "client/engine/loop.h"
#include "client/engine/tls.h"

namespace slipway::client {

enum class EngineKind {
  kHttp1,
  kHttp2,
  kGrpc,
  kGrpcpp,  // gRPC through the gRPC C++ library
};

/// How the requests of a run reach one server. Immutable, shared by the threads.
struct EngineSpec {
  EngineKind kind = EngineKind::kHttp1;
  Endpoint endpoint;
  /// For Host and :authority.
  std::string authority;
  /// nullptr: plain text.
  std::shared_ptr<const TlsClient> tls;
  /// Of each request, from its actual start; above 0.
  std::chrono::nanoseconds timeout = std::chrono::seconds(20);
  /// Outcomes carry the whole response, of at most `max_response` bytes; what is longer fails.
  bool keep_response = false;
  /// HTTP: of what is longer the beginning is kept, instead.
  bool cut_response = false;
  size_t max_response = size_t{16} << 20;
};

/// One thread's part of a run.
struct Share {
  uint32_t slots = 1;
  uint32_t connections = 1;
};

/// The loop that engines of these kinds need: one for each thread, made there. kGrpcpp goes with no
/// other kind.
std::unique_ptr<Loop> MakeLoop(absl::Span<const EngineSpec> specs);
/// The engine of one thread, on that thread; `loop` was made for its kind and outlives it.
std::unique_ptr<Engine> MakeEngine(Loop& loop, const EngineSpec& spec, const Share& share);

}  // namespace slipway::client
