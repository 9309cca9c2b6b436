#include "client/engine/grpcpp_engine.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/version.h"
#include "client/engine/address.h"
#include "client/engine/http2_request.h"
#include "client/engine/tls.h"

namespace slipway::client {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || bytes.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("TLS: cannot read \"", path, "\""));
  }
  return bytes;
}

/// How often a Connect looks whether it was cancelled.
constexpr rpc::Duration kLookInterval = std::chrono::milliseconds(100);

/// Suspends until the channel's state is another one, or until the deadline (false).
struct StateChange : CqTag {
  grpc::Channel& channel;
  grpc::CompletionQueue* queue;
  grpc_connectivity_state seen;
  rpc::Deadline deadline;
  std::coroutine_handle<> waiting;
  bool changed = false;

  StateChange(grpc::Channel& channel, grpc::CompletionQueue* queue, grpc_connectivity_state seen,
              rpc::Deadline deadline)
      : channel(channel), queue(queue), seen(seen), deadline(deadline) {
    complete = [](CqTag* tag, bool ok) {
      auto* const self = static_cast<StateChange*>(tag);
      self->changed = ok;
      self->waiting.resume();
    };
  }
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    waiting = handle;
    const auto left = std::chrono::duration_cast<std::chrono::system_clock::duration>(
        deadline - rpc::Clock::now());
    channel.NotifyOnStateChange(seen, std::chrono::system_clock::now() + left, queue, this);
  }
  bool await_resume() { return changed; }
};

}  // namespace

GrpcppEngine::GrpcppEngine(CqLoop& loop, const EngineSpec& spec, const Share& share)
    : executor_(loop.executor()),
      spec_(spec),
      connections_(std::max<size_t>(1, share.connections)) {
  for (uint32_t slot = 0; slot < share.slots; ++slot) {
    calls_.push_back(std::make_unique<GrpcppCall>(spec_, executor_.queue(), slot,
                                                  static_cast<GrpcppCall::Owner&>(*this)));
  }
}

GrpcppEngine::~GrpcppEngine() = default;

// ---- Connections ----

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> GrpcppEngine::MakeCredentials() const {
  if (spec_.tls == nullptr) return grpc::InsecureChannelCredentials();
  const TlsFiles& files = spec_.tls->files();
  if (files.insecure) {
    return absl::InvalidArgumentError(
        "--tls-insecure is not possible with --engine grpc++: the library always verifies the "
        "server's certificate; give its authority with --tls-ca");
  }
  grpc::SslCredentialsOptions options;
  SLIPWAY_ASSIGN_OR_RETURN(options.pem_root_certs, ReadFile(files.ca));
  SLIPWAY_ASSIGN_OR_RETURN(options.pem_cert_chain, ReadFile(files.certificate));
  SLIPWAY_ASSIGN_OR_RETURN(options.pem_private_key, ReadFile(files.key));
  return grpc::SslCredentials(options);
}

grpc::ChannelArguments GrpcppEngine::Arguments() const {
  grpc::ChannelArguments arguments;
  // Channels of the same target share one connection otherwise.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // each request is one call
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // The library's name for how long an attempt may take, its handshakes included.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  const size_t most = size_t{1} << 30;
  arguments.SetMaxReceiveMessageSize(
      spec_.keep_response ? static_cast<int>(std::min(most, spec_.max_response)) : -1);
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, spec_.authority);
  arguments.SetUserAgentPrefix("slipway-load/" + std::string(base::kVersion));
  if (spec_.tls != nullptr) arguments.SetSslTargetNameOverride(spec_.tls->server_name());
  return arguments;
}

absl::Status GrpcppEngine::MakeLanes() {
  SLIPWAY_ASSIGN_OR_RETURN(const auto credentials, MakeCredentials());
  const grpc::ChannelArguments arguments = Arguments();
  const char* const family = spec_.endpoint.address().is_v6() ? "ipv6:" : "ipv4:";
  for (size_t i = 0; i < connections_; ++i) {
    Lane lane;
    lane.channel =
        grpc::CreateCustomChannel(family + ToString(spec_.endpoint), credentials, arguments);
    lane.stub = std::make_unique<grpc::GenericStub>(lane.channel);
    lanes_.push_back(std::move(lane));
  }
  return absl::OkStatus();
}

rpc::Task<absl::Status> GrpcppEngine::Connect(rpc::Deadline deadline) {
  absl::Status status = MakeLanes();
  if (!status.ok()) co_return status;
  for (const Lane& lane : lanes_) lane.channel->GetState(/*try_to_connect=*/true);
  for (size_t i = 0; i < lanes_.size(); ++i) {
    rpc::Task<absl::Status> ready = AwaitReady(i, deadline);
    status = co_await std::move(ready);
    if (!status.ok()) co_return status;
  }
  co_return absl::OkStatus();
}

rpc::Task<absl::Status> GrpcppEngine::AwaitReady(size_t lane, rpc::Deadline deadline) {
  grpc::Channel& channel = *lanes_[lane].channel;
  while (true) {
    const grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY) co_return absl::OkStatus();
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN) {
      co_return absl::UnavailableError(absl::StrCat(
          "the gRPC C++ library cannot establish a connection to ", ToString(spec_.endpoint)));
    }
    if (connect_cancelled_) co_return absl::CancelledError("interrupted");
    // The library cannot be told to stop waiting.
    const rpc::Time look = std::min(deadline, executor_.Now() + kLookInterval);
    StateChange change(channel, executor_.queue(), state, look);
    if (!co_await change && look == deadline) {
      co_return absl::UnavailableError(absl::StrCat("only ", lane, " of ", lanes_.size(),
                                                    " connections to ", ToString(spec_.endpoint),
                                                    " were established in time"));
    }
  }
}

bool GrpcppEngine::AnyReady() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) {
    return lane.channel->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY;
  });
}

// ---- Calls ----

absl::StatusOr<std::unique_ptr<const Engine::Encoded>> GrpcppEngine::Encode(
    const Request& request) {
  SLIPWAY_RETURN_IF_ERROR(CheckGrpcRequest(request));
  return std::make_unique<const GrpcppRequest>(request);
}

void GrpcppEngine::Issue(uint32_t slot, const Encoded& request, rpc::Time now) {
  ++running_;
  calls_[slot]->Start(static_cast<const GrpcppRequest&>(request),
                      *lanes_[slot % lanes_.size()].stub, now);
}

void GrpcppEngine::OnEnd(GrpcppCall& call, const Outcome& outcome) {
  --running_;
  if (stopping_) {
    if (running_ == 0) all_ended_.Wake();
    return;
  }
  Outcome told = outcome;
  told.unreachable =
      outcome.code == static_cast<int>(absl::StatusCode::kUnavailable) && !AnyReady();
  if (listener_ != nullptr) listener_->Done(call.slot(), told, rpc::Clock::now());
}

void GrpcppEngine::OnMessage(GrpcppCall& call, rpc::Duration latency) {
  if (listener_ != nullptr && !stopping_) listener_->Message(call.slot(), latency);
}

rpc::Task<void> GrpcppEngine::Shutdown() {
  stopping_ = true;
  for (const auto& call : calls_) call->Cancel();
  while (running_ > 0) co_await all_ended_.Wait();
  for (Lane& lane : lanes_) {
    lane.stub.reset();
    lane.channel.reset();
  }
}

EngineCounts GrpcppEngine::counts() const {
  EngineCounts counts;
  for (const auto& call : calls_) counts.bytes_sent += call->bytes_sent();
  return counts;
}

}  // namespace slipway::client
