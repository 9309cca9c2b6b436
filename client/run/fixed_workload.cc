#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/run/workload.h"

namespace slipway::client {
namespace {

/// Hands the same bytes to the engine each time. The engine reports to the driver itself, so that
/// nothing stands between them but one virtual call on the way out.
class FixedIssuer : public Issuer {
 public:
  FixedIssuer(Engine& engine, std::unique_ptr<const Engine::Encoded> request)
      : engine_(engine), request_(std::move(request)) {}

  void Listen(Listener* listener) override { engine_.Listen(listener); }
  void Issue(uint32_t slot, rpc::Time now) override { engine_.Issue(slot, *request_, now); }

 private:
  Engine& engine_;
  const std::unique_ptr<const Engine::Encoded> request_;
};

/// What one request's messages have; a stream that the client sends takes them over and over.
int64_t BytesOf(const Request& request) {
  int64_t round = 0;
  for (const std::string& message : request.messages) {
    round += static_cast<int64_t>(message.size());
  }
  const bool repeats =
      request.shape == CallShape::kClientStream || request.shape == CallShape::kBidiStream;
  if (!repeats || request.messages.empty()) return round;
  const auto size = static_cast<int64_t>(request.messages.size());
  int64_t total = round * (request.message_count / size);
  for (int64_t i = 0; i < request.message_count % size; ++i) {
    total += static_cast<int64_t>(request.messages[i].size());
  }
  return total;
}

class FixedWorkload : public Workload {
 public:
  explicit FixedWorkload(Request request) : request_(std::move(request)) {}

  absl::StatusOr<std::unique_ptr<Issuer>> MakeIssuer(const IssuerContext& context) const override {
    if (context.engines.size() != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("one request needs one engine, not ", context.engines.size()));
    }
    Engine& engine = *context.engines.front();
    SLIPWAY_ASSIGN_OR_RETURN(std::unique_ptr<const Engine::Encoded> encoded,
                             engine.Encode(request_));
    return std::make_unique<FixedIssuer>(engine, std::move(encoded));
  }
  int64_t request_bytes() const override { return BytesOf(request_); }

 private:
  const Request request_;
};

}  // namespace

std::shared_ptr<const Workload> MakeFixedWorkload(Request request) {
  return std::make_shared<FixedWorkload>(std::move(request));
}

}  // namespace slipway::client
