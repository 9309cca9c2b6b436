#include "wire/testing/http2_server.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <future>
#include <map>
#include <optional>

#include <nghttp2/nghttp2.h>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace slipway::wire::testing {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Error = boost::system::error_code;

std::vector<nghttp2_nv> ToNv(const Fields& fields) {
  std::vector<nghttp2_nv> list;
  for (const auto& [name, value] : fields) {
    list.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                    reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                    value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return list;
}

}  // namespace

std::string_view Exchange::Header(std::string_view name) const {
  for (const auto& [key, value] : headers()) {
    if (key == name) return value;
  }
  return {};
}

class Http2Server::StreamState : public Exchange {
 public:
  StreamState(Connection& connection, int32_t id) : connection_(connection), id_(id) {}

  const Fields& headers() const override { return headers_; }
  void SendHead(const Fields& fields, bool end_stream) override;
  void SendInterim(const Fields& fields) override;
  void SendBody(std::string_view bytes) override;
  size_t unsent() const override { return body_.size() - sent_; }
  void SendTrailers(const Fields& fields) override;
  void Reset(uint32_t code) override;
  void SendGoaway(int32_t last_stream, uint32_t code) override;
  void Disconnect() override;
  int32_t id() const override { return id_; }
  void Consume(size_t bytes) override;

 private:
  friend class Http2Server::Connection;
  ssize_t Fill(uint8_t* buffer, size_t size, uint32_t* flags);

  Connection& connection_;
  const int32_t id_;
  Fields headers_;
  std::unique_ptr<Handler> handler_;
  std::string body_;
  size_t sent_ = 0;
  std::optional<Fields> trailers_;
};

class Http2Server::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Http2Server& server, tcp::socket socket)
      : server_(server), socket_(std::move(socket)) {}
  ~Connection() {
    if (session_ != nullptr) nghttp2_session_del(session_);
  }

  void Begin();
  void StartSession();
  void Read();
  void Flush();
  void Close() {
    Error ignored;
    socket_.close(ignored);
    // Handlers must not miss the end of their streams.
    auto streams = std::exchange(streams_, {});
    for (auto& [id, stream] : streams) {
      if (stream->handler_) stream->handler_->OnClosed(NGHTTP2_INTERNAL_ERROR);
    }
  }
  void ScheduleFlush() {
    server_.executor_.Post([self = shared_from_this()] { self->Flush(); });
  }

  // Sends `bytes` as they are, then reads and forgets.
  void Greet(const std::string& bytes) {
    asio::async_write(socket_, asio::buffer(bytes), [](const Error&, size_t) {});
    Swallow();
  }

  rpc::IoExecutor& executor() { return server_.executor_; }
  nghttp2_session* session() { return session_; }
  StreamState* Find(int32_t id) {
    const auto found = streams_.find(id);
    return found == streams_.end() ? nullptr : found->second.get();
  }
  size_t max_data() const { return server_.options_.max_data; }

 private:
  static nghttp2_session_callbacks* MakeCallbacks();
  static Connection& Self(void* self) { return *static_cast<Connection*>(self); }
  void Swallow() {
    socket_.async_read_some(asio::buffer(input_),
                            [self = shared_from_this()](const Error& error, size_t) {
                              if (!error) self->Swallow();
                            });
  }
  void OnFrame(const nghttp2_frame& frame);
  void OnClosed(int32_t id, uint32_t code);

  Http2Server& server_;
  tcp::socket socket_;
  std::unique_ptr<asio::ssl::stream<tcp::socket&>> tls_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, std::unique_ptr<StreamState>> streams_;
  std::array<uint8_t, 65'536> input_;
  std::string output_;
  bool writing_ = false;
};

void Http2Server::StreamState::SendHead(const Fields& fields, bool end_stream) {
  const auto list = ToNv(fields);
  nghttp2_data_provider body;
  body.source.ptr = this;
  body.read_callback = [](nghttp2_session*, int32_t, uint8_t* buffer, size_t size, uint32_t* flags,
                          nghttp2_data_source* source, void*) {
    return static_cast<StreamState*>(source->ptr)->Fill(buffer, size, flags);
  };
  nghttp2_submit_response(connection_.session(), id_, list.data(), list.size(),
                          end_stream ? nullptr : &body);
  connection_.ScheduleFlush();
}

