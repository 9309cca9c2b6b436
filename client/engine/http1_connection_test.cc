#include "client/engine/http1_connection.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

/// A connection whose peer is a socket of the test.
class Http1ConnectionTest : public ::testing::Test, public Http1Connection::Owner {
 protected:
  Http1ConnectionTest() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    listen(listener_, 1);
    around_.endpoint = Endpoint(boost::asio::ip::address_v4::loopback(), ntohs(address.sin_port));
  }
  ~Http1ConnectionTest() override {
    if (peer_ >= 0) close(peer_);
    close(listener_);
  }

  void OnConnected(Http1Connection&) override { done_ = true; }
  void OnResponse(Http1Connection&) override { done_ = true; }
  void OnFailure(Http1Connection&, bool, int, std::string_view what) override {
    ADD_FAILURE() << what;
    done_ = true;
  }
  /// Runs the loop until something has been reported.
  void Await() {
    done_ = false;
    executor_.RunUntil(done_);
  }
  void Connect(Http1Connection& connection) {
    ASSERT_EQ(connection.Open(), 0);
    Await();
    peer_ = accept(listener_, nullptr, nullptr);
    ASSERT_GE(peer_, 0);
  }

  std::array<char, 16> buffer_{};
  EpollExecutor executor_;
  Http1Connection::Surroundings around_{*this,   executor_,      Endpoint(),
                                        nullptr, buffer_.data(), buffer_.size()};
  bool done_ = false;
  int listener_ = -1;
  int peer_ = -1;
};

// A peer that sends faster than we read would keep all others waiting.
TEST_F(Http1ConnectionTest, ReadsSoMuchInATurnAndGoesOnInTheNext) {
  Http1Connection connection(around_);
  Connect(connection);
  connection.Send("GET / HTTP/1.1\r\n\r\n", false);
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x');
  ASSERT_EQ(write(peer_, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
  done_ = false;
  connection.OnEvents(EPOLLIN);
  EXPECT_FALSE(done_);
  EXPECT_LE(connection.parser().body_bytes(), 16 * buffer_.size());
  Await();
  EXPECT_EQ(connection.parser().body_bytes(), 1000u);
  EXPECT_TRUE(connection.is_open());
}

// The answer ends where a turn ends, and what comes behind it must not become the next one.
TEST_F(Http1ConnectionTest, BytesBehindTheAnswerCloseItAlsoInAnotherTurn) {
  Http1Connection connection(around_);
  Connect(connection);
  connection.Send("GET / HTTP/1.1\r\n\r\n", false);
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 216\r\n\r\n";
  const std::string answer = head + std::string(216, 'x');
  ASSERT_EQ(answer.size(), 16 * buffer_.size());
  const std::string bytes = answer + std::string(16 * buffer_.size(), 'y');
  ASSERT_EQ(write(peer_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  Await();
  EXPECT_FALSE(connection.is_open());
}

}  // namespace
}  // namespace slipway::client
