#include "client/data/last_answer.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "client/engine/request.h"

namespace slipway::client {
namespace {

/// Shows what comes back to `keeper` on its way to the driver.
class WatchedIssuer final : public Issuer, public Issuer::Listener {
 public:
  WatchedIssuer(std::unique_ptr<Issuer> issuer, LastAnswer& keeper,
                const LastAnswer::Decode& decode)
      : issuer_(std::move(issuer)), keeper_(keeper), decode_(decode) {}

  void Listen(Issuer::Listener* listener) override {
    listener_ = listener;
    issuer_->Listen(this);
  }
  void Issue(uint32_t slot, rpc::Time now) override { issuer_->Issue(slot, now); }
  void Stop() override { issuer_->Stop(); }

  void Done(uint32_t slot, const Outcome& outcome, rpc::Time now) override {
    keeper_.Keep(outcome, decode_);
    listener_->Done(slot, outcome, now);
  }
  void Message(uint32_t slot, rpc::Duration latency) override { listener_->Message(slot, latency); }
  void Step(uint32_t slot, size_t step, const Outcome& outcome, rpc::Duration latency) override {
    listener_->Step(slot, step, outcome, latency);
  }

 private:
  const std::unique_ptr<Issuer> issuer_;
  LastAnswer& keeper_;
  const LastAnswer::Decode& decode_;  // the workload's
  Issuer::Listener* listener_ = nullptr;
};

class WatchedWorkload final : public Workload {
 public:
  WatchedWorkload(std::shared_ptr<const Workload> workload, LastAnswer& keeper,
                  LastAnswer::Decode decode)
      : workload_(std::move(workload)), keeper_(keeper), decode_(std::move(decode)) {}

  absl::StatusOr<std::unique_ptr<Issuer>> MakeIssuer(const IssuerContext& context) const override {
    SLIPWAY_ASSIGN_OR_RETURN(std::unique_ptr<Issuer> issuer, workload_->MakeIssuer(context));
    return std::make_unique<WatchedIssuer>(std::move(issuer), keeper_, decode_);
  }
  bool reads_responses() const override { return true; }
  std::vector<std::string> steps() const override { return workload_->steps(); }
  int64_t request_bytes() const override { return workload_->request_bytes(); }

 private:
  const std::shared_ptr<const Workload> workload_;
  LastAnswer& keeper_;
  const LastAnswer::Decode decode_;
};

}  // namespace

std::shared_ptr<const Workload> LastAnswer::Watch(std::shared_ptr<const Workload> workload,
                                                  LastAnswer::Decode decode) {
  return std::make_shared<WatchedWorkload>(std::move(workload), *this, std::move(decode));
}

void LastAnswer::Keep(const Outcome& outcome, const LastAnswer::Decode& decode) {
  // HTTP/2 shows what has come of an answer that broke off, too.
  const bool answered = outcome.kind == OutcomeKind::kHttpStatus ||
                        outcome.kind == OutcomeKind::kGrpcStatus ||
                        outcome.kind == OutcomeKind::kUnexpected;
  if (!answered || outcome.response == nullptr) return;
  std::string text;
  if (decode) {
    // A call that failed has no message, and nothing would be the empty one.
    if (outcome.response->status != 0) return;
    absl::StatusOr<std::string> json = decode(outcome.response->body);
    if (!json.ok()) return;
    text = *std::move(json);
  } else {
    text = outcome.response->body;
  }
  text.resize(std::min(text.size(), kMost));
  const std::lock_guard lock(mutex_);
  text_ = std::move(text);
}

std::optional<std::string> LastAnswer::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

}  // namespace slipway::client
