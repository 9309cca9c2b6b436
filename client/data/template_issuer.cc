#include "client/data/template_issuer.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace slipway::client {

void TemplateIssuer::Listen(Issuer::Listener* listener) {
  listener_ = listener;
  if (expectations_.empty()) {
    feed_->engine().Listen(listener);
  } else {
    feed_->engine().Listen(this);
  }
}

void TemplateIssuer::Issue(uint32_t slot, rpc::Time now) {
  const absl::StatusOr<const Engine::Encoded*> request = feed_->Next(slot);
  if (request.ok()) return feed_->engine().Issue(slot, **request, now);
  refusals_.Report(*listener_, slot, absl::StrCat("not sent: ", request.status().message()));
}

void TemplateIssuer::Done(uint32_t slot, const Outcome& outcome, rpc::Time now) {
  Outcome judged = outcome;
  Answer answer(outcome, feed_->grpc());
  expectations_.Judge(answer, &judged, &message_);
  listener_->Done(slot, judged, now);
}

}  // namespace slipway::client
