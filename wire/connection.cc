#include "wire/connection.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>

#include "absl/strings/str_cat.h"
#include "wire/status_mapping.h"

namespace slipway::wire {
namespace {

namespace asio = boost::asio;

// Big enough that a message of many frames needs few system calls.
constexpr size_t kInputSize = 128 << 10;
constexpr size_t kOutputSize = 128 << 10;
std::string Text(const asio::ip::tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

}  // namespace

std::shared_ptr<Connection> Connection::Connect(rpc::IoExecutor& executor, Peer peer,
                                                const ConnectionOptions& options,
                                                std::shared_ptr<WakeList> wake_list, Owner* owner) {
  std::shared_ptr<Connection> connection(
      new Connection(executor, std::move(peer), options, std::move(wake_list), owner));
  connection->Begin();
  return connection;
}

Connection::Connection(rpc::IoExecutor& executor, Peer peer, const ConnectionOptions& options,
                       std::shared_ptr<WakeList> wake_list, Owner* owner)
    : executor_(executor),
      peer_(std::move(peer)),
      options_(options),
      address_(Text(peer_.endpoint)),
      wake_list_(std::move(wake_list)),
      owner_(owner),
      transport_(executor),
      connect_timer_(executor),
      keepalive_timer_(executor) {}

Connection::~Connection() {
  if (session_ != nullptr) nghttp2_session_del(session_);
}

void Connection::Begin() {
  connect_timer_.Start(executor_.Now() + options_.connect_timeout,
                       [this] { Fail("the connection was not established in time"); });
  transport_.Connect(peer_, [self = shared_from_this()](const absl::Status& status) {
    if (self->state_ == State::kClosed) return;
    if (status.ok()) return self->StartSession();
    self->Fail({status.message().data(), status.message().size()});
  });
}

void Connection::StartSession() {
  MakeSession();
  input_ = std::make_unique<uint8_t[]>(kInputSize);
  output_.reserve(kOutputSize);
  Flush();
  if (state_ != State::kClosed) Read();
}

void Connection::Read() {
  auto handler = [self = shared_from_this()](const Error& error, size_t size) {
    if (self->state_ != State::kClosed) self->OnRead(error, size);
  };
  transport_.Read(asio::buffer(input_.get(), kInputSize), std::move(handler));
}

void Connection::OnRead(const Error& error, size_t size) {
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return Fail(trouble_.empty() ? "closed by the server" : "closed by the server: " + trouble_);
  }
  if (error) return Fail(error.message());
  if (options_.keepalive_time > rpc::Duration::zero()) last_received_ = executor_.Now();
  in_turn_ = true;
  wake_list_->BeginTurn();
  Receive(size);
  if (state_ != State::kClosed) TellOwner();
  wake_list_->EndTurn();
  in_turn_ = false;
  if (state_ != State::kClosed) ReturnWindow();
  FlushAndTell();
  if (state_ != State::kClosed) Read();
}

void Connection::Receive(size_t size) {
  const ssize_t result = nghttp2_session_mem_recv(session_, input_.get(), size);
  if (result < 0) Fail(nghttp2_strerror(static_cast<int>(result)));
}

void Connection::TellOwner() {
  if (std::exchange(connected_news_, false) && owner_ != nullptr) owner_->OnConnected(*this);
  if (std::exchange(draining_news_, false) && owner_ != nullptr) owner_->OnDraining(*this);
  if (std::exchange(capacity_news_, false) && owner_ != nullptr) owner_->OnCapacity(*this);
}

// The connection's window is given back as bytes arrive: a stream's own window already bounds what
// a slow reader makes us hold, and must not stop the other streams.
void Connection::ReturnWindow() {
  if (unreturned_ < options_.connection_window / 4) return;
  nghttp2_session_consume_connection(session_, std::exchange(unreturned_, 0));
}

void Connection::FinishIfDone() {
  if (state_ == State::kClosed || session_ == nullptr || writing_) return;
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) {
    return Fail(trouble_.empty() ? "HTTP/2 protocol error" : trouble_);
  }
  if (state_ == State::kDraining && open_streams_ == 0) {
    nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
    Flush();
    Fail(trouble_.empty() ? "drained" : trouble_);
  }
}

void Connection::ScheduleFlush() {
  if (in_turn_ || writing_ || std::exchange(flush_scheduled_, true)) return;
  asio::post(executor_.context(), [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    self->FlushAndTell();
  });
}

// A stream's place is free once its RST_STREAM has been written.
void Connection::FlushAndTell() {
  Flush();
  if (state_ != State::kClosed) TellOwner();
  FinishIfDone();
}

void Connection::Flush() {
  if (writing_) return;
  while (state_ != State::kClosed && session_ != nullptr && FillOutput()) {
    if (!WriteOutput()) return;
  }
}

bool Connection::FillOutput() {
  output_.clear();
  while (output_.size() < kOutputSize) {
    const uint8_t* data;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size == 0) break;
    if (size < 0) {
      Fail(nghttp2_strerror(static_cast<int>(size)));
      return false;
    }
    output_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
  return !output_.empty();
}

// True when everything has been written.
bool Connection::WriteOutput() {
  Error error;
  const size_t written = transport_.TryWrite(asio::buffer(output_), &error);
  if (error) {
    Fail(error.message());
    return false;
  }
  if (written == output_.size()) return true;
  WriteRest(written);
  return false;
}

