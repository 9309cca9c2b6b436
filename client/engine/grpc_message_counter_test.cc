#include "client/engine/grpc_message_counter.h"

#include <string>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

std::string Frame(const std::string& message) {
  return std::string{0, 0, 0, static_cast<char>(message.size() >> 8),
                     static_cast<char>(message.size())} +
         message;
}

TEST(GrpcMessageCounter, PiecesOfAnySize) {
  const std::string bytes = Frame("one") + Frame("") + Frame(std::string(300, 'x')) + Frame("");
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    GrpcMessageCounter counter;
    int seen = 0;
    for (size_t i = 0; i < bytes.size(); i += piece) {
      ASSERT_TRUE(counter.Feed(std::string_view(bytes).substr(i, piece), [&seen] { ++seen; }));
    }
    EXPECT_EQ(seen, 4) << piece;
    EXPECT_EQ(counter.messages(), 4) << piece;
    EXPECT_EQ(counter.bytes(), 303u) << piece;
    EXPECT_FALSE(counter.partial()) << piece;
  }
}

TEST(GrpcMessageCounter, PartOfAMessage) {
  GrpcMessageCounter counter;
  ASSERT_TRUE(counter.Feed(std::string_view("\0\0\0", 3), [] {}));
  EXPECT_TRUE(counter.partial());
  ASSERT_TRUE(counter.Feed(std::string_view("\0\2a", 3), [] {}));
  EXPECT_TRUE(counter.partial());
  EXPECT_EQ(counter.messages(), 0);
  EXPECT_EQ(counter.bytes(), 1u);
  ASSERT_TRUE(counter.Feed("b", [] {}));
  EXPECT_EQ(counter.bytes(), 2u);
  EXPECT_FALSE(counter.partial());
  EXPECT_EQ(counter.messages(), 1);
}

TEST(GrpcMessageCounter, CompressedCountsUnknownFlagsFail) {
  GrpcMessageCounter counter;
  EXPECT_TRUE(counter.Feed(std::string_view("\1\0\0\0\1x", 6), [] {}));
  EXPECT_EQ(counter.messages(), 1);
  EXPECT_FALSE(counter.Feed(std::string_view("\2\0\0\0\1x", 6), [] {}));
  counter.Start();
  EXPECT_EQ(counter.messages(), 0);
}

}  // namespace
}  // namespace slipway::client
