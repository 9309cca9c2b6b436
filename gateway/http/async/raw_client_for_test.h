#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "gateway/http/async/unique_fd.h"

namespace slipway::gateway {

/// What a server answered: status, head and body, framing removed. For tests.
struct RawAnswer {
  int status = 0;
  std::string head;
  std::string body;

  bool Has(std::string_view line) const { return head.find(line) != std::string::npos; }
};

/// A blocking client that sends exactly the bytes it is given. Every wait ends after ten seconds
/// with a failure, so that a server that does not answer fails a test and does not hang it. For
/// tests.
class RawClient {
 public:
  explicit RawClient(int port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) {
      setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    Connect(port);
  }

  bool connected() const { return connected_; }
  /// False when the server has closed.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void ShutdownSend() { ::shutdown(fd_.get(), SHUT_WR); }
  /// Closes with a reset.
  void Reset() {
    const linger abort{1, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    fd_ = UniqueFd(-1);
  }
  void Close() { fd_ = UniqueFd(-1); }

  /// The next answer; nothing when the server closed before its end. `has_body` false for HEAD.
  std::optional<RawAnswer> Receive(bool has_body = true) {
    RawAnswer answer;
    if (!ReadUntil("\r\n\r\n", &answer.head)) return std::nullopt;
    answer.status = std::atoi(answer.head.c_str() + 9);
    if (!has_body || answer.status < 200 || answer.status == 204 || answer.status == 304) {
      return answer;
    }
    const std::string head = absl::AsciiStrToLower(answer.head);
    if (head.find("transfer-encoding: chunked") != std::string::npos) {
      if (!ReadChunks(&answer)) return std::nullopt;
    } else if (const size_t at = head.find("content-length: "); at != std::string::npos) {
      if (!ReadBytes(std::strtoul(head.c_str() + at + 16, nullptr, 10), &answer.body)) {
        return std::nullopt;
      }
    } else {
      answer.body = ReadToEnd();
    }
    return answer;
  }
  std::optional<RawAnswer> Ask(std::string_view request) {
    Send(request);
    return Receive();
  }
  /// Everything up to the end of the connection.
  std::string ReadToEnd() {
    while (Fill()) {
    }
    return std::exchange(buffer_, {});
  }
  /// True when the server closes, cleanly or not, and has sent nothing more.
  bool Closed() { return !Fill() && ended_ && buffer_.empty(); }
  /// How many bytes are there without waiting for more.
  size_t Available() {
    char byte;
    return ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0 ? 1 : 0;
  }
  bool ReadBytes(size_t count, std::string* out) {
    while (buffer_.size() < count) {
      if (!Fill()) return false;
    }
    out->append(buffer_, 0, count);
    buffer_.erase(0, count);
    return true;
  }
  bool ReadUntil(std::string_view mark, std::string* out) {
    size_t at;
    while ((at = buffer_.find(mark)) == std::string::npos) {
      if (!Fill()) return false;
    }
    return ReadBytes(at + mark.size(), out);
  }

 private:
  void Connect(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{10, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int one = 1;
    setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  bool Fill() {
    char bytes[65536];
    const ssize_t count = ::recv(fd_.get(), bytes, sizeof bytes, 0);
    if (count <= 0) {
      ended_ = count == 0 || errno == ECONNRESET || errno == EPIPE;
      return false;
    }
    buffer_.append(bytes, static_cast<size_t>(count));
    return true;
  }
  bool ReadChunks(RawAnswer* answer) {
    for (;;) {
      std::string line;
      if (!ReadUntil("\r\n", &line)) return false;
      const size_t size = std::strtoul(line.c_str(), nullptr, 16);
      if (size == 0) return ReadTrailers(answer);
      std::string end;
      if (!ReadBytes(size, &answer->body) || !ReadUntil("\r\n", &end)) return false;
    }
  }
  /// Trailers are put behind the head.
  bool ReadTrailers(RawAnswer* answer) {
    for (std::string line; line != "\r\n";) {
      line.clear();
      if (!ReadUntil("\r\n", &line)) return false;
      answer->head += line;
    }
    return true;
  }

  UniqueFd fd_;
  std::string buffer_;
  bool connected_ = false;
  bool ended_ = false;
};

}  // namespace slipway::gateway
