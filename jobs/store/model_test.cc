// Random operations on each store, side by side with a plain model of what stores promise.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/temporary_directory.h"
#include "jobs/store/memory_store.h"
#include "jobs/store/sqlite_store.h"
#include "jobs/testing/forgetful_vfs.h"
#include "jobs/testing/seed.h"
#include "jobs/testing/store_model.h"
#include "jobs/testing/task_runner.h"

namespace slipway::jobs {
namespace {

using Type = StoreOperation::Type;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSteps = 15'000;
#else
constexpr int kSteps = 100'000;
#endif

constexpr Store::Limits kLimits{.max_waiting = 40, .remember = absl::Minutes(2)};

/// A store that may end and begin again with what it keeps.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual Store& store() = 0;
  /// False when there is nothing that it would keep.
  virtual bool Restart() = 0;
};

class MemorySubject : public Subject {
 public:
  Store& store() override { return store_; }
  bool Restart() override { return false; }

 private:
  MemoryStore store_{kLimits};
};

class SqliteSubject : public Subject {
 public:
  SqliteSubject() { Open(); }
  Store& store() override { return *store_; }
  bool Restart() override {
    store_.reset();
    database_.reset();
    Open();
    return true;
  }

 private:
  void Open() {
    auto database = Database::Open({.path = directory_.File("jobs.db"),
                                    .components = {SqliteStore::Tables()},
                                    .vfs = vfs_.name()});
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
    store_ = std::make_unique<SqliteStore>(*database_, kLimits);
  }
  base::TemporaryDirectory directory_;
  ForgetfulVfs vfs_;  // which does not wait for a disk
  std::unique_ptr<Database> database_;
  std::unique_ptr<SqliteStore> store_;
};

/// Makes up operations about the jobs that a model knows.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  /// Time goes on, and now and then the wall clock jumps.
  void Pass() {
    elapsed_ += absl::Milliseconds(Below(400));
    if (Below(400) == 0) {
      constexpr int kHours[] = {0, 0, 1, -1, -24};
      wall_offset_ = absl::Hours(kHours[Below(std::size(kHours))]);
    }
  }
  JobTime now() const {
    return {absl::FromUnixSeconds(1'763'736'600) + elapsed_ + wall_offset_,
            absl::FromUnixSeconds(5'000) + elapsed_};
  }

  StoreOperation Next(const StoreModel& model) {
    StoreOperation operation{.type = PickType(), .now = now()};
    operation.number = static_cast<int>(Below(1'000));
    operation.until = operation.now.steady + absl::Milliseconds(Below(8'000));
    if (operation.type == Type::kSubmit) operation.submit = NewSubmission();
    if (operation.type == Type::kLease) operation.kind = Kind();
    const bool about_a_job = operation.type != Type::kSubmit && operation.type != Type::kLease &&
                             operation.type != Type::kPurge;
    if (!about_a_job) return operation;
    if (model.submitted() == 0) return {.type = Type::kPurge, .now = now()};
    PickJob(model, operation);
    return operation;
  }

  /// A list with some of the filters.
  JobQuery Query() {
    JobQuery query;
    if (Below(2) == 0) query.owner = Owner();
    if (Below(3) == 0) query.state = static_cast<JobState>(1 + Below(5));
    if (Below(3) == 0) query.kind = Kind();
    query.page_size = static_cast<int>(1 + Below(20));
    query.now = now().wall;
    return query;
  }

  size_t Below(size_t limit) { return random_() % limit; }

 private:
  Type PickType() {
    constexpr std::pair<Type, size_t> kWeights[] = {
        {Type::kSubmit, 25}, {Type::kLease, 30}, {Type::kExtend, 6},  {Type::kComplete, 10},
        {Type::kFail, 3},    {Type::kRetry, 9},  {Type::kRelease, 4}, {Type::kCancel, 4},
        {Type::kDelete, 6},  {Type::kPurge, 3},
    };
    size_t pick = Below(100);
    for (const auto& [type, weight] : kWeights) {
      if (pick < weight) return type;
      pick -= weight;
    }
    return Type::kPurge;
  }

  /// Mostly a recent job, so that most operations meet one that is there.
  void PickJob(const StoreModel& model, StoreOperation& operation) {
    const size_t range =
        Below(10) == 0 ? model.submitted() : std::min<size_t>(model.submitted(), 60);
    operation.job = model.submitted() - 1 - Below(range);
    const size_t leases = model.leases(operation.job);
    operation.lease = leases == 0 ? StoreOperation::kNoLease : leases - 1;
    if (leases > 1 && Below(4) == 0) operation.lease = Below(leases);
  }

  NewJob NewSubmission() {
    NewJob job{Kind(), absl::StrCat("payload ", Below(1'000)), "correlation", now().wall};
    job.owner = Owner();
    if (Below(4) == 0) job.not_before = now().wall + absl::Milliseconds(Below(5'000));
    job.max_attempts = static_cast<int>(1 + Below(3));
    job.result_lifetime = absl::Seconds(Below(60));
    if (Below(3) == 0) {
      job.idempotency_key = absl::StrCat("key ", Below(30));
      job.fingerprint = absl::StrCat("print ", Below(3));
    }
    job.attachment = absl::StrCat("attachment ", Below(10));
    return job;
  }

  std::string Kind() { return std::string(1, static_cast<char>('a' + Below(3))); }
  std::string Owner() { return Below(3) == 0 ? "" : absl::StrCat("owner ", Below(4)); }

  std::mt19937 random_;
  absl::Duration elapsed_;
  absl::Duration wall_offset_;
};

/// Runs operations on a store and gives ids and tokens their numbers.
class Driver {
 public:
  explicit Driver(Subject& subject) : subject_(subject) { Watch(); }

  /// All at once, so that a store may group them. Those of one thread are done in order.
  std::vector<StoreAnswer> Apply(const std::vector<StoreOperation>& operations) {
    std::vector<StoreAnswer> answers(operations.size());
    size_t left = operations.size();
    bool done = false;
    for (size_t i = 0; i < operations.size(); ++i) {
      rpc::Spawn(Issue(this, &operations[i], &answers[i], &left, &done));
    }
    runner_.executor().RunUntil(done);
    return answers;
  }

  JobOutcome Outcome(size_t job) {
    auto outcome = runner_.Run(subject_.store().GetOutcome(runner_.executor(), ids_[job]));
    if (!outcome.ok()) return JobOutcome();
    outcome->row = Named(outcome->row);
    return *std::move(outcome);
  }
  bool Knows(size_t job) {
    return runner_.Run(subject_.store().Get(runner_.executor(), ids_[job])).ok();
  }
  std::vector<std::string> List(JobQuery query) {
    std::vector<std::string> rows;
    do {
      const auto page = runner_.Run(subject_.store().List(runner_.executor(), query));
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const JobRow& row : page->jobs) rows.push_back(Describe(Named(row)));
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty());
    return rows;
  }
  std::map<std::pair<std::string, JobState>, int64_t> Counts() {
    const auto counts = subject_.store().Count();
    EXPECT_TRUE(counts.ok()) << counts.status();
    std::map<std::pair<std::string, JobState>, int64_t> answer;
    for (const JobCount& count : *counts) answer[{count.kind, count.state}] = count.count;
    return answer;
  }
  std::vector<JobEvent> TakeEvents() {
    const std::lock_guard lock(mutex_);
    for (JobEvent& event : events_) event.after = Named(event.after);
    return std::exchange(events_, {});
  }
  bool Restart() {
    watching_.reset();
    const bool restarted = subject_.Restart();
    Watch();
    return restarted;
  }

 private:
  void Watch() {
    watching_ = subject_.store().OnEvent([this](absl::Span<const JobEvent> events) {
      const std::lock_guard lock(mutex_);
      events_.insert(events_.end(), events.begin(), events.end());
    });
  }

  JobRow Named(JobRow row) {
    const auto number = numbers_.find(row.id);
    row.id = number == numbers_.end() ? "unknown" : absl::StrCat(number->second);
    return row;
  }

  static rpc::Task<void> Issue(Driver* driver, const StoreOperation* operation, StoreAnswer* answer,
                               size_t* left, bool* done) {
    auto task = driver->Run(*operation);
    *answer = co_await std::move(task);
    *done = --*left == 0;
  }

  rpc::Task<StoreAnswer> Run(const StoreOperation& operation) {
    switch (operation.type) {
      case Type::kSubmit:
        return Submitted(subject_.store().Submit(runner_.executor(), operation.submit));
      case Type::kCancel:
        return Row(subject_.store().Cancel(runner_.executor(), ids_[operation.job],
                                           operation.now.wall, StoreModel::kMessage));
      case Type::kLease:
        return Lease(subject_.store().LeaseNext(runner_.executor(), operation.kind, operation.now,
                                                StoreModel::kLease));
      case Type::kPurge:
        return Purged(subject_.store().Purge(runner_.executor(), operation.now.wall, 1'000'000));
      default:
        return Code(RunWithLease(operation));
    }
  }

  rpc::Task<absl::Status> RunWithLease(const StoreOperation& operation) {
    rpc::Executor& executor = runner_.executor();
    Store& store = subject_.store();
    const std::string& id = ids_[operation.job];
    const std::vector<int64_t>& tokens = tokens_[operation.job];
    const int64_t token = operation.lease < tokens.size() ? tokens[operation.lease] : 0;
    switch (operation.type) {
      case Type::kExtend:
        return store.Extend(executor, id, token, operation.until, operation.number % 101);
      case Type::kComplete:
        return store.Complete(executor, id, token, operation.now.wall,
                              StoreModel::ResultOf(operation.number));
      case Type::kFail:
        return store.Fail(executor, id, token, operation.now.wall,
                          StoreModel::ErrorOf(operation.number));
      case Type::kRetry:
        return store.Retry(executor, id, token, StoreModel::ErrorOf(operation.number),
                           operation.until);
      case Type::kRelease:
        return store.Release(executor, id, token);
      default:
        return store.Delete(executor, id);
    }
  }

  rpc::Task<StoreAnswer> Submitted(rpc::Task<absl::StatusOr<JobRow>> task) {
    const auto row = co_await std::move(task);
    if (row.ok() && numbers_.emplace(row->id, ids_.size()).second) {
      ids_.push_back(row->id);
      tokens_.emplace_back();
    }
    StoreAnswer answer{row.status().code()};
    if (row.ok()) answer.row = Named(*row);
    co_return answer;
  }
  rpc::Task<StoreAnswer> Row(rpc::Task<absl::StatusOr<JobRow>> task) {
    const auto row = co_await std::move(task);
    StoreAnswer answer{row.status().code()};
    if (row.ok()) answer.row = Named(*row);
    co_return answer;
  }
  rpc::Task<StoreAnswer> Lease(rpc::Task<absl::StatusOr<LeaseAnswer>> task) {
    const auto lease = co_await std::move(task);
    StoreAnswer answer{lease.status().code()};
    if (!lease.ok()) co_return answer;
    if (!lease->job) {
      answer.ask_again = lease->ask_again;
      co_return answer;
    }
    answer.row = Named(lease->job->row);
    answer.payload = lease->job->payload;
    std::vector<int64_t>& tokens = tokens_[numbers_[lease->job->row.id]];
    EXPECT_TRUE(tokens.empty() || tokens.back() < lease->job->token) << "tokens must grow";
    tokens.push_back(lease->job->token);
    co_return answer;
  }
  rpc::Task<StoreAnswer> Purged(rpc::Task<absl::StatusOr<size_t>> task) {
    const auto purged = co_await std::move(task);
    StoreAnswer answer{purged.status().code()};
    answer.purged = purged.value_or(0);
    co_return answer;
  }
  rpc::Task<StoreAnswer> Code(rpc::Task<absl::Status> task) {
    const absl::Status status = co_await std::move(task);
    co_return StoreAnswer{status.code()};
  }

  Subject& subject_;
  TaskRunner runner_;
  std::vector<std::string> ids_;              // by number
  std::map<std::string, size_t> numbers_;     // by id
  std::vector<std::vector<int64_t>> tokens_;  // by number; those that leases were given
  std::mutex mutex_;
  std::vector<JobEvent> events_;  // guarded by mutex_
  std::unique_ptr<EventSignal::Subscription> watching_;
};

/// As text; jobs that are forgotten together have no order.
std::vector<std::string> Lines(const std::vector<JobEvent>& events) {
  std::vector<std::string> lines;
  size_t run = 0;  // where the last run of kForgotten begins
  for (const JobEvent& event : events) {
    lines.push_back(Describe(event));
    if (event.type != JobEvent::Type::kForgotten) run = lines.size();
    std::sort(lines.begin() + static_cast<ptrdiff_t>(run), lines.end());
  }
  return lines;
}

/// How often each step of a job and each kind of answer was seen.
class Coverage {
 public:
  void Note(const JobEvent& event) {
    ++seen_[absl::StrCat("event ", static_cast<int>(event.type), " ", StateName(event.before),
                         " to ", StateName(event.after.state))];
  }
  void Note(const StoreOperation& operation, const StoreAnswer& answer) {
    ++seen_[absl::StrCat("operation ", static_cast<int>(operation.type), " code ",
                         static_cast<int>(answer.code))];
  }
  void ExpectAll() const {
    const auto event = [this](JobEvent::Type type, JobState before, JobState after) {
      Expect(absl::StrCat("event ", static_cast<int>(type), " ", StateName(before), " to ",
                          StateName(after)));
    };
    using E = JobEvent::Type;
    using S = JobState;
    event(E::kAccepted, S::kAccepted, S::kAccepted);
    event(E::kLeased, S::kAccepted, S::kRunning);
    event(E::kLeased, S::kRunning, S::kRunning);
    event(E::kRetried, S::kRunning, S::kAccepted);
    event(E::kGivenBack, S::kRunning, S::kAccepted);
    event(E::kEnded, S::kRunning, S::kSucceeded);
    event(E::kEnded, S::kRunning, S::kFailed);
    event(E::kEnded, S::kRunning, S::kCancelled);
    event(E::kEnded, S::kAccepted, S::kCancelled);
    for (const S state : {S::kSucceeded, S::kFailed, S::kCancelled}) {
      event(E::kForgotten, state, state);
    }
    const auto answer = [this](Type type, absl::StatusCode code) {
      Expect(absl::StrCat("operation ", static_cast<int>(type), " code ", static_cast<int>(code)));
    };
    answer(Type::kSubmit, absl::StatusCode::kAlreadyExists);
    answer(Type::kSubmit, absl::StatusCode::kResourceExhausted);
    answer(Type::kDelete, absl::StatusCode::kFailedPrecondition);
    for (const Type type :
         {Type::kExtend, Type::kComplete, Type::kFail, Type::kRetry, Type::kRelease}) {
      for (const absl::StatusCode code :
           {absl::StatusCode::kOk, absl::StatusCode::kAborted, absl::StatusCode::kNotFound}) {
        answer(type, code);
      }
    }
    answer(Type::kCancel, absl::StatusCode::kNotFound);
    answer(Type::kDelete, absl::StatusCode::kNotFound);
  }

 private:
  void Expect(const std::string& what) const {
    EXPECT_GT(seen_.count(what), 0u) << "never happened: " << what;
  }
  std::map<std::string, int> seen_;
};

class Comparison {
 public:
  Comparison(Subject& subject, unsigned seed) : generator_(seed), driver_(subject) {}

  void Run(int steps) {
    for (int done = 0; done < steps && !testing::Test::HasFailure();) {
      done += Batch();
      if (generator_.Below(40) == 0) CompareState();
      if (generator_.Below(500) == 0 && driver_.Restart()) model_.Restart();
    }
    CompareState();
  }
  const Coverage& coverage() const { return coverage_; }

 private:
  int Batch() {
    std::vector<StoreOperation> operations(1 + generator_.Below(24));
    std::vector<StoreAnswer> expected;
    for (StoreOperation& operation : operations) {
      generator_.Pass();
      // About jobs and leases that were known before: ids and tokens come with the answers.
      operation = generator_.Next(model_);
    }
    for (const StoreOperation& operation : operations) {
      expected.push_back(model_.Apply(operation));
      coverage_.Note(operation, expected.back());
    }
    const std::vector<StoreAnswer> answers = driver_.Apply(operations);
    for (size_t i = 0; i < operations.size(); ++i) {
      EXPECT_EQ(Describe(answers[i]), Describe(expected[i]))
          << "operation " << static_cast<int>(operations[i].type) << " on job " << operations[i].job
          << ", number " << i << " of its batch";
    }
    const std::vector<JobEvent> events = model_.TakeEvents();
    for (const JobEvent& event : events) coverage_.Note(event);
    EXPECT_EQ(Lines(driver_.TakeEvents()), Lines(events));
    return static_cast<int>(operations.size());
  }

  void CompareState() {
    for (const auto& [job, outcome] : model_.Outcomes()) {
      EXPECT_EQ(Describe(driver_.Outcome(job)), Describe(outcome));
    }
    if (model_.submitted() > 0) {
      const size_t job = generator_.Below(model_.submitted());
      EXPECT_EQ(driver_.Knows(job), model_.Knows(job));
    }
    EXPECT_EQ(driver_.Counts(), model_.Counts());
    for (int i = 0; i < 3; ++i) {
      const JobQuery query = generator_.Query();
      EXPECT_EQ(driver_.List(query), model_.List(query));
    }
  }

  Generator generator_;
  StoreModel model_{kLimits};
  Coverage coverage_;
  Driver driver_;
};

void Compare(Subject& subject) {
  const unsigned seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("SLIPWAY_SEED=", seed));
  Comparison comparison(subject, seed);
  comparison.Run(kSteps);
  comparison.coverage().ExpectAll();
}

TEST(StoreModel, MemoryStoreDoesAsTheModel) {
  MemorySubject subject;
  Compare(subject);
}

TEST(StoreModel, SqliteStoreDoesAsTheModel) {
  SqliteSubject subject;
  Compare(subject);
}

}  // namespace
}  // namespace slipway::jobs
