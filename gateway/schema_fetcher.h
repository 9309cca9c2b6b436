#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "rpc/io_executor.h"
#include "schema/loader.h"
#include "schema/schema.h"
#include "wire/channel.h"

namespace slipway::gateway {

/// Asks a backend for its schema by reflection until it answers, on a thread of its own: a gateway
/// may start before its backend. Tries again after 100 ms, then ever later up to 0.8 s, so that a
/// backend that has come is served within a second, and logs why: what is new at once, the same
/// every 30 s. Owned by main; the destructor ends the thread.
class SchemaFetcher {
 public:
  /// Called once, on the fetcher's thread.
  using Found = std::function<void(std::shared_ptr<const schema::Schema>)>;

  SchemaFetcher(wire::ChannelOptions channel, schema::LoadOptions load, Found found);
  SchemaFetcher(const SchemaFetcher&) = delete;
  SchemaFetcher& operator=(const SchemaFetcher&) = delete;
  ~SchemaFetcher();

 private:
  void Run();
  rpc::Task<void> FetchUntilFound(wire::Channel* channel);
  rpc::Task<void> Pause(rpc::Duration duration);
  void Complain(const absl::Status& status);

  const wire::ChannelOptions channel_options_;
  const schema::LoadOptions load_options_;
  const Found found_;
  rpc::IoExecutor executor_;
  bool done_ = false;                 // the executor's thread only
  bool stopping_ = false;             // the executor's thread only
  rpc::WaitSlot pause_;               // the executor's thread only
  wire::Channel* channel_ = nullptr;  // the executor's thread only
  std::string complaint_;             // the executor's thread only
  rpc::Time next_complaint_;          // the executor's thread only
  std::thread thread_;
};

}  // namespace slipway::gateway
