#include "client/engine/http1_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace slipway::client {

int Http1Connection::Open() {
  fd_ = socket(endpoint_.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return errno;
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd_, endpoint_.data(), endpoint_.size()) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    Close();
    return error;
  }
  state_ = State::kConnecting;
  if (owner_.poller().Watch(fd_, this).ok()) return 0;
  Close();
  return ENOMEM;
}

void Http1Connection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  state_ = State::kClosed;
}

int Http1Connection::Send(std::string_view request, bool head_request) {
  state_ = State::kBusy;
  reusable_ = true;
  bytes_received_ = 0;
  parser_.Start(head_request);
  unsent_ = request;
  const int error = SendRest();
  if (error != 0) Close();
  return error;
}

int Http1Connection::SendRest() {
  while (!unsent_.empty()) {
    const ssize_t sent = send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN ? 0 : errno;
    unsent_.remove_prefix(sent);
  }
  return 0;
}

void Http1Connection::OnEvents(uint32_t events) {
  if (state_ == State::kClosed) return;
  if (state_ == State::kConnecting) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) OnConnectEnd();
    return;
  }
  if (state_ == State::kBusy && !unsent_.empty()) {
    // A failure to send shows in reading too, behind an answer that may have come before it.
    if (SendRest() != 0) unsent_ = {};
  }
  if ((events & ~EPOLLOUT) != 0) Receive((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
}

void Http1Connection::OnConnectEnd() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Fail(true, error, "cannot connect");
  state_ = State::kIdle;
  owner_.OnConnected(*this);
}

// Events are edge-triggered: what is left unread is not reported again. A short read has emptied
// the socket, but says nothing about its end, so after a hang-up reading goes on to the end.
void Http1Connection::Receive(bool to_the_end) {
  const bool was_busy = state_ == State::kBusy;
  while (true) {
    const ssize_t size = recv(fd_, owner_.read_buffer(), owner_.read_buffer_size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size <= 0) {
      const int error = size < 0 ? errno : 0;
      reusable_ = false;
      if (was_busy && error == 0) parser_.End();
      if (was_busy && !parser_.done()) {
        return Fail(false, error, error == 0 ? parser_.error() : "the connection broke");
      }
      break;
    }
    if (!Consume({owner_.read_buffer(), static_cast<size_t>(size)})) return;
    if (static_cast<size_t>(size) < owner_.read_buffer_size() && !to_the_end) break;
  }
  if (was_busy && parser_.done()) return OnComplete();
  if (!was_busy && !reusable_) Close();  // the peer has ended an idle connection, as it may
}

/// False when the request has failed.
bool Http1Connection::Consume(std::string_view bytes) {
  bytes_received_ += bytes.size();
  if (state_ != State::kBusy || parser_.done()) {
    reusable_ = false;
    return true;
  }
  if (parser_.Feed(bytes) < bytes.size()) reusable_ = false;
  if (parser_.error().empty()) return true;
  Fail(false, 0, parser_.error());
  return false;
}

void Http1Connection::OnComplete() {
  // An answer that came before the request had left cannot be followed by another request.
  if (reusable_ && parser_.keep_alive() && unsent_.empty()) {
    state_ = State::kIdle;
  } else {
    Close();
  }
  owner_.OnResponse(*this);
}

void Http1Connection::Fail(bool connecting, int error, std::string_view what) {
  Close();
  owner_.OnFailure(*this, connecting, error, what);
}

}  // namespace slipway::client