void Http2Server::StreamState::SendInterim(const Fields& fields) {
  const auto list = ToNv(fields);
  nghttp2_submit_headers(connection_.session(), NGHTTP2_FLAG_NONE, id_, nullptr, list.data(),
                         list.size(), nullptr);
  connection_.ScheduleFlush();
}

void Http2Server::StreamState::SendBody(std::string_view bytes) {
  body_.append(bytes);
  nghttp2_session_resume_data(connection_.session(), id_);
  connection_.ScheduleFlush();
}

void Http2Server::StreamState::SendTrailers(const Fields& fields) {
  trailers_ = fields;
  nghttp2_session_resume_data(connection_.session(), id_);
  connection_.ScheduleFlush();
}

ssize_t Http2Server::StreamState::Fill(uint8_t* buffer, size_t size, uint32_t* flags) {
  const size_t take = std::min({size, unsent(), connection_.max_data()});
  std::memcpy(buffer, body_.data() + sent_, take);
  sent_ += take;
  if (unsent() == 0) {
    body_.clear();
    sent_ = 0;
    if (trailers_) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (!trailers_->empty()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const auto list = ToNv(*trailers_);
        nghttp2_submit_trailer(connection_.session(), id_, list.data(), list.size());
      }
    } else if (take > 0) {
      handler_->OnDrained();
    }
  }
  if (take == 0 && !trailers_) return NGHTTP2_ERR_DEFERRED;
  return static_cast<ssize_t>(take);
}

void Http2Server::StreamState::Reset(uint32_t code) {
  nghttp2_submit_rst_stream(connection_.session(), NGHTTP2_FLAG_NONE, id_, code);
  connection_.ScheduleFlush();
}

void Http2Server::StreamState::SendGoaway(int32_t last_stream, uint32_t code) {
  nghttp2_submit_goaway(connection_.session(), NGHTTP2_FLAG_NONE, last_stream, code, nullptr, 0);
  connection_.ScheduleFlush();
}

void Http2Server::StreamState::Disconnect() {
  connection_.executor().Post(
      [connection = connection_.shared_from_this()] { connection->Close(); });
}

void Http2Server::StreamState::Consume(size_t bytes) {
  nghttp2_session_consume(connection_.session(), id_, bytes);
  connection_.ScheduleFlush();
}

nghttp2_session_callbacks* Http2Server::Connection::MakeCallbacks() {
  nghttp2_session_callbacks* callbacks;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks,
      [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
         const uint8_t* value, size_t value_size, uint8_t, void* user) {
        auto& stream = Self(user).streams_[frame->hd.stream_id];
        if (!stream) stream = std::make_unique<StreamState>(Self(user), frame->hd.stream_id);
        stream->headers_.emplace_back(
            std::string(reinterpret_cast<const char*>(name), name_size),
            std::string(reinterpret_cast<const char*>(value), value_size));
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks,
      [](nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
        StreamState* stream = Self(user).Find(id);
        if (stream && stream->handler_) {
          stream->handler_->OnData({reinterpret_cast<const char*>(data), size});
        }
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        Self(user).OnFrame(*frame);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session*, int32_t id, uint32_t code, void* user) {
        Self(user).OnClosed(id, code);
        return 0;
      });
  return callbacks;
}

void Http2Server::Connection::OnFrame(const nghttp2_frame& frame) {
  StreamState* stream = Find(frame.hd.stream_id);
  if (stream == nullptr) return;
  if (frame.hd.type == NGHTTP2_HEADERS && !stream->handler_) {
    stream->handler_ = server_.make_handler_(*stream);
  }
  const bool end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (end && (frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA)) {
    stream->handler_->OnRequestEnd();
  }
}

void Http2Server::Connection::OnClosed(int32_t id, uint32_t code) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const auto stream = std::move(found->second);
  streams_.erase(found);
  if (stream->handler_) stream->handler_->OnClosed(code);
}

