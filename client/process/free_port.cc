#include "client/process/free_port.h"

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace slipway::client {

absl::StatusOr<uint16_t> FreePort() {
  using tcp = boost::asio::ip::tcp;
  boost::asio::io_context context(1);
  tcp::acceptor acceptor(context);
  boost::system::error_code error;
  acceptor.open(tcp::v4(), error);
  if (!error) acceptor.bind(tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0), error);
  const tcp::endpoint bound = error ? tcp::endpoint() : acceptor.local_endpoint(error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("no free port on 127.0.0.1: ", error.message()));
  }
  return bound.port();
}

}  // namespace slipway::client
