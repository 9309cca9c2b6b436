#include "wire/message_reader.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "wire/testing/scripted_server.h"

namespace slipway::wire {
namespace {

using testing::Frame;

std::vector<std::string> TakeAll(MessageReader& reader) {
  std::vector<std::string> all;
  while (reader.complete()) all.push_back(reader.Take());
  return all;
}

TEST(MessageReader, OneMessage) {
  MessageReader reader(100);
  EXPECT_FALSE(reader.complete());
  EXPECT_FALSE(reader.partial());
  reader.Add(Frame("hello"));
  ASSERT_TRUE(reader.complete());
  EXPECT_EQ(reader.Take(), "hello");
  EXPECT_FALSE(reader.complete());
  EXPECT_FALSE(reader.partial());
}

TEST(MessageReader, AnyCutGivesTheSameMessages) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::string bytes;
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    expected.push_back(std::string(random() % 50, static_cast<char>('a' + i % 26)));
    bytes += Frame(expected.back());
  }
  for (int round = 0; round < 50; ++round) {
    MessageReader reader(1'000);
    std::vector<std::string> got;
    size_t released = 0;
    for (size_t at = 0; at < bytes.size();) {
      const size_t take = std::min<size_t>(1 + random() % 300, bytes.size() - at);
      reader.Add(std::string_view(bytes).substr(at, take));
      at += take;
      if (random() % 2 == 0) {
        for (auto& message : TakeAll(reader)) got.push_back(message);
      }
      released += reader.TakeReleased();
      EXPECT_LE(released, at);
    }
    for (auto& message : TakeAll(reader)) got.push_back(message);
    released += reader.TakeReleased();
    EXPECT_EQ(got, expected);
    EXPECT_EQ(released, bytes.size());
  }
}

TEST(MessageReader, ReleasesOnlyTheFirstMessage) {
  MessageReader reader(100);
  reader.Add(Frame("12345") + Frame("678") + Frame(""));
  EXPECT_EQ(reader.TakeReleased(), 10u);
  EXPECT_EQ(reader.Take(), "12345");
  EXPECT_EQ(reader.TakeReleased(), 8u);
  EXPECT_EQ(reader.Take(), "678");
  EXPECT_EQ(reader.TakeReleased(), 5u);
  EXPECT_EQ(reader.Take(), "");
  EXPECT_EQ(reader.TakeReleased(), 0u);
}

TEST(MessageReader, ClearReleasesTheRest) {
  MessageReader reader(100);
  reader.Add(Frame("12345") + Frame("678"));
  EXPECT_EQ(reader.TakeReleased(), 10u);
  reader.Clear();
  EXPECT_EQ(reader.TakeReleased(), 8u);
  EXPECT_FALSE(reader.complete());
}

TEST(MessageReader, MessagesBeforeAnErrorAreThere) {
  MessageReader reader(3);
  reader.Add(Frame("abc") + Frame("abcd"));
  ASSERT_TRUE(reader.complete());
  EXPECT_TRUE(reader.error().ok());
  EXPECT_EQ(reader.Take(), "abc");
  EXPECT_FALSE(reader.complete());
  EXPECT_EQ(reader.error().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(reader.error().message(), "received message larger than max (4 vs. 3)");
}

TEST(MessageReader, Partial) {
  MessageReader reader(100);
  reader.Add(Frame("hello").substr(0, 3));
  EXPECT_TRUE(reader.partial());
  reader.Add(Frame("hello").substr(3, 3));
  EXPECT_TRUE(reader.partial());
  reader.Add(Frame("hello").substr(6));
  EXPECT_FALSE(reader.partial());
}

}  // namespace
}  // namespace slipway::wire