void Http2Server::Connection::Begin() {
  Error ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  if (server_.options_.tls == nullptr) return StartSession();
  tls_ = std::make_unique<asio::ssl::stream<tcp::socket&>>(socket_, *server_.options_.tls);
  tls_->async_handshake(asio::ssl::stream_base::server,
                        [self = shared_from_this()](const Error& error) {
                          if (error) return self->Close();
                          self->StartSession();
                        });
}

void Http2Server::Connection::StartSession() {
  static nghttp2_session_callbacks* const callbacks = MakeCallbacks();
  nghttp2_option* option;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_server_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, server_.options_.max_concurrent_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, server_.options_.stream_window}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 2);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 64 << 20);
  Flush();
  Read();
}

void Http2Server::Connection::Read() {
  auto handler = [self = shared_from_this()](const Error& error, size_t size) {
    if (error || nghttp2_session_mem_recv(self->session_, self->input_.data(), size) < 0) {
      return self->Close();
    }
    self->Flush();
    self->Read();
  };
  if (tls_) {
    tls_->async_read_some(asio::buffer(input_), std::move(handler));
  } else {
    socket_.async_read_some(asio::buffer(input_), std::move(handler));
  }
}

void Http2Server::Connection::Flush() {
  if (writing_ || session_ == nullptr || !socket_.is_open()) return;
  output_.clear();
  const uint8_t* data;
  ssize_t size;
  while ((size = nghttp2_session_mem_send(session_, &data)) > 0) {
    output_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
  if (output_.empty()) return;
  writing_ = true;
  auto handler = [self = shared_from_this()](const Error& error, size_t) {
    self->writing_ = false;
    if (!error) self->Flush();
  };
  if (tls_) {
    asio::async_write(*tls_, asio::buffer(output_), std::move(handler));
  } else {
    asio::async_write(socket_, asio::buffer(output_), std::move(handler));
  }
}

Http2Server::Http2Server(Http2ServerOptions options, MakeHandler make_handler)
    : options_(std::move(options)),
      make_handler_(std::move(make_handler)),
      acceptor_(executor_.context(),
                tcp::endpoint(asio::ip::address_v4::loopback(), options_.port)) {
  port_ = acceptor_.local_endpoint().port();
  Accept();
  thread_ = std::thread([this] { executor_.Run(); });
}

Http2Server::~Http2Server() {
  OnThread([this] {
    acceptor_.close();
    for (auto& each : connections_) {
      if (auto connection = each.lock()) connection->Close();
    }
  });
  // What handlers have posted because of it still runs.
  OnThread([] {});
  executor_.Stop();
  thread_.join();
}

void Http2Server::OnThread(const std::function<void()>& work) {
  std::promise<void> done;
  executor_.Post([&work, &done] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

size_t Http2Server::accepted() {
  size_t count = 0;
  OnThread([this, &count] { count = accepted_; });
  return count;
}

void Http2Server::DisconnectAll() {
  OnThread([this] {
    for (auto& each : connections_) {
      if (auto connection = each.lock()) connection->Close();
    }
  });
}

void Http2Server::GoawayAll(int32_t last_stream, uint32_t code) {
  OnThread([this, last_stream, code] {
    for (auto& each : connections_) {
      auto connection = each.lock();
      if (!connection || connection->session() == nullptr) continue;
      nghttp2_submit_goaway(connection->session(), NGHTTP2_FLAG_NONE, last_stream, code, nullptr,
                            0);
      connection->Flush();
    }
  });
}

void Http2Server::Accept() {
  acceptor_.async_accept([this](const Error& error, tcp::socket socket) {
    if (error) return;
    ++accepted_;
    Welcome(std::move(socket));
    Accept();
  });
}

void Http2Server::Welcome(tcp::socket socket) {
  if (options_.close_at_once) return;
  auto connection = std::make_shared<Connection>(*this, std::move(socket));
  connections_.push_back(connection);
  if (options_.silent) {
    connection->Greet("");
  } else if (!options_.greeting.empty()) {
    connection->Greet(options_.greeting);
  } else {
    connection->Begin();
  }
}

}  // namespace slipway::wire::testing
