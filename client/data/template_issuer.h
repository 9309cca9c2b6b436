#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "client/data/expectation.h"
#include "client/data/refusals.h"
#include "client/data/request_feed.h"
#include "client/run/issuer.h"

namespace slipway::client {

/// Fills in a request each time, and judges the answers. Where nothing is expected the engine
/// reports to the driver itself. One thread.
class TemplateIssuer : public Issuer, private Engine::Listener {
 public:
  /// `expectations` outlives it.
  TemplateIssuer(rpc::Executor& executor, std::unique_ptr<RequestFeed> feed,
                 const Expectations& expectations)
      : feed_(std::move(feed)), expectations_(expectations), refusals_(executor) {}
  ~TemplateIssuer() override { Stop(); }

  void Listen(Issuer::Listener* listener) override;
  void Issue(uint32_t slot, rpc::Time now) override;
  void Stop() final { feed_->engine().Listen(NobodyListens()); }

 private:
  void Done(uint32_t slot, const Outcome& outcome, rpc::Time now) override;
  void Message(uint32_t slot, rpc::Duration latency) override { listener_->Message(slot, latency); }

  const std::unique_ptr<RequestFeed> feed_;
  const Expectations& expectations_;
  Refusals refusals_;
  Issuer::Listener* listener_ = nullptr;
  std::string message_;
};

}  // namespace slipway::client
