#include "gateway/schema_fetcher.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "rpc/task.h"
#include "schema/reflection_client.h"

namespace slipway::gateway {
namespace {

constexpr rpc::Duration kFirstPause = std::chrono::milliseconds(100);
constexpr rpc::Duration kLongestPause = std::chrono::milliseconds(800);
constexpr rpc::Duration kComplaintInterval = std::chrono::seconds(30);
constexpr rpc::Duration kFetchDeadline = std::chrono::seconds(20);

}  // namespace

SchemaFetcher::SchemaFetcher(wire::ChannelOptions channel, schema::LoadOptions load, Found found)
    : channel_options_(std::move(channel)),
      load_options_(std::move(load)),
      found_(std::move(found)),
      thread_([this] { Run(); }) {}

SchemaFetcher::~SchemaFetcher() {
  executor_.Post([this] {
    stopping_ = true;
    if (channel_ != nullptr) channel_->Shutdown();
    pause_.Wake();
  });
  thread_.join();
}

void SchemaFetcher::Run() {
  wire::Channel channel(executor_, channel_options_);
  channel_ = &channel;
  rpc::Spawn(FetchUntilFound(&channel));
  executor_.RunUntil(done_);
  channel_ = nullptr;
}

rpc::Task<void> SchemaFetcher::FetchUntilFound(wire::Channel* channel) {
  rpc::Duration pause = kFirstPause;
  while (!stopping_) {
    absl::StatusOr<std::shared_ptr<const schema::Schema>> schema =
        co_await schema::FetchSchema(*channel, executor_.Now() + kFetchDeadline, load_options_);
    if (schema.ok()) {
      found_(*std::move(schema));
      break;
    }
    if (stopping_) break;
    Complain(schema.status());
    co_await Pause(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  done_ = true;
}

void SchemaFetcher::Complain(const absl::Status& status) {
  std::string text(status.message());
  const bool said = text == complaint_ && executor_.Now() < next_complaint_;
  if (said) return;
  base::LogWarn("backend {}: no schema yet, asking on: {}", channel_options_.target, text);
  complaint_ = std::move(text);
  next_complaint_ = executor_.Now() + kComplaintInterval;
}

rpc::Task<void> SchemaFetcher::Pause(rpc::Duration duration) {
  rpc::Timer timer(executor_);
  timer.Start(executor_.Now() + duration, [this] { pause_.Wake(); });
  co_await pause_.Wait();
}

}  // namespace slipway::gateway
