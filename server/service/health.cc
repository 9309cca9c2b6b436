#include "server/service/health.h"

#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "rpc/handlers.h"

namespace slipway::server {
namespace {

namespace pb = grpc::health::v1;

pb::HealthCheckResponse Answer(bool serving) {
  pb::HealthCheckResponse response;
  response.set_status(serving ? pb::HealthCheckResponse::SERVING
                              : pb::HealthCheckResponse::NOT_SERVING);
  return response;
}

class HealthService {
 public:
  explicit HealthService(std::shared_ptr<Health> health) : health_(std::move(health)) {}

  rpc::Task<absl::StatusOr<pb::HealthCheckResponse>> Check(rpc::CallContext&,
                                                           pb::HealthCheckRequest request) {
    if (!health_->Knows(request.service())) {
      co_return absl::NotFoundError("unknown service " + request.service());
    }
    co_return Answer(health_->serving());
  }

  static rpc::Task<rpc::Status> Watch(std::shared_ptr<Health> health, rpc::CallContext& context,
                                      rpc::ServerStream& stream) {
    rpc::Reader<pb::HealthCheckRequest> reader(stream);
    rpc::Writer<pb::HealthCheckResponse> writer(stream);
    const auto request = co_await reader.Read();
    if (!request) co_return absl::InternalError("the request message is missing");
    Health::Watcher watcher(*health, context);
    const bool known = health->Knows(request->service());
    while (context.Alive().ok()) {
      const bool serving = health->serving();
      pb::HealthCheckResponse response = Answer(serving);
      if (!known) response.set_status(pb::HealthCheckResponse::SERVICE_UNKNOWN);
      const bool sent = co_await writer.Write(response);
      if (!sent) break;
      // Nothing more will change, and a watcher that stays would hold the drain up to its grace.
      if (!serving) co_return absl::UnavailableError("the server is shutting down");
      auto changed = watcher.Changed(serving);
      co_await std::move(changed);
    }
    co_return context.Alive();
  }

 private:
  const std::shared_ptr<Health> health_;
};

std::set<std::string> WithWhole(std::vector<std::string> services) {
  std::set<std::string> all(services.begin(), services.end());
  all.insert("");
  return all;
}

}  // namespace

Health::Health(std::vector<std::string> services) : services_(WithWhole(std::move(services))) {}

void Health::SetServing(bool serving) {
  std::lock_guard lock(mutex_);
  serving_ = serving;
  for (Watcher* watcher : watchers_) {
    watcher->context_.executor().Post([slot = watcher->slot_] { slot->Wake(); });
  }
}

bool Health::serving() const {
  std::lock_guard lock(mutex_);
  return serving_;
}

Health::Watcher::Watcher(Health& health, rpc::CallContext& context)
    : health_(health), context_(context) {
  std::lock_guard lock(health_.mutex_);
  health_.watchers_.insert(this);
}

Health::Watcher::~Watcher() {
  std::lock_guard lock(health_.mutex_);
  health_.watchers_.erase(this);
}

rpc::Task<void> Health::Watcher::Changed(bool known) {
  rpc::CallContext::CancelHook hook(context_, [slot = slot_] { slot->Wake(); });
  while (health_.serving() == known && context_.Alive().ok()) co_await slot_->Wait();
}

std::vector<rpc::Method> HealthMethods(std::shared_ptr<Health> health) {
  auto service = std::make_shared<HealthService>(health);
  return {rpc::Unary("/grpc.health.v1.Health/Check", service, &HealthService::Check),
          {"/grpc.health.v1.Health/Watch", rpc::MethodKind::kServerStreaming,
           [health](rpc::CallContext& context, rpc::ServerStream& stream) {
             return HealthService::Watch(health, context, stream);
           }}};
}

}  // namespace slipway::server
