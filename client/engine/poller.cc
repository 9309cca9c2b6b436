#include "client/engine/poller.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>

#include "absl/status/status.h"

namespace slipway::client {

Poller::Poller(rpc::IoExecutor& executor) : epoll_(executor.context()) {
  const int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return;  // Watch reports it
  epoll_.assign(fd);
  WaitForTurn();
}

absl::Status Poller::Watch(int fd, Handler* handler) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = handler;
  if (epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, fd, &event) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "cannot watch a socket");
}

void Poller::WaitForTurn() {
  epoll_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                    [this](const boost::system::error_code& error) {
                      if (error) return;  // the poller is gone
                      RunTurn();
                      WaitForTurn();
                    });
}

void Poller::RunTurn() {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_.native_handle(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    static_cast<Handler*>(events[i].data.ptr)->OnEvents(events[i].events);
  }
}

}  // namespace slipway::client
