#pragma once

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <algorithm>
#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <span>
#include <string_view>

#include "gateway/http/async/unique_fd.h"

namespace slipway::gateway {

enum class IoStatus {
  kDone,     ///< some bytes went
  kBlocked,  ///< not now: wait
  kEnded,    ///< the peer has closed its side or the connection is broken
};

struct IoResult {
  IoStatus status;
  size_t bytes = 0;
};

/// What is still to be sent of an answer's head, a piece of its body and what frames it. Points at
/// bytes of others.
class PendingWrite {
 public:
  PendingWrite() = default;
  PendingWrite(std::string_view first, std::string_view second, std::string_view third)
      : pieces_{boost::asio::buffer(first), boost::asio::buffer(second),
                boost::asio::buffer(third)} {}

  bool empty() const { return boost::asio::buffer_size(pieces_) == 0; }
  const auto& pieces() const { return pieces_; }
  void Consume(size_t count) {
    for (boost::asio::const_buffer& piece : pieces_) {
      const size_t part = std::min(count, piece.size());
      piece += part;
      count -= part;
    }
  }

 private:
  std::array<boost::asio::const_buffer, 3> pieces_{};
};

/// One accepted socket that never blocks: Read and Write do what can be done at once; a wait calls
/// back when it is worth trying again, also with an error and after Close, once for each wait.
/// Used on the io_context's thread.
class PeerSocket {
 public:
  PeerSocket(boost::asio::io_context& context, UniqueFd fd);

  IoResult Read(std::span<char> space);
  /// One gathered write; `pending` must not be empty and loses what was sent.
  IoResult Write(PendingWrite& pending);
  template <typename Handler>
  void WaitReadable(Handler handler) {
    socket_.async_wait(Socket::wait_read, std::move(handler));
  }
  template <typename Handler>
  void WaitWritable(Handler handler) {
    socket_.async_wait(Socket::wait_write, std::move(handler));
  }
  /// Tells the peer that no more will come.
  void ShutdownSend();
  void Close();

 private:
  // Not the type-erased default executor: waits are on the path of every request.
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                                  boost::asio::io_context::executor_type>;
  Socket socket_;
};

}  // namespace slipway::gateway
