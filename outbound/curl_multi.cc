#include "outbound/curl_multi.h"

#include <chrono>
#include <cstdlib>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

namespace slipway::outbound {

/// A socket of libcurl's that we watch but do not own: it is let go before libcurl closes it.
struct CurlMulti::Socket {
  explicit Socket(boost::asio::io_context& context, curl_socket_t fd) : descriptor(context, fd) {}

  boost::asio::posix::stream_descriptor descriptor;
  int wanted = 0;  // CURL_POLL_IN, CURL_POLL_OUT
  bool reading = false;
  bool writing = false;
  bool watched = true;
};

CurlMulti::CurlMulti(rpc::IoExecutor& executor, Limits limits, Done done)
    : executor_(executor), limits_(limits), done_(std::move(done)), timer_(executor) {
  Open();
}

CurlMulti::~CurlMulti() { Close(); }

void CurlMulti::Open() {
  multi_ = curl_multi_init();
  if (multi_ == nullptr) std::abort();  // no memory
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlMulti::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlMulti::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  // Kept connections make room for new ones; admission sees to it that there always is one to go.
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits_.connections);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, limits_.connections_per_host);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, limits_.connections);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
}

void CurlMulti::Close() {
  curl_multi_cleanup(multi_);
  timer_.Cancel();
  while (!sockets_.empty()) Unwatch(sockets_.begin()->first);
}

void CurlMulti::CloseConnections() {
  Close();
  Open();
}

void CurlMulti::Add(CURL* easy) { curl_multi_add_handle(multi_, easy); }

void CurlMulti::Remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

int CurlMulti::OnTimer(CURLM*, long milliseconds, void* self) {  // NOLINT
  auto& multi = *static_cast<CurlMulti*>(self);
  if (milliseconds < 0) {
    multi.timer_.Cancel();
    return 0;
  }
  multi.timer_.Start(multi.executor_.Now() + std::chrono::milliseconds(milliseconds),
                     [&multi] { multi.Act(CURL_SOCKET_TIMEOUT, 0); });
  return 0;
}

int CurlMulti::OnSocket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& multi = *static_cast<CurlMulti*>(self);
  if (what == CURL_POLL_REMOVE) {
    multi.Unwatch(fd);
  } else {
    multi.Watch(fd, what);
  }
  return 0;
}

void CurlMulti::Watch(curl_socket_t fd, int what) {
  std::shared_ptr<Socket>& socket = sockets_[fd];
  if (!socket) socket = std::make_shared<Socket>(executor_.context(), fd);
  socket->wanted = what;
  Arm(socket);
}

void CurlMulti::Unwatch(curl_socket_t fd) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end()) return;
  found->second->watched = false;
  found->second->descriptor.release();
  sockets_.erase(found);
}

void CurlMulti::Arm(const std::shared_ptr<Socket>& socket) {
  using Descriptor = boost::asio::posix::stream_descriptor;
  if ((socket->wanted & CURL_POLL_IN) != 0 && !socket->reading) {
    socket->reading = true;
    socket->descriptor.async_wait(Descriptor::wait_read,
                                  [this, socket](const boost::system::error_code&) {
                                    socket->reading = false;
                                    Ready(socket, CURL_POLL_IN);
                                  });
  }
  if ((socket->wanted & CURL_POLL_OUT) != 0 && !socket->writing) {
    socket->writing = true;
    socket->descriptor.async_wait(Descriptor::wait_write,
                                  [this, socket](const boost::system::error_code&) {
                                    socket->writing = false;
                                    Ready(socket, CURL_POLL_OUT);
                                  });
  }
}

void CurlMulti::Ready(const std::shared_ptr<Socket>& socket, int event) {
  // One that was let go is libcurl's alone, and its number may be another socket's by now.
  if (!socket->watched) return;
  // Also false alarms of a direction that is not wanted any more end here.
  if ((socket->wanted & event) == 0) return;
  Act(socket->descriptor.native_handle(),
      event == CURL_POLL_IN ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
  if (socket->watched) Arm(socket);
}

void CurlMulti::Act(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) done_(message->easy_handle, message->data.result);
  }
}

}  // namespace slipway::outbound
