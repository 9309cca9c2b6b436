#include "wire/wake_list.h"

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/post.hpp>

namespace slipway::wire {

void WakeList::Add(Stream& stream) {
  if (stream.wake_hook.is_linked()) return;
  streams_.push_back(stream);
  if (turns_ == 0) Schedule();
}

void WakeList::EndTurn() {
  if (--turns_ == 0) Run();
}

void WakeList::Run() {
  List batch;
  batch.swap(streams_);
  ++turns_;
  while (!batch.empty()) {
    Stream& stream = batch.front();
    batch.pop_front();
    stream.Wake();
  }
  --turns_;
  // What changed meanwhile waits for the next turn, so that no call can keep the loop to itself.
  if (!streams_.empty()) Schedule();
}

void WakeList::Schedule() {
  if (std::exchange(scheduled_, true)) return;
  boost::asio::post(executor_.context(), [self = shared_from_this()] {
    self->scheduled_ = false;
    self->Run();
  });
}

}  // namespace slipway::wire
