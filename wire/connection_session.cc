// What of a Connection is nghttp2's: its callbacks, the session, requests.
#include <array>
#include <utility>

#include "wire/connection.h"

namespace slipway::wire {
namespace {

// Stream ids end at 2^31; a connection that comes near is replaced.
constexpr int32_t kLastStreamId = 0x7fff'0000;

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

void Connection::MakeSession() {
  static nghttp2_session_callbacks* const callbacks = Callbacks::Make();
  nghttp2_option* option;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  // gRPC servers send a grpc-message that begins or ends with a space as it is; RFC 9113 would make
  // that the end of the stream.
  nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option, 1);
  nghttp2_session_client_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  const std::array<nghttp2_settings_entry, 3> settings = {
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options_.stream_window},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options_.max_header_list}}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(options_.connection_window));
}

bool Connection::PeerTakes(absl::Span<const nghttp2_nv> headers) const {
  // RFC 9113, section 6.5.2: name and value of each field, and 32 bytes more.
  size_t size = 0;
  for (const nghttp2_nv& field : headers) size += field.namelen + field.valuelen + 32;
  return size <=
         nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE);
}

void Connection::Submit(Stream& stream, absl::Span<const nghttp2_nv> headers, bool has_body) {
  if (!PeerTakes(headers)) {
    // Some servers answer such a request by ending the connection, and with it everybody's calls.
    stream.OnClosed({rpc::Status(absl::StatusCode::kResourceExhausted,
                                 "the metadata is larger than the backend takes")});
    return;
  }
  nghttp2_data_provider body;
  body.source.ptr = nullptr;
  body.read_callback = Callbacks::FillBody;
  const int32_t id = nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(),
                                            has_body ? &body : nullptr, &stream);
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

}  // namespace slipway::wire
