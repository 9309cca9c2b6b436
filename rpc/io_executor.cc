#include "rpc/io_executor.h"

#include <memory>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace slipway::rpc {

void IoExecutor::Post(Work work) {
  // Asio 1.74 wants handlers that can be copied; AnyInvocable can only be moved.
  auto shared = std::make_shared<Work>(std::move(work));
  boost::asio::post(context_, [shared] { (*shared)(); });
}

void IoExecutor::Run() {
  auto guard = boost::asio::make_work_guard(context_);
  context_.run();
}

void IoExecutor::RunUntil(const bool& done) {
  auto guard = boost::asio::make_work_guard(context_);
  while (!done && context_.run_one() > 0) {
  }
}

void IoExecutor::EarliestChanged(Time when) {
  alarm_.expires_at(when);
  alarm_.async_wait([this](const boost::system::error_code& error) {
    if (!error) OnAlarm();
  });
}

void IoExecutor::OnAlarm() {
  timers_.RunDue(Now());
  // A timer that one of the callbacks started has set the alarm already if it was the earliest
  // then; setting it again is harmless.
  if (timers_.earliest() != Time::max()) EarliestChanged(timers_.earliest());
}

}  // namespace slipway::rpc
