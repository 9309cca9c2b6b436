#include "client/command/reproduce_http.h"

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "client/testing/known_server.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::KnownProtocol;
using testing::KnownServer;

rpc::Task<void> FetchOne(HttpSession* session, Request request, absl::StatusOr<Response>* answer,
                         rpc::Duration* took = nullptr) {
  rpc::Task<absl::StatusOr<Response>> fetching = session->Fetch(std::move(request), took);
  *answer = co_await std::move(fetching);
}

rpc::Task<void> FetchTwice(HttpSession* session, std::vector<std::string>* bodies) {
  for (int i = 0; i < 2; ++i) {
    absl::StatusOr<Response> answer = absl::UnknownError("none");
    rpc::Task<void> fetching = FetchOne(session, HttpPost("/known", "{}"), &answer);
    co_await std::move(fetching);
    if (answer.ok()) bodies->push_back(answer->body);
  }
}

rpc::Task<void> RaiseAndFetch(HttpSession* session, absl::StatusOr<Response>* answer) {
  std::raise(SIGINT);
  rpc::Task<void> fetching = FetchOne(session, HttpGet("/known"), answer);
  co_await std::move(fetching);
}

class HttpSessionTest : public ::testing::Test {
 protected:
  std::unique_ptr<HttpSession> Open(const KnownServer& server, uint32_t slots,
                                    rpc::Duration timeout = seconds(60)) {
    auto session = HttpSession::Open({.port = server.port(), .slots = slots, .timeout = timeout});
    EXPECT_TRUE(session.ok()) << session.status();
    return session.ok() ? *std::move(session) : nullptr;
  }
};

TEST_F(HttpSessionTest, OneConversationAsksInARow) {
  KnownServer server(KnownProtocol::kHttp1, {.body = "hello"});
  const auto session = Open(server, 1);
  ASSERT_NE(session, nullptr);
  std::vector<std::string> bodies;
  ASSERT_TRUE(session->RunAll(1, [&](size_t) { return FetchTwice(session.get(), &bodies); }).ok());
  EXPECT_EQ(bodies, (std::vector<std::string>{"hello", "hello"}));
  EXPECT_EQ(server.counts().connections, 1);
}

TEST_F(HttpSessionTest, WhatExceedsTheSlotsWaitsForItsTurn) {
  KnownServer server(KnownProtocol::kHttp1, {.delay = milliseconds(1)});
  const auto session = Open(server, 4);
  ASSERT_NE(session, nullptr);
  std::vector<absl::StatusOr<Response>> answers(100, absl::UnknownError("none"));
  ASSERT_TRUE(session
                  ->RunAll(answers.size(),
                           [&](size_t i) {
                             return FetchOne(session.get(), HttpGet("/known"), &answers[i]);
                           })
                  .ok());
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->status, 200);
  }
  EXPECT_EQ(server.counts().ok, 100);
  EXPECT_EQ(server.counts().connections, 4);
}

TEST_F(HttpSessionTest, TheTimeIsThatOfTheRequestAlone) {
  KnownServer server(KnownProtocol::kHttp1, {.delay = milliseconds(10)});
  const auto session = Open(server, 1);
  ASSERT_NE(session, nullptr);
  absl::StatusOr<Response> answer = absl::UnknownError("none");
  rpc::Duration took{};
  const rpc::Time begin = session->Now();
  ASSERT_TRUE(
      session
          ->RunAll(
              1, [&](size_t) { return FetchOne(session.get(), HttpGet("/known"), &answer, &took); })
          .ok());
  EXPECT_GE(took, milliseconds(10));
  EXPECT_LE(took, session->Now() - begin);
}

TEST_F(HttpSessionTest, AnErrorOfTheServerIsAnAnswer) {
  KnownServer server(KnownProtocol::kHttp1, {.error_every = 1});
  const auto session = Open(server, 1);
  ASSERT_NE(session, nullptr);
  absl::StatusOr<Response> answer = absl::UnknownError("none");
  const Request request = HttpGet("/known");
  ASSERT_TRUE(
      session->RunAll(1, [&](size_t) { return FetchOne(session.get(), request, &answer); }).ok());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(ExpectStatus(request, *answer, 200).message(),
            "GET /known answered 500 instead of 200: known");
}

TEST_F(HttpSessionTest, WhatDoesNotComeIsAnError) {
  KnownServer server(KnownProtocol::kHttp1);
  server.Stall();
  const auto session = Open(server, 1, milliseconds(20));
  ASSERT_NE(session, nullptr);
  absl::StatusOr<Response> answer = absl::UnknownError("none");
  ASSERT_TRUE(
      session
          ->RunAll(1, [&](size_t) { return FetchOne(session.get(), HttpGet("/known"), &answer); })
          .ok());
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(HttpSessionTest, AnInterruptFetchesNothingMore) {
  KnownServer server(KnownProtocol::kHttp1);
  const auto session = Open(server, 1);
  ASSERT_NE(session, nullptr);
  absl::StatusOr<Response> answer = absl::UnknownError("none");
  const absl::Status status =
      session->RunAll(1, [&](size_t) { return RaiseAndFetch(session.get(), &answer); });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(server.counts().received, 0);
}

TEST_F(HttpSessionTest, NobodyThereIsAnError) {
  uint16_t port = 0;
  {
    KnownServer server(KnownProtocol::kHttp1);
    port = server.port();
  }
  EXPECT_EQ(HttpSession::Open({.port = port}).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace slipway::client
