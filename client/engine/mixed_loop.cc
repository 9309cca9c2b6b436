#include "client/engine/mixed_loop.h"

#include "rpc/executor.h"

namespace slipway::client {

MixedLoop::MixedLoop() : events_(io_.context(), epoll_.descriptor()), timer_(io_) {
  epoll_.Host([this](rpc::Time when) { Attend(when); });
  AwaitEvents();
}

MixedLoop::~MixedLoop() { events_.release(); }

void MixedLoop::AwaitEvents() {
  events_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                     [this](const boost::system::error_code& error) {
                       if (error) return;  // the loop is gone
                       RunPending();
                       AwaitEvents();
                     });
}

void MixedLoop::Attend(rpc::Time when) {
  if (when > io_.Now()) {
    timer_.Start(when, [this] { RunPending(); });
  } else if (!posted_) {
    posted_ = true;
    io_.Post([this] { RunPending(); });
  }
}

void MixedLoop::RunPending() {
  posted_ = false;
  epoll_.RunPending();
  const rpc::Time earliest = epoll_.earliest();
  if (earliest != rpc::Time::max()) Attend(earliest);
}

}  // namespace slipway::client
