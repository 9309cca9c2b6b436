#include "jobs/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/testing/temporary_directory.h"
#include "google/api/httpbody.pb.h"
#include "jobs/testing/task_runner.h"
#include "jobs/work/result_size.h"
#include "rpc/client_call.h"
#include "rpc/dispatcher.h"
#include "rpc/in_process.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {
namespace {

using testing::HasSubstr;

/// Counts what happened, for somebody who waits for it.
class Tally {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  bool WaitFor(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;  // guarded by mutex_
};

rpc::Task<absl::StatusOr<JobResult>> CountAndAnswer(Tally& tally, std::string payload) {
  tally.Add();
  JobResult result;
  result.body = std::move(payload);
  co_return result;
}

rpc::Task<absl::StatusOr<JobResult>> CountAndHang(rpc::CallContext& context, Tally& tally) {
  tally.Add();
  const rpc::Status status = co_await context.Sleep(std::chrono::hours(1));
  co_return status.ToAbsl();
}

class JobEngineTest : public testing::Test {
 protected:
  std::unique_ptr<JobEngine> Open(JobEngine::Options options = {}) {
    options.store = "sqlite:" + directory_.File("data/jobs.db");
    options.metrics = &metrics_;
    auto engine = JobEngine::Open(std::move(options));
    EXPECT_TRUE(engine.ok()) << engine.status();
    return *std::move(engine);
  }
  static std::string Submit(JobEngine& engine, TaskRunner& runner, const std::string& kind) {
    auto row = runner.Run(
        engine.store().Submit(runner.executor(), NewJob{kind, "payload", "my-id", absl::Now()}));
    EXPECT_TRUE(row.ok()) << row.status();
    return row.ok() ? row->id : "";
  }
  JobOutcome Get(JobEngine& engine, const std::string& id) {
    auto outcome = runner_.Run(engine.store().GetOutcome(runner_.executor(), id));
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? *outcome : JobOutcome();
  }
  /// Runs `child` in a process that ends without closing anything; answers what it said.
  template <typename Child>
  static std::string RunAndCrash(Child child) {
    int answer[2];
    EXPECT_EQ(pipe(answer), 0);
    const pid_t pid = fork();
    if (pid == 0) {
      const std::string text = child();
      const ssize_t written = write(answer[1], text.data(), text.size());
      _exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    close(answer[1]);
    std::string text(4096, '\0');
    const ssize_t size = read(answer[0], text.data(), text.size());
    close(answer[0]);
    text.resize(size > 0 ? static_cast<size_t>(size) : 0);
    int exit = 0;
    EXPECT_EQ(waitpid(pid, &exit, 0), pid);
    EXPECT_EQ(exit, 0);
    return text;
  }

  base::TemporaryDirectory directory_;
  base::Metrics metrics_;
  TaskRunner runner_;
};

/// The engine's services, called as any transport calls them.
class Services {
 public:
  Services(JobEngine& engine, TaskRunner& runner) : runner_(runner) {
    rpc::Dispatcher::Builder builder;
    for (rpc::Method& method : engine.Methods()) builder.Add(std::move(method));
    upstream_ =
        std::make_unique<rpc::InProcessUpstream>(std::move(builder).Build(), runner.executor());
  }
  template <typename Response, typename Request>
  Response Call(const std::string& method, const Request& request) {
    auto call = upstream_->NewCall();
    rpc::CallSpec spec;
    spec.method = method;
    auto unary = rpc::CallUnary(*call, std::move(spec), request.SerializeAsString());
    const rpc::UnaryResult result = runner_.Run(std::move(unary));
    EXPECT_TRUE(result.status.ok()) << result.status.message();
    Response response;
    EXPECT_TRUE(response.ParseFromString(result.message));
    return response;
  }
  /// The job once it has ended.
  v1::Job End(const std::string& id) {
    v1::GetJobRequest ask;
    ask.set_id(id);
    const absl::Time end = absl::Now() + absl::Seconds(60);
    while (true) {
      v1::Job job = Call<v1::Job>("/slipway.v1.Jobs/GetJob", ask);
      if (job.state() > v1::Job::RUNNING || absl::Now() >= end) return job;
    }
  }
  /// What its result is then.
  google::api::HttpBody BodyOf(const std::string& id) {
    End(id);
    v1::GetJobResultRequest ask;
    ask.set_id(id);
    return Call<google::api::HttpBody>("/slipway.v1.Jobs/GetJobResult", ask);
  }
  std::string ResultOf(const std::string& id) { return BodyOf(id).data(); }

