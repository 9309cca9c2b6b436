#include "gateway/http/httplib/patient_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "gateway/http/httplib/socket_stream.h"

namespace slipway::gateway {
namespace {

std::chrono::milliseconds Time(time_t seconds, time_t microseconds) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::seconds(seconds) + std::chrono::microseconds(microseconds));
}

}  // namespace

bool PatientServer::process_and_close_socket(socket_t socket) {
  const SocketStream::Timeouts timeouts{Time(read_timeout_sec_, read_timeout_usec_),
                                        Time(write_timeout_sec_, write_timeout_usec_)};
  bool served = false;
  for (size_t left = keep_alive_max_count_;
       left > 0 && svr_sock_ != INVALID_SOCKET &&
       WaitReadable(socket, std::chrono::seconds(keep_alive_timeout_sec_));
       --left) {
    bool closed = false;
    SocketStream stream(socket, timeouts);
    served = process_request(stream, left == 1, closed, nullptr);
    if (!served || closed) break;
  }
  shutdown(socket, SHUT_RDWR);
  close(socket);
  return served;
}

}  // namespace slipway::gateway
