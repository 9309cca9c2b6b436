#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <nghttp2/nghttp2.h>
#include <boost/intrusive/list.hpp>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "rpc/executor.h"
#include "rpc/io_executor.h"
#include "wire/stream.h"
#include "wire/transport.h"
#include "wire/wake_list.h"

namespace slipway::wire {

/// What one HTTP/2 connection is set up with.
struct ConnectionOptions {
  /// Bytes that the peer may send on one stream, and on the connection, before they are given back.
  uint32_t stream_window = 1 << 20;
  uint32_t connection_window = 16 << 20;
  /// Bytes of one header block (RFC 9113, 6.5.2), told to the peer and enforced.
  uint32_t max_header_list = 64 << 10;
  /// From the first SYN to the peer's SETTINGS, TLS included.
  rpc::Duration connect_timeout = std::chrono::seconds(5);
  /// A ping is sent when nothing has been received for this long; zero sends none. gRPC servers end
  /// connections that ping more often than every five minutes unless they are set up otherwise.
  rpc::Duration keepalive_time = rpc::Duration::zero();
  /// The connection is given up when a ping has not been answered for this long.
  rpc::Duration keepalive_timeout = std::chrono::seconds(20);
  /// Pings also while no stream is open.
  bool keepalive_without_calls = false;
};

/// One HTTP/2 connection to one address, as its client: the socket, TLS, and nghttp2's session.
///
/// Lives in shared_ptrs, because what the socket has under way keeps it. Everything happens on the
/// executor's thread. Streams are owned by their makers; one that is destroyed is reset. What is
/// submitted in one turn of the loop leaves in one write. Every stream ends, at the latest with the
/// connection; each connection ends with Owner::OnClosed, once, unless Close was called.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// Hears of the connection's fate. Called outside of nghttp2, so it may do anything but destroy
  /// itself. Must outlive the connection or call Close.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// The peer's SETTINGS have come: streams may be submitted.
    virtual void OnConnected(Connection& connection) = 0;
    /// Streams have ended, or the peer allows more: there may be room for another.
    virtual void OnCapacity(Connection& connection) = 0;
    /// No new streams (GOAWAY, or stream ids are used up); the open ones go on.
    virtual void OnDraining(Connection& connection) = 0;
    /// The connection is over or never came to be; all its streams have ended with `why`.
    virtual void OnClosed(Connection& connection, const absl::Status& why) = 0;
  };

  /// Starts to connect. `owner` hears the outcome, never from inside this call.
  static std::shared_ptr<Connection> Connect(rpc::IoExecutor& executor, Peer peer,
                                             const ConnectionOptions& options,
                                             std::shared_ptr<WakeList> wake_list, Owner* owner);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// True when a stream submitted now leaves at once: connected, not draining, below the peer's
  /// MAX_CONCURRENT_STREAMS.
  bool accepts_streams() const { return state_ == State::kReady && open_streams_ < max_streams_; }
  /// Streams that the peer counts, those that were reset just now included.
  size_t open_streams() const { return open_streams_; }
  /// `127.0.0.1:50051`
  const std::string& address() const { return address_; }

  /// Opens a stream with these headers; its body is asked for by Stream::FillBody. Only when
  /// accepts_streams(). Headers that the peer does not take (SETTINGS_MAX_HEADER_LIST_SIZE) end the
  /// stream at once with RESOURCE_EXHAUSTED; nothing is sent then. Without `has_body` the headers
  /// are all there is. What `headers` points to and says not to copy stays until the stream has
  /// ended.
  void Submit(Stream& stream, absl::Span<const nghttp2_nv> headers, bool has_body = true);
  /// The stream's FillBody answered "nothing yet" and now has something.
  void ResumeBody(Stream& stream);
  /// The reader of `stream` has done with `bytes`: the peer may send as many again.
  void Consume(Stream& stream, size_t bytes);
  /// Ends the stream with an HTTP/2 error code; it hears nothing more.
  void Reset(Stream& stream, uint32_t code);

  /// No new streams; closes when the last one has ended.
  void Drain();
  /// Ends all streams with `why` and closes the socket. The owner hears nothing more.
  void Close(const absl::Status& why);

 private:
  enum class State { kConnecting, kReady, kDraining, kClosed };
  struct Callbacks;
  friend struct Callbacks;
  using Error = boost::system::error_code;
  static constexpr rpc::Time kNoPing = rpc::Time::max();

  Connection(rpc::IoExecutor& executor, Peer peer, const ConnectionOptions& options,
             std::shared_ptr<WakeList> wake_list, Owner* owner);

  void Begin();
  void StartSession();
  void MakeSession();
  bool PeerTakes(absl::Span<const nghttp2_nv> headers) const;
  void Read();
  void OnRead(const Error& error, size_t size);
  void ScheduleFlush();
  void Flush();
  void FlushAndTell();
  bool FillOutput();
  bool WriteOutput();
  void WriteRest(size_t written);
  void Receive(size_t size);
  void TellOwner();
  void ReturnWindow();
  void FinishIfDone();
  Stream* Attached(int32_t id);
  void Detach(Stream& stream);
  void EndByPeer(Stream& stream);
  void OnFrame(const nghttp2_frame& frame);
  void OnSettings();
  void OnGoaway(const nghttp2_goaway& frame);
  void OnStreamClosed(int32_t id, uint32_t code);
  void StartDraining();
  void EndStreams(const absl::Status& why);
  void Fail(std::string_view what);
  void Finish(const absl::Status& why);
  void StartKeepalive(rpc::Time when);
  void OnKeepalive();

  rpc::IoExecutor& executor_;
  const Peer peer_;
  const ConnectionOptions options_;
  const std::string address_;
  const std::shared_ptr<WakeList> wake_list_;
  Owner* owner_;  // nullptr after OnClosed or Close

  Transport transport_;
  nghttp2_session* session_ = nullptr;
  State state_ = State::kConnecting;
  size_t open_streams_ = 0;
  size_t max_streams_ = 0;
  boost::intrusive::list<
      Stream, boost::intrusive::member_hook<Stream, Stream::Hook, &Stream::attached_hook>,
      boost::intrusive::constant_time_size<false>>
      streams_;
  std::string trouble_;          // what nghttp2 or the peer's GOAWAY said, for messages
  bool connected_news_ = false;  // what the owner must hear after this turn
  bool draining_news_ = false;
  bool capacity_news_ = false;

  std::unique_ptr<uint8_t[]> input_;
  size_t unreturned_ = 0;  // of the connection's window
  std::string output_;
  bool in_turn_ = false;  // a flush comes at the end of this turn anyway
  bool flush_scheduled_ = false;
  bool writing_ = false;           // output_ belongs to the socket
  rpc::Time last_received_{};      // kept only when pings are on
  rpc::Time ping_sent_ = kNoPing;  // when the unanswered one was
  rpc::Timer connect_timer_;
  rpc::Timer keepalive_timer_;
};

}  // namespace slipway::wire
