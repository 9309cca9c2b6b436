#include "client/engine/http1_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"

namespace slipway::client {
namespace {

/// Buffers that one connection may fill in one turn of the loop.
constexpr int kReadsATurn = 16;

}  // namespace

Http1Connection::Http1Connection(const Surroundings& surroundings) : around_(surroundings) {
  if (around_.tls != nullptr) tls_ = std::make_unique<TlsStream>(*around_.tls);
}

void Http1Connection::KeepResponses(size_t limit, bool cut) {
  kept_ = std::make_unique<KeptResponse>();
  kept_->limit = limit;
  kept_->cut = cut;
  parser_.Keep(kept_.get());
}

int Http1Connection::Open() {
  const Endpoint& endpoint = around_.endpoint;
  fd_ = socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return errno;
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd_, endpoint.data(), endpoint.size()) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    Close();
    return error;
  }
  state_ = State::kConnecting;
  const int error = around_.executor.Watch(fd_, this);
  if (error != 0) Close();
  return error;
}

void Http1Connection::Close() {
  if (tls_ != nullptr) tls_->Close();
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  state_ = State::kClosed;
  unread_ = hung_up_ = false;
}

void Http1Connection::Send(std::string_view bytes, bool head_request) {
  state_ = State::kBusy;
  reusable_ = true;
  parser_.Start(head_request);
  unsent_ = bytes;
  around_.executor.Defer(this);
}

int Http1Connection::SendRest() {
  while (!unsent_.empty()) {
    const ssize_t sent = tls_ == nullptr ? send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL)
                                         : tls_->Write(unsent_.data(), unsent_.size());
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
  if (state_ == State::kShakingHands) return ShakeHands();
  if (state_ == State::kBusy && !unsent_.empty() && SendRest() != 0) {
    // It shows in reading too, behind an answer that may have come before it.
    unsent_ = {};
    return Receive(true);
  }
  if ((events & ~EPOLLOUT) != 0 || unread_) {
    Receive((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
  }
}

void Http1Connection::OnConnectEnd() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Fail(true, error, "cannot connect");
  if (tls_ != nullptr) {
    if (const absl::Status status = tls_->Start(fd_); !status.ok()) {
      return FailHandshake({status.message().data(), status.message().size()});
    }
    state_ = State::kShakingHands;
    return ShakeHands();
  }
  state_ = State::kIdle;
  around_.owner.OnConnected(*this);
}

void Http1Connection::ShakeHands() {
  const TlsStream::Progress progress = tls_->Handshake();
  if (progress == TlsStream::Progress::kWaiting) return;
  if (progress == TlsStream::Progress::kFailed) return FailHandshake(tls_->error());
  const std::string_view protocol = tls_->protocol();
  if (!protocol.empty() && protocol != "http/1.1") {
    return FailHandshake(absl::StrCat("the server chose the protocol ", std::string(protocol),
                                      ", this is HTTP/1.1"));
  }
  state_ = State::kIdle;
  around_.owner.OnConnected(*this);
}

void Http1Connection::FailHandshake(std::string_view why) {
  Fail(true, 0,
       absl::StrCat("the TLS handshake with ", ToString(around_.endpoint),
                    " failed: ", std::string(why)));
}

ssize_t Http1Connection::Read() {
  if (tls_ != nullptr) return tls_->Read(around_.read_buffer, around_.read_buffer_size);
  return recv(fd_, around_.read_buffer, around_.read_buffer_size, 0);
}

bool Http1Connection::Drained(ssize_t size) const {
  if (tls_ != nullptr) return tls_->drained();
  return static_cast<size_t>(size) < around_.read_buffer_size;
}

// Events are edge-triggered: what is left unread is not reported again. A short read has emptied
// the socket, but says nothing about its end, so after a hang-up reading goes on to the end. A peer
// that sends faster than we read must not keep the other connections and the timers waiting.
void Http1Connection::Receive(bool hung_up) {
  const bool was_busy = state_ == State::kBusy;
  hung_up_ = hung_up_ || hung_up;
  unread_ = false;
  for (int reads = 0;; ++reads) {
    if (was_busy && reads == kReadsATurn) {
      unread_ = true;
      return around_.executor.Defer(this);
    }
    const ssize_t size = Read();
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size <= 0) {
      if (!OnEnd(size)) return;
      break;
    }
    if (!Consume({around_.read_buffer, static_cast<size_t>(size)})) return;
    if ((Drained(size) && !hung_up_) || (!was_busy && !reusable_)) break;
  }
  if (was_busy && parser_.done()) return OnComplete();
  if (!was_busy && !reusable_) Close();  // the peer has ended an idle connection, as it may
}

/// The peer's end (`size` is 0) or a failure. False when the request has failed.
bool Http1Connection::OnEnd(ssize_t size) {
  const int error = size < 0 ? errno : 0;
  reusable_ = false;
  if (state_ != State::kBusy) return true;
  if (error == 0) parser_.End();
  if (parser_.done()) return true;
  if (error == 0) {
    Fail(false, 0, parser_.error());
  } else if (error == EPROTO && tls_ != nullptr) {
    Fail(false, 0, absl::StrCat("TLS: ", tls_->error()));
  } else {
    Fail(false, error, "the connection broke");
  }
  return false;
}

/// False when the request has failed.
bool Http1Connection::Consume(std::string_view bytes) {
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
  around_.owner.OnResponse(*this);
}

void Http1Connection::Fail(bool connecting, int error, std::string_view what) {
  const std::string kept(what);  // closing may destroy it
  Close();
  around_.owner.OnFailure(*this, connecting, error, kept);
}

}  // namespace slipway::client
