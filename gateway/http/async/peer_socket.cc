#include "gateway/http/async/peer_socket.h"

#include <boost/asio/error.hpp>

namespace slipway::gateway {
namespace {

IoResult ToResult(const boost::system::error_code& error, size_t bytes) {
  if (!error) return {IoStatus::kDone, bytes};
  const bool blocked =
      error == boost::asio::error::would_block || error == boost::asio::error::try_again;
  return {blocked ? IoStatus::kBlocked : IoStatus::kEnded};
}

}  // namespace

PeerSocket::PeerSocket(boost::asio::io_context& context, UniqueFd fd)
    : socket_(context.get_executor()) {
  boost::system::error_code error;
  // The address family matters to Asio only for addresses, which are not asked for here.
  socket_.assign(boost::asio::ip::tcp::v4(), fd.get(), error);
  if (error) return;  // every operation on the closed socket says that it has ended
  fd.Release();
  socket_.non_blocking(true, error);
}

IoResult PeerSocket::Read(std::span<char> space) {
  boost::system::error_code error;
  const size_t bytes = socket_.read_some(boost::asio::buffer(space.data(), space.size()), error);
  return ToResult(error, bytes);
}

IoResult PeerSocket::Write(PendingWrite& pending) {
  boost::system::error_code error;
  const size_t bytes = socket_.write_some(pending.pieces(), error);
  pending.Consume(bytes);
  return ToResult(error, bytes);
}

void PeerSocket::ShutdownSend() {
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void PeerSocket::Close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace slipway::gateway
