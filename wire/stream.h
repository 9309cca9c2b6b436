#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <boost/intrusive/list.hpp>

#include "rpc/status.h"

namespace slipway::wire {

class Connection;

/// How a stream ended without the peer's END_STREAM.
struct StreamEnd {
  /// UNAVAILABLE when the connection was lost, else what the peer's RST_STREAM means for a call.
  rpc::Status status;
  /// The peer has certainly not looked at it (REFUSED_STREAM, above GOAWAY's last stream, or never
  /// written): it may be submitted again elsewhere.
  bool unprocessed = false;
};

/// One HTTP/2 exchange as its connection sees it. Implemented and owned by who asked for it; one
/// destroyed while it is attached is reset with CANCEL. One thread.
///
/// The On… functions and FillBody are called from inside nghttp2: they note what has happened, may
/// call the connection's Consume and Reset, and leave resuming of coroutines to Wake, which comes
/// from the loop after something was put on the WakeList.
class Stream {
 public:
  using Hook = boost::intrusive::list_member_hook<
      boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  static constexpr size_t kNothingYet = static_cast<size_t>(-1);

  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream();

  virtual void OnHeader(std::string_view name, std::string_view value) = 0;
  /// A header block is complete: the response's, an interim one, or the trailers.
  virtual void OnHeadersEnd(bool end_stream) = 0;
  virtual void OnData(std::string_view bytes) = 0;
  /// END_STREAM came with data. Detaches.
  virtual void OnDataEnd() = 0;
  /// The stream is over otherwise; it is detached already.
  virtual void OnClosed(const StreamEnd& end) = 0;
  /// Puts up to `size` bytes of the body into `buffer`, answers how many, and sets `*end` with the
  /// last. kNothingYet: ask again after ResumeBody.
  virtual size_t FillBody(uint8_t* buffer, size_t size, bool* end) = 0;
  /// Resumes who waits. The stream may be gone afterwards.
  virtual void Wake() = 0;

  /// nullptr before Submit and after the end.
  Connection* connection() const { return connection_; }

  Hook attached_hook;  // for Connection
  Hook wake_hook;      // for WakeList

 private:
  friend class Connection;
  Connection* connection_ = nullptr;
  int32_t id_ = 0;
  bool headers_written_ = false;
  bool body_waits_ = false;
  size_t unreturned_ = 0;  // consumed, not yet told to nghttp2
};

}  // namespace slipway::wire
