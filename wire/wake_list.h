#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>

#include "rpc/io_executor.h"
#include "wire/stream.h"

namespace slipway::wire {

/// Streams whose state has changed and whose waiters must be looked at, outside of nghttp2 and of
/// whoever caused the change. One for each channel; one thread. Shared, because it is still needed
/// by calls that outlive their channel.
class WakeList : public std::enable_shared_from_this<WakeList> {
 public:
  explicit WakeList(rpc::IoExecutor& executor) : executor_(executor) {}
  WakeList(const WakeList&) = delete;
  WakeList& operator=(const WakeList&) = delete;

  /// Stream::Wake is called soon, once however often it is added until then.
  void Add(Stream& stream);
  /// Between these, Add does not post, because Run follows.
  void BeginTurn() { ++turns_; }
  void EndTurn();

 private:
  using List = boost::intrusive::list<
      Stream, boost::intrusive::member_hook<Stream, Stream::Hook, &Stream::wake_hook>,
      boost::intrusive::constant_time_size<false>>;

  void Run();
  void Schedule();

  rpc::IoExecutor& executor_;
  List streams_;
  int turns_ = 0;
  bool scheduled_ = false;
};

}  // namespace slipway::wire
