#include "client/data/request_feed.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/run/random_stream.h"

namespace slipway::client {

RequestFeed::RequestFeed(const RequestTemplate& request, const Columns* columns,
                         RequestNumbers& numbers, const IssuerContext& context)
    : template_(request),
      columns_(columns),
      numbers_(numbers),
      engine_(*context.engines.front()),
      thread_(context.thread),
      random_(RandomStream(context.seed, context.thread, RandomPurpose::kTemplates)),
      encoded_(request.is_literal() ? 0 : context.slots) {}

absl::StatusOr<std::unique_ptr<RequestFeed>> RequestFeed::Make(const RequestTemplate& request,
                                                               const Columns* columns,
                                                               RequestNumbers& numbers,
                                                               const IssuerContext& context) {
  if (context.engines.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("one request needs one engine, not ", context.engines.size()));
  }
  std::unique_ptr<RequestFeed> feed(new RequestFeed(request, columns, numbers, context));
  // A trial must not use up the run's numbers and values.
  std::mt19937_64 random = feed->random_;
  SLIPWAY_ASSIGN_OR_RETURN(std::unique_ptr<const Engine::Encoded> first, feed->Encode(0, &random));
  if (request.is_literal()) feed->literal_ = std::move(first);
  return feed;
}

absl::StatusOr<const Engine::Encoded*> RequestFeed::Next(uint32_t slot) {
  if (literal_ != nullptr) return literal_.get();
  absl::StatusOr<std::unique_ptr<const Engine::Encoded>> encoded =
      Encode(numbers_.Take(), &random_);
  if (!encoded.ok()) return encoded.status();
  encoded_[slot] = *std::move(encoded);
  return encoded_[slot].get();
}

absl::StatusOr<std::unique_ptr<const Engine::Encoded>> RequestFeed::Encode(
    int64_t number, std::mt19937_64* random) {
  TemplateValues values;
  values.number = number;
  values.thread = thread_;
  values.random = random;
  if (columns_ != nullptr) {
    values.named = columns_->row(static_cast<size_t>(number) % columns_->rows());
  }
  SLIPWAY_RETURN_IF_ERROR(template_.Render(values, &request_));
  return engine_.Encode(request_);
}

}  // namespace slipway::client
