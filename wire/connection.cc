#include "wire/connection.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "absl/strings/str_cat.h"
#include "wire/status_mapping.h"
#include "wire/tls.h"

namespace slipway::wire {
namespace {

namespace asio = boost::asio;

// Big enough that a message of many frames needs few system calls.
constexpr size_t kInputSize = 128 << 10;
constexpr size_t kOutputSize = 128 << 10;
// Stream ids end at 2^31; a connection that comes near is replaced.
constexpr int32_t kLastStreamId = 0x7fff'0000;

std::string Text(const asio::ip::tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

// The kernel finds a peer that has vanished: unanswered data within 20 s, silence within a minute.
void WatchPeer(asio::ip::tcp::socket& socket) {
  const auto set = [&socket](int level, int name, int value) {
    // A socket that cannot do it works without.
    (void)::setsockopt(socket.native_handle(), level, name, &value, sizeof(value));
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 20'000);
}

}  // namespace

// nghttp2's callbacks, of which one set serves all connections.
struct Connection::Callbacks {
  static Connection& Self(void* self) { return *static_cast<Connection*>(self); }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* self) {
    if (Stream* stream = Self(self).Attached(frame->hd.stream_id)) {
      stream->OnHeader({reinterpret_cast<const char*>(name), name_size},
                       {reinterpret_cast<const char*>(value), value_size});
    }
    return 0;
  }

  static int OnData(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size,
                    void* self) {
    Self(self).unreturned_ += size;
    if (Stream* stream = Self(self).Attached(id)) {
      stream->OnData({reinterpret_cast<const char*>(data), size});
    }
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    Self(self).OnFrame(*frame);
    return 0;
  }

  static int OnFrameSent(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (Stream* stream = Self(self).Attached(frame->hd.stream_id)) stream->headers_written_ = true;
    return 0;
  }

  static int OnStreamClosed(nghttp2_session*, int32_t id, uint32_t code, void* self) {
    Self(self).OnStreamClosed(id, code);
    return 0;
  }

  static int OnError(nghttp2_session*, int, const char* text, size_t size, void* self) {
    Self(self).trouble_.assign(text, size);
    return 0;
  }

  static ssize_t FillBody(nghttp2_session*, int32_t id, uint8_t* buffer, size_t size,
                          uint32_t* flags, nghttp2_data_source*, void* self) {
    Stream* stream = Self(self).Attached(id);
    if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;  // its RST_STREAM is on the way
    bool end = false;
    const size_t filled = stream->FillBody(buffer, size, &end);
    if (filled == Stream::kNothingYet) {
      stream->body_waits_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    if (end) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(filled);
  }

  static nghttp2_session_callbacks* Make() {
    nghttp2_session_callbacks* callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, OnFrameSent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnStreamClosed);
    nghttp2_session_callbacks_set_error_callback2(callbacks, OnError);
    return callbacks;
  }
};

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
      socket_(executor.context()),
      connect_timer_(executor),
      keepalive_timer_(executor) {}

Connection::~Connection() {
  if (session_ != nullptr) nghttp2_session_del(session_);
}

void Connection::Begin() {
  connect_timer_.Start(executor_.Now() + options_.connect_timeout,
                       [this] { Fail("the connection was not established in time"); });
  socket_.async_connect(peer_.endpoint, [self = shared_from_this()](const Error& error) {
    if (self->state_ != State::kClosed) self->OnTcpConnected(error);
  });
}

void Connection::OnTcpConnected(const Error& error) {
  if (error) return Fail(error.message());
  Error ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  WatchPeer(socket_);
  if (peer_.tls == nullptr) return StartSession();
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *peer_.tls);
  if (absl::Status status = PrepareTls(tls_->native_handle(), peer_.host); !status.ok()) {
    return Fail({status.message().data(), status.message().size()});
  }
  tls_->async_handshake(asio::ssl::stream_base::client,
                        [self = shared_from_this()](const Error& error) {
                          if (self->state_ != State::kClosed) self->OnTlsDone(error);
                        });
}

void Connection::OnTlsDone(const Error& error) {
  if (error) return Fail("TLS: " + TlsErrorText(tls_->native_handle(), error));
  if (!NegotiatedHttp2(tls_->native_handle())) {
    return Fail("TLS: the server did not negotiate h2 (ALPN)");
  }
  StartSession();
}

void Connection::StartSession() {
  static nghttp2_session_callbacks* const callbacks = Callbacks::Make();
  nghttp2_option* option;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_session_client_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  const std::array<nghttp2_settings_entry, 3> settings = {
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options_.stream_window},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options_.max_header_list}}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(options_.connection_window));
  input_ = std::make_unique<uint8_t[]>(kInputSize);
  output_.reserve(kOutputSize);
  Flush();
  if (state_ != State::kClosed) Read();
}

void Connection::Read() {
  auto handler = [self = shared_from_this()](const Error& error, size_t size) {
    if (self->state_ != State::kClosed) self->OnRead(error, size);
  };
  const auto buffer = asio::buffer(input_.get(), kInputSize);
  if (tls_ != nullptr) {
    tls_->async_read_some(buffer, std::move(handler));
  } else {
    socket_.async_read_some(buffer, std::move(handler));
  }
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
  size_t written = 0;
  if (tls_ == nullptr) {
    Error error;
    written = socket_.write_some(asio::buffer(output_), error);
    if (error && error != asio::error::would_block) {
      Fail(error.message());
      return false;
    }
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
  const auto buffer = asio::buffer(output_) + written;
  if (tls_ != nullptr) {
    asio::async_write(*tls_, buffer, std::move(handler));
  } else {
    asio::async_write(socket_, buffer, std::move(handler));
  }
}

Stream* Connection::Attached(int32_t id) {
  return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session_, id));
}

void Connection::Detach(Stream& stream) {
  nghttp2_session_set_stream_user_data(session_, stream.id_, nullptr);
  stream.attached_hook.unlink();
  stream.connection_ = nullptr;
}

void Connection::Submit(Stream& stream, absl::Span<const nghttp2_nv> headers) {
  nghttp2_data_provider body;
  body.source.ptr = nullptr;
  body.read_callback = Callbacks::FillBody;
  const int32_t id =
      nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &body, &stream);
  if (id < 0) {
    stream.OnClosed({rpc::Status(absl::StatusCode::kUnavailable, nghttp2_strerror(id)), true});
    return;
  }
  stream.connection_ = this;
  stream.id_ = id;
  stream.headers_written_ = false;
  stream.body_waits_ = false;
  stream.unreturned_ = 0;
  streams_.push_back(stream);
  ++open_streams_;
  if (id >= kLastStreamId) StartDraining();
  ScheduleFlush();
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
  if (session_ != nullptr && tls_ == nullptr) {
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
  Error ignored;
  socket_.close(ignored);
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