 private:
  TaskRunner& runner_;
  std::unique_ptr<rpc::InProcessUpstream> upstream_;
};

TEST_F(JobEngineTest, RunsAGreetingToItsEnd) {
  auto engine = Open();
  engine->Start();
  Services services(*engine, runner_);
  v1::SubmitJobRequest request;
  request.mutable_greeting()->set_name("Ann");
  const auto job = services.Call<v1::Job>("/slipway.v1.Jobs/SubmitJob", request);
  EXPECT_EQ(services.ResultOf(job.id()), R"({"result":"Hello Ann...!"})");
}

TEST_F(JobEngineTest, WhatSucceedsCanBeFetched) {
  constexpr size_t kMostOfAReceiver = 4 << 20;  // gRPC's, unless it is told otherwise
  auto engine = Open();
  engine->Start();
  Services services(*engine, runner_);
  const auto greet = [&services](std::string name) {
    v1::SubmitJobRequest request;
    request.mutable_greeting()->set_name(std::move(name));
    return services.Call<v1::Job>("/slipway.v1.Jobs/SubmitJob", request).id();
  };
  const size_t rest = std::string(R"({"result":"Hello ...!"}application/json)").size();
  const auto largest = services.BodyOf(greet(std::string(kMaxResultBytes - rest, 'n')));
  EXPECT_EQ(largest.data().size() + largest.content_type().size(), kMaxResultBytes);
  EXPECT_LE(largest.ByteSizeLong(), kMostOfAReceiver);
  // As JSON each of these has six bytes.
  for (const std::string& name :
       {std::string(kMaxResultBytes - rest + 1, 'n'), std::string(800'000, '\x01')}) {
    const v1::Job job = services.End(greet(name));
    EXPECT_EQ(job.state(), v1::Job::FAILED);
    EXPECT_EQ(job.attempt(), 1);
    EXPECT_EQ(job.error().code(), static_cast<int>(absl::StatusCode::kOutOfRange));
  }
}

TEST_F(JobEngineTest, TheLogSaysWhereTheStoreIs) {
  ASSERT_TRUE(base::InitLog({directory_.File("log"), "info"}).ok());
  Open();
  ASSERT_TRUE(base::InitLog({"", "info"}).ok());  // writes what it holds back
  std::ifstream file(directory_.File("log/info.log"));
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(log, HasSubstr("everything durable is kept in " + directory_.File("data/jobs.db")));
}

/// A server of this process that jobs may call: health is linked in, and allowed by name.
rpc::Task<rpc::Status> AnswerServing(rpc::CallContext&, rpc::ServerStream& stream) {
  const std::optional<std::string> request = co_await stream.Read();
  if (!request) co_return rpc::Status(absl::StatusCode::kInternal, "no request");
  std::string serving = "\x08\x01";
  const bool sent = co_await stream.Write(std::move(serving));
  co_return sent ? rpc::Status() : rpc::Status(absl::StatusCode::kCancelled, "gone");
}

TEST_F(JobEngineTest, CallsAMethodOfItsOwnProcess) {
  rpc::Dispatcher::Builder builder;
  builder.Add({"/grpc.health.v1.Health/Check", rpc::MethodKind::kUnary, AnswerServing});
  const std::shared_ptr<const rpc::Dispatcher> dispatcher = std::move(builder).Build();
  JobEngine::Options options;
  options.services = {"grpc.health.v1.Health"};
  options.dispatcher = [dispatcher] { return dispatcher; };
  options.config.allow = {"grpc.health.v1.Health/Check"};
  auto engine = Open(std::move(options));
  engine->Start();
  Services services(*engine, runner_);
  v1::SubmitJobRequest request;
  request.mutable_call()->set_method("grpc.health.v1.Health/Check");
  const auto job = services.Call<v1::Job>("/slipway.v1.Jobs/SubmitJob", request);
  EXPECT_EQ(services.ResultOf(job.id()), R"({"status":"SERVING"})");
}

TEST_F(JobEngineTest, JobOutlivesTheProcessThatAcknowledgedIt) {
  const std::string id = RunAndCrash([this] {
    TaskRunner runner;
    JobEngine* engine = Open().release();
    return Submit(*engine, runner, "note");
  });
  ASSERT_FALSE(id.empty());
  Tally tally;
  JobEngine::Options options;
  options.handlers["note"] = [&tally](Attempt& attempt) {
    return CountAndAnswer(tally, attempt.payload());
  };
  auto engine = Open(std::move(options));
  EXPECT_EQ(Get(*engine, id).row.state, JobState::kAccepted);
  engine->Start();
  ASSERT_TRUE(tally.WaitFor(1));
  engine->Stop(absl::Seconds(10));
  const JobOutcome outcome = Get(*engine, id);
  EXPECT_EQ(outcome.row.state, JobState::kSucceeded);
  EXPECT_EQ(outcome.row.attempt, 1);
  EXPECT_EQ(outcome.row.correlation_id, "my-id");
  EXPECT_EQ(outcome.result.body, "payload");
}

TEST_F(JobEngineTest, JobOfACrashedWorkerRunsAgainAtOnce) {
  const std::string id = RunAndCrash([this] {
    TaskRunner runner;
    auto* tally = new Tally();
    JobEngine::Options options;
    options.handlers["note"] = [tally](Attempt& attempt) {
      return CountAndHang(attempt.call(), *tally);
    };
    JobEngine* engine = Open(std::move(options)).release();
    engine->Start();
    std::string submitted = Submit(*engine, runner, "note");
    return tally->WaitFor(1) ? submitted : "";
  });
  ASSERT_FALSE(id.empty());
  Tally tally;
  JobEngine::Options options;
  options.handlers["note"] = [&tally](Attempt& attempt) {
    return CountAndAnswer(tally, attempt.payload());
  };
  auto engine = Open(std::move(options));
  EXPECT_EQ(Get(*engine, id).row.state, JobState::kRunning);
  engine->Start();
  ASSERT_TRUE(tally.WaitFor(1));
  engine->Stop(absl::Seconds(10));
  EXPECT_EQ(Get(*engine, id).row.state, JobState::kSucceeded);
  EXPECT_EQ(Get(*engine, id).row.attempt, 2);
}

TEST_F(JobEngineTest, EveryAcknowledgedJobOfACrashIsRun) {
  // The child submits until it is killed; each acknowledged id goes to the parent at once.
  int answer[2];
  ASSERT_EQ(pipe(answer), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    TaskRunner runner;
    JobEngine* engine = Open().release();
    while (true) {
      const std::string id = Submit(*engine, runner, "note");
      if (write(answer[1], id.data(), id.size()) != static_cast<ssize_t>(id.size())) _exit(1);
    }
  }
  close(answer[1]);
  std::string ledger(26 * 40, '\0');
  size_t size = 0;
  const auto receive = [&](size_t limit) {
    ssize_t got = 1;
    while (got > 0 && size < limit) {
      got = read(answer[0], ledger.data() + size, limit - size);
      if (got > 0) size += static_cast<size_t>(got);
    }
  };
  receive(26 * 20);
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  receive(ledger.size());  // what was on its way
  close(answer[0]);
  ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
  ASSERT_GE(size, 26u * 20);
  Tally tally;
  JobEngine::Options options;
  options.handlers["note"] = [&tally](Attempt& attempt) {
    return CountAndAnswer(tally, attempt.payload());
  };
  auto engine = Open(std::move(options));
  engine->Start();
  ASSERT_TRUE(tally.WaitFor(static_cast<int>(size / 26)));
  engine->Stop(absl::Seconds(10));
  for (size_t i = 0; i + 26 <= size; i += 26) {
    EXPECT_EQ(Get(*engine, ledger.substr(i, 26)).row.state, JobState::kSucceeded);
  }
}

TEST_F(JobEngineTest, ShowsMetrics) {
  Tally tally;
  JobEngine::Options options;
  options.handlers["note"] = [&tally](Attempt& attempt) {
    return CountAndAnswer(tally, attempt.payload());
  };
  auto engine = Open(std::move(options));
  Submit(*engine, runner_, "note");
  Submit(*engine, runner_, "waits");
  engine->Start();
  ASSERT_TRUE(tally.WaitFor(1));
  engine->Stop(absl::Seconds(10));
  const std::string text = metrics_.Serialize();
  EXPECT_THAT(text, HasSubstr("slipway_jobs_submitted_total{kind=\"note\"} 1"));
  EXPECT_THAT(text, HasSubstr("slipway_jobs{kind=\"note\",state=\"succeeded\"} 1"));
  EXPECT_THAT(text, HasSubstr("slipway_jobs{kind=\"waits\",state=\"accepted\"} 1"));
  EXPECT_THAT(text,
              HasSubstr("slipway_job_attempts_ended_total{kind=\"note\",result=\"succeeded\"} 1"));
  EXPECT_THAT(text, HasSubstr("slipway_job_queue_age_seconds{kind=\"waits\"}"));
  EXPECT_THAT(text, HasSubstr("slipway_store_commit_operations_count"));
  engine.reset();
  EXPECT_THAT(metrics_.Serialize(), HasSubstr("slipway_job_queue_age_seconds{kind=\"waits\"} 0"));
}

TEST_F(JobEngineTest, CountsWhatAnEarlierProcessLeft) {
  Submit(*Open(), runner_, "note");
  base::Metrics metrics;
  JobEngine::Options options;
  options.store = "sqlite:" + directory_.File("data/jobs.db");
  options.metrics = &metrics;
  auto engine = JobEngine::Open(std::move(options));
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_THAT(metrics.Serialize(), HasSubstr("slipway_jobs{kind=\"note\",state=\"accepted\"} 1"));
}

TEST_F(JobEngineTest, OthersMayAddTables) {
  JobEngine::Options options;
  options.components.push_back({"directory", {"CREATE TABLE users(id TEXT PRIMARY KEY)"}});
  auto engine = Open(std::move(options));
  ASSERT_NE(engine->database(), nullptr);
  auto write = engine->database()->Write<absl::Status>(
      runner_.executor(),
      [](Connection& connection) { return connection.Run("INSERT INTO users VALUES('1')"); });
  EXPECT_TRUE(runner_.Run(std::move(write)).ok());
}

TEST_F(JobEngineTest, StopBeforeStartIsNothing) {
  auto engine = Open();
  engine->Stop(absl::Seconds(1));
  EXPECT_TRUE(engine->Health().ok());
}

TEST(JobEngine, RefusesStoresItDoesNotKnow) {
  for (const std::string uri :
       {"", "sqlite:", "sqlite:/tmp/", "sqlite::memory:", "sqlite:file:/tmp/x?mode=ro",
        "postgres://user:secret@host/db", "/tmp/jobs.db"}) {
    JobEngine::Options options;
    options.store = uri;
    const absl::Status status = JobEngine::Open(std::move(options)).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << uri;
    EXPECT_THAT(std::string(status.message()), HasSubstr("sqlite:PATH"));
    EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("secret")));
  }
}

TEST(JobEngine, MemoryStoreNeedsNoFile) {
  JobEngine::Options options;
  options.store = "memory:";
  auto engine = JobEngine::Open(std::move(options));
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_EQ((*engine)->database(), nullptr);
  (*engine)->Start();
}

}  // namespace
}  // namespace slipway::jobs