void Connection::WriteRest(size_t written) {
  writing_ = true;
  auto handler = [self = shared_from_this()](const Error& error, size_t) {
    self->writing_ = false;
    if (self->state_ == State::kClosed) return;
    if (error) return self->Fail(error.message());
    self->FlushAndTell();
  };
  transport_.Write(asio::buffer(output_) + written, std::move(handler));
}

Stream* Connection::Attached(int32_t id) {
  return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session_, id));
}

void Connection::Detach(Stream& stream) {
  nghttp2_session_set_stream_user_data(session_, stream.id_, nullptr);
  stream.attached_hook.unlink();
  stream.connection_ = nullptr;
}

void Connection::ResumeBody(Stream& stream) {
  if (!std::exchange(stream.body_waits_, false)) return;
  nghttp2_session_resume_data(session_, stream.id_);
  ScheduleFlush();
}

// Told to nghttp2 in quarters of the window, so that short calls do not pay for it at all.
void Connection::Consume(Stream& stream, size_t bytes) {
  stream.unreturned_ += bytes;
  if (stream.unreturned_ < options_.stream_window / 4) return;
  nghttp2_session_consume_stream(session_, stream.id_, std::exchange(stream.unreturned_, 0));
  ScheduleFlush();
}

void Connection::Reset(Stream& stream, uint32_t code) {
  Detach(stream);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id_, code);
  ScheduleFlush();
}

// The peer has ended its side. A call is over then, even if its requests are not.
void Connection::EndByPeer(Stream& stream) {
  if (nghttp2_session_get_stream_local_close(session_, stream.id_) == 1) {
    Detach(stream);
  } else {
    Reset(stream, NGHTTP2_NO_ERROR);
  }
}

void Connection::OnFrame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_SETTINGS:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) OnSettings();
      return;
    case NGHTTP2_GOAWAY:
      OnGoaway(frame.goaway);
      return;
    case NGHTTP2_PING:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) ping_sent_ = kNoPing;
      return;
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
      break;
    default:
      return;
  }
  Stream* stream = Attached(frame.hd.stream_id);
  if (stream == nullptr) return;
  const bool end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (end) EndByPeer(*stream);
  if (frame.hd.type == NGHTTP2_HEADERS) {
    stream->OnHeadersEnd(end);
  } else if (end) {
    stream->OnDataEnd();
  }
}

void Connection::OnSettings() {
  max_streams_ =
      nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  capacity_news_ = true;
  if (state_ != State::kConnecting) return;
  state_ = State::kReady;
  connected_news_ = true;
  connect_timer_.Cancel();
  if (options_.keepalive_time > rpc::Duration::zero()) {
    StartKeepalive(executor_.Now() + options_.keepalive_time);
  }
}

void Connection::OnGoaway(const nghttp2_goaway& frame) {
  trouble_ = "the server is going away: " + std::string(nghttp2_http2_strerror(frame.error_code));
  if (frame.opaque_data_len > 0) {
    trouble_ += ", ";
    trouble_.append(reinterpret_cast<const char*>(frame.opaque_data), frame.opaque_data_len);
  }
  StartDraining();
}

void Connection::OnStreamClosed(int32_t id, uint32_t code) {
  if (open_streams_ > 0) --open_streams_;
  capacity_news_ = true;
  Stream* stream = Attached(id);
  if (stream == nullptr) return;
  Detach(*stream);
  stream->OnClosed({StatusFromHttp2Error(code), code == NGHTTP2_REFUSED_STREAM});
}

void Connection::StartDraining() {
  if (state_ != State::kReady) return;
  state_ = State::kDraining;
  draining_news_ = true;
}

void Connection::Drain() {
  StartDraining();
  ScheduleFlush();
}

void Connection::EndStreams(const absl::Status& why) {
  while (!streams_.empty()) {
    Stream& stream = streams_.front();
    const bool unprocessed = !stream.headers_written_;
    Detach(stream);
    stream.OnClosed({rpc::Status(why), unprocessed});
  }
}

void Connection::Close(const absl::Status& why) {
  owner_ = nullptr;
  if (state_ == State::kClosed) return;
  EndStreams(why);
  if (session_ != nullptr) {
    nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
    Flush();
  }
  Finish(why);
}

void Connection::Fail(std::string_view what) {
  Finish(absl::UnavailableError(
      absl::StrCat("connection to ", address_, ": ", absl::string_view(what.data(), what.size()))));
}

void Connection::Finish(const absl::Status& why) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  const auto self = shared_from_this();  // the owner may let go of it
  connect_timer_.Cancel();
  keepalive_timer_.Cancel();
  EndStreams(why);
  transport_.Close();
  if (owner_ != nullptr) std::exchange(owner_, nullptr)->OnClosed(*this, why);
}

void Connection::StartKeepalive(rpc::Time when) {
  keepalive_timer_.Start(when, [this] { OnKeepalive(); });
}

void Connection::OnKeepalive() {
  const rpc::Time now = executor_.Now();
  if (ping_sent_ != kNoPing && last_received_ < ping_sent_) {
    return Fail("a keepalive ping was not answered in time");
  }
  ping_sent_ = kNoPing;
  const rpc::Time due = last_received_ + options_.keepalive_time;
  if (due > now) return StartKeepalive(due);
  if (open_streams_ == 0 && !options_.keepalive_without_calls) {
    return StartKeepalive(now + options_.keepalive_time);
  }
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  ping_sent_ = now;
  StartKeepalive(now + options_.keepalive_timeout);
  ScheduleFlush();
}

}  // namespace slipway::wire
