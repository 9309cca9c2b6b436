#include "jobs/store/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "base/reason.h"
#include "base/testing/temporary_directory.h"
#include "jobs/testing/task_runner.h"

namespace slipway::jobs {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Component Notes() {
  return {"notes", {"CREATE TABLE notes(id INTEGER PRIMARY KEY, text BLOB UNIQUE) STRICT"}};
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

/// A default VFS whose syncs and writes fail on demand, or that counts syncs.
class FaultyVfs {
 public:
  static constexpr char kName[] = "slipway-test-faulty";
  static inline std::atomic<bool> fail_sync{false};
  static inline std::atomic<int> syncs{0};
  /// The system's error of all writes, and of all growth of the log's index; 0: they work.
  static inline std::atomic<int> fail_write{0};
  static inline std::atomic<int> fail_index{0};

  static void Register() {
    static const bool registered = [] {
      sqlite3_vfs* original = sqlite3_vfs_find(nullptr);
      static sqlite3_vfs vfs = *original;
      vfs.zName = kName;
      vfs.pNext = nullptr;
      original_open_ = original->xOpen;
      vfs.xOpen = &Open;
      return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
    }();
    ASSERT_TRUE(registered);
  }

 private:
  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    const int code = original_open_(vfs, name, file, flags, out);
    if (code != SQLITE_OK || file->pMethods == nullptr) return code;
    // A table for each kind of file: logs are not locked as databases are.
    static std::mutex mutex;
    static std::map<const sqlite3_io_methods*, sqlite3_io_methods> tables;
    const std::lock_guard lock(mutex);
    const auto [table, is_new] = tables.try_emplace(file->pMethods, *file->pMethods);
    original_sync_ = file->pMethods->xSync;
    original_write_ = file->pMethods->xWrite;
    table->second.xSync = &Sync;
    table->second.xWrite = &Write;
    if (file->pMethods->xShmMap != nullptr) {
      original_map_ = file->pMethods->xShmMap;
      table->second.xShmMap = &MapIndex;
    }
    file->pMethods = &table->second;
    return code;
  }
  static int Sync(sqlite3_file* file, int flags) {
    ++syncs;
    return fail_sync ? SQLITE_IOERR_FSYNC : original_sync_(file, flags);
  }

  static int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    if (fail_write == 0) return original_write_(file, bytes, size, offset);
    errno = fail_write;
    return SQLITE_IOERR_WRITE;
  }
  static int MapIndex(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    if (fail_index == 0 || extend == 0 || page == 0) {
      return original_map_(file, page, size, extend, out);
    }
    errno = fail_index;
    return SQLITE_IOERR_SHMSIZE;
  }

  static inline int (*original_write_)(sqlite3_file*, const void*, int, sqlite3_int64);
  static inline int (*original_map_)(sqlite3_file*, int, int, int, void volatile**);
  static inline int (*original_open_)(sqlite3_vfs*, const char*, sqlite3_file*, int, int*);
  static inline int (*original_sync_)(sqlite3_file*, int);
};

class DatabaseTest : public testing::Test {
 protected:
  std::string path() const { return directory_.File("test.db"); }

  absl::StatusOr<std::unique_ptr<Database>> Open(std::vector<Component> components = {Notes()},
                                                 std::string vfs = {}) {
    return Database::Open(
        {.path = path(), .components = std::move(components), .vfs = std::move(vfs)});
  }
  std::unique_ptr<Database> MustOpen() {
    auto database = Open();
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }
  absl::Status Insert(Database& database, std::string text) {
    return runner_.Run(database.Write<absl::Status>(
        runner_.executor(), [text = std::move(text)](Connection& connection) {
          return connection.Run("INSERT INTO notes(text) VALUES(?1)", Blob{text});
        }));
  }
  static int64_t CountNotes(Database& database) {
    auto reader = database.Reader();
    EXPECT_TRUE(reader.ok()) << reader.status();
    Query query = (*reader)->Ask("SELECT count(*) FROM notes");
    EXPECT_TRUE(query.Next().ok());
    return query.Int(0);
  }

  base::TemporaryDirectory directory_;
  TaskRunner runner_;
};

TEST_F(DatabaseTest, KeepsWhatItAcknowledged) {
  {
    auto database = MustOpen();
    ASSERT_TRUE(Insert(*database, "one").ok());
    EXPECT_EQ(CountNotes(*database), 1);
  }
  EXPECT_EQ(CountNotes(*MustOpen()), 1);
}

TEST_F(DatabaseTest, UsesAWriteAheadLogThatIsSyncedAtEachCommit) {
  auto database = MustOpen();
  auto settings = runner_.Run(database->Write<absl::StatusOr<std::string>>(
      runner_.executor(), [](Connection& connection) -> absl::StatusOr<std::string> {
        Query journal = connection.Ask("PRAGMA journal_mode");
        Query sync = connection.Ask("PRAGMA synchronous");
        Query checkpoint = connection.Ask("PRAGMA wal_autocheckpoint");
        if (!*journal.Next() || !*sync.Next() || !*checkpoint.Next()) return "missing";
        return journal.Bytes(0) + " " + sync.Bytes(0) + " " + checkpoint.Bytes(0);
      }));
  EXPECT_EQ(*settings, "wal 2 0");
}

TEST_F(DatabaseTest, SyncsBeforeItAcknowledges) {
  FaultyVfs::Register();
  auto database = Open({Notes()}, FaultyVfs::kName);
  ASSERT_TRUE(database.ok()) << database.status();
  for (int i = 0; i < 5; ++i) {
    const int before = FaultyVfs::syncs;
    ASSERT_TRUE(Insert(**database, std::to_string(i)).ok());
    EXPECT_GT(FaultyVfs::syncs, before);
  }
}

TEST_F(DatabaseTest, FailedOperationIsRolledBackAlone) {
  auto database = MustOpen();
  auto good = database->Write<absl::Status>(runner_.executor(), [](Connection& connection) {
    return connection.Run("INSERT INTO notes(text) VALUES(x'00')");
  });
  const absl::Status bad = runner_.Run(
      database->Write<absl::Status>(runner_.executor(), [](Connection& connection) -> absl::Status {
        absl::Status status = connection.Run("INSERT INTO notes(text) VALUES(x'01')");
        return status.ok() ? absl::AbortedError("changed my mind") : status;
      }));
  EXPECT_TRUE(absl::IsAborted(bad));
  EXPECT_TRUE(runner_.Run(std::move(good)).ok());
  EXPECT_EQ(CountNotes(*database), 1);
  EXPECT_TRUE(database->Health().ok());
}

TEST_F(DatabaseTest, BrokenUniquenessIsAlreadyExists) {
  auto database = MustOpen();
  ASSERT_TRUE(Insert(*database, "same").ok());
  const absl::Status status = Insert(*database, "same");
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_TRUE(database->Health().ok());
}

TEST_F(DatabaseTest, ReadersCannotWrite) {
  auto database = MustOpen();
  auto reader = database->Reader();
  ASSERT_TRUE(reader.ok());
  const absl::Status status = (*reader)->Run("INSERT INTO notes(text) VALUES(x'02')");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), testing::StartsWith("the job store has failed"));
}

TEST_F(DatabaseTest, EachThreadHasItsOwnReader) {
  auto database = MustOpen();
  Connection* mine = *database->Reader();
  EXPECT_EQ(*database->Reader(), mine);
  Connection* other = std::async(std::launch::async, [&] { return *database->Reader(); }).get();
  EXPECT_NE(other, mine);
  // A second database on the same thread, then the first again.
  base::TemporaryDirectory elsewhere;
  auto second = Database::Open({.path = elsewhere.File("test.db"), .components = {Notes()}});
  ASSERT_TRUE(second.ok());
  EXPECT_NE(*(*second)->Reader(), mine);
  EXPECT_EQ(*database->Reader(), mine);
}

TEST_F(DatabaseTest, ThousandWritesAtOnceShareCommits) {
  constexpr int kWrites = 1000;
  auto database = MustOpen();
  std::atomic<int> commits{0};
  std::atomic<size_t> operations{0};
  std::promise<void> begin;
  const auto observer = database->OnCommit([&](const CommitReport& report) {
    ++commits;
    operations += report.operations;
  });
  // The first write holds the writer until all others wait.
  rpc::ThreadExecutor executor;
  int answered = 0;
  bool done = false;
  struct Run {
    static rpc::Task<void> Write(Database& database, rpc::Executor& executor, int i,
                                 std::shared_future<void> gate, int& answered, bool& done) {
      auto write = database.Write<absl::Status>(executor, [i, gate](Connection& connection) {
        gate.wait();
        return connection.Run("INSERT INTO notes(text) VALUES(?1)", Blob{std::to_string(i)});
      });
      const absl::Status status = co_await std::move(write);
      EXPECT_TRUE(status.ok()) << status;
      done = ++answered == kWrites;
    }
  };
  const std::shared_future<void> gate = begin.get_future().share();
  for (int i = 0; i < kWrites; ++i) {
    rpc::Spawn(Run::Write(*database, executor, i, gate, answered, done));
  }
  begin.set_value();
  executor.RunUntil(done);
  EXPECT_EQ(operations, static_cast<size_t>(kWrites));
  EXPECT_LE(commits, 2);
  EXPECT_EQ(CountNotes(*database), kWrites);
}

TEST_F(DatabaseTest, RefusesMoreThanMayWait) {
  auto database = Database::Open({.path = path(), .components = {Notes()}, .max_waiting = 3});
  ASSERT_TRUE(database.ok());
  std::promise<void> started;
  std::promise<void> gate;
  rpc::ThreadExecutor executor;
  int answered = 0;
  bool done = false;
  struct Run {
    static rpc::Task<void> Hold(Database& database, rpc::Executor& executor,
                                std::promise<void>& started, std::shared_future<void> gate,
                                int& answered, bool& done) {
      auto write = database.Write<absl::Status>(executor, [&started, gate](Connection&) {
        started.set_value();
        gate.wait();
        return absl::OkStatus();
      });
      EXPECT_TRUE((co_await std::move(write)).ok());
      done = ++answered == 4;
    }
    static rpc::Task<void> Queue(Database& database, rpc::Executor& executor, int& answered,
                                 bool& done) {
      auto write =
          database.Write<absl::Status>(executor, [](Connection&) { return absl::OkStatus(); });
      EXPECT_TRUE((co_await std::move(write)).ok());
      done = ++answered == 4;
    }
  };
  rpc::Spawn(Run::Hold(**database, executor, started, gate.get_future().share(), answered, done));
  started.get_future().wait();
  for (int i = 0; i < 3; ++i) rpc::Spawn(Run::Queue(**database, executor, answered, done));
  const absl::Status refused = Insert(**database, "one too many");
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_EQ(base::ReasonOf(refused), base::Reason::kQueueFull);
  gate.set_value();
  executor.RunUntil(done);
  EXPECT_TRUE(Insert(**database, "now").ok());
}

TEST_F(DatabaseTest, AcknowledgesNothingAfterAFailedSync) {
  FaultyVfs::Register();
  {
    auto database = Open({Notes()}, FaultyVfs::kName);
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_TRUE(Insert(**database, "before").ok());
    FaultyVfs::fail_sync = true;
    const absl::Status during = Insert(**database, "during");
    FaultyVfs::fail_sync = false;
    EXPECT_TRUE(absl::IsUnavailable(during)) << during;
    EXPECT_EQ(base::ReasonOf(during), base::Reason::kStoreFailed);
    // The disk is well again, but what it holds is not known before it is read anew.
    const absl::Status after = Insert(**database, "after");
    EXPECT_TRUE(absl::IsUnavailable(after)) << after;
    EXPECT_EQ(base::ReasonOf(after), base::Reason::kStoreFailed);
    EXPECT_THAT(Message(after), HasSubstr("until a restart"));
    // Where the file is, is for operators.
    EXPECT_THAT(Message(after), testing::Not(HasSubstr(path())));
    EXPECT_THAT(Message((*database)->Health()),
                AllOf(HasSubstr(path()), HasSubstr("until a restart")));
    EXPECT_EQ(CountNotes(**database), 1);
  }
  auto again = MustOpen();
  EXPECT_TRUE(Insert(*again, "restarted").ok());
}

TEST_F(DatabaseTest, FullDatabaseRefusesAndRecovers) {
  auto database = MustOpen();
  const auto limit = [&](int64_t pages) {
    return runner_.Run(
        database->Write<absl::Status>(runner_.executor(), [pages](Connection& connection) {
          Query query = connection.Ask("PRAGMA max_page_count=" + std::to_string(pages));
          return query.Next().status();
        }));
  };
  ASSERT_TRUE(limit(20).ok());
  const absl::Status full = Insert(*database, std::string(200'000, 'x'));
  EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
  EXPECT_EQ(base::ReasonOf(full), base::Reason::kStoreFull);
  EXPECT_TRUE(Insert(*database, "small").ok());
  ASSERT_TRUE(limit(10'000).ok());
  EXPECT_TRUE(Insert(*database, std::string(200'000, 'x')).ok());
  EXPECT_EQ(CountNotes(*database), 2);
}

/// The system says so in words that SQLite does not know as "full".
TEST_F(DatabaseTest, FullDiskOrQuotaIsNoDamage) {
  FaultyVfs::Register();
  auto database = Open({Notes()}, FaultyVfs::kName);
  ASSERT_TRUE(database.ok()) << database.status();
  ASSERT_TRUE(Insert(**database, "before").ok());
  FaultyVfs::fail_write = EDQUOT;
  const absl::Status quota = Insert(**database, "no room");
  FaultyVfs::fail_write = 0;
  EXPECT_EQ(base::ReasonOf(quota), base::Reason::kStoreFull) << quota;
  EXPECT_TRUE(Insert(**database, "after").ok());

  // The index of the log grows with each 4,096 pages.
  FaultyVfs::fail_index = ENOSPC;
  const absl::Status index = Insert(**database, std::string(20'000'000, 'x'));
  FaultyVfs::fail_index = 0;
  EXPECT_EQ(base::ReasonOf(index), base::Reason::kStoreFull) << index;
  EXPECT_TRUE((*database)->Health().ok()) << (*database)->Health();
  EXPECT_TRUE(Insert(**database, std::string(20'000'000, 'x')).ok());
  EXPECT_EQ(CountNotes(**database), 3);
}

TEST_F(DatabaseTest, OtherFailedWritesAreDamage) {
  FaultyVfs::Register();
  for (auto* fault : {&FaultyVfs::fail_write, &FaultyVfs::fail_index}) {
    base::TemporaryDirectory directory;
    auto database = Database::Open(
        {.path = directory.File("test.db"), .components = {Notes()}, .vfs = FaultyVfs::kName});
    ASSERT_TRUE(database.ok()) << database.status();
    // That there was no room before must not be taken for the reason.
    *fault = ENOSPC;
    EXPECT_EQ(base::ReasonOf(Insert(**database, std::string(20'000'000, 'x'))),
              base::Reason::kStoreFull);
    *fault = EIO;
    const absl::Status status = Insert(**database, std::string(20'000'000, 'x'));
    *fault = 0;
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kStoreFailed) << status;
    EXPECT_FALSE((*database)->Health().ok());
  }
}

/// Who is only told what has happened does not hold up the answers.
TEST_F(DatabaseTest, AnswersBetweenTellingOfACommitAndTellingAgain) {
  auto database = MustOpen();
  absl::Notification answered;
  std::atomic<int> steps{0};
  const auto commits = database->OnCommit([&](const CommitReport& report) {
    EXPECT_TRUE(report.status.ok());
    EXPECT_FALSE(answered.HasBeenNotified());
    steps = 1;
  });
  const auto answers = database->OnAnswered([&](const CommitReport& report) {
    EXPECT_EQ(report.operations, 1u);
    EXPECT_EQ(steps, 1);
    EXPECT_TRUE(answered.WaitForNotificationWithTimeout(absl::Seconds(60)));
    steps = 2;
  });
  EXPECT_TRUE(Insert(*database, "one").ok());
  answered.Notify();
  database->Flush();
  EXPECT_EQ(steps, 2);
}

TEST_F(DatabaseTest, ChecksTheLogIn) {
  auto database = MustOpen();
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(Insert(*database, std::string(1'000'000, static_cast<char>('A' + i))).ok());
  }
  struct stat log;
  ASSERT_EQ(stat((path() + "-wal").c_str(), &log), 0);
  EXPECT_LT(log.st_size, 15'000'000);
}

TEST_F(DatabaseTest, RefusesANewerSchemaAndChangesNothing) {
  {
    Component newer = Notes();
    newer.migrations.push_back("CREATE TABLE later(id INTEGER)");
    ASSERT_TRUE(Open({newer}).ok());
  }
  const absl::Status status = Open({Notes()}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(Message(status),
              AllOf(HasSubstr(path()), HasSubstr("version 2"), HasSubstr("0 to 1")));
}

TEST_F(DatabaseTest, MigratesEachComponentForward) {
  ASSERT_TRUE(Insert(*MustOpen(), "old").ok());
  Component notes = Notes();
  notes.migrations.push_back("ALTER TABLE notes ADD COLUMN title TEXT");
  const Component users = {"users", {"CREATE TABLE users(id)", "INSERT INTO users VALUES(1)"}};
  for (int i = 0; i < 2; ++i) {  // the second time there is nothing to do
    auto database = Open({notes, users});
    ASSERT_TRUE(database.ok()) << database.status();
    Query query =
        (*(*database)->Reader())
            ->Ask("SELECT count(title), count(*), (SELECT count(*) FROM users) FROM notes");
    ASSERT_TRUE(*query.Next());
    EXPECT_EQ(query.Int(0), 0);
    EXPECT_EQ(query.Int(1), 1);
    EXPECT_EQ(query.Int(2), 1);
  }
  const absl::Status older = Open({notes, Component{"users", {"CREATE TABLE users(id)"}}}).status();
  EXPECT_THAT(Message(older), HasSubstr("the schema of users has version 2"));
}

TEST_F(DatabaseTest, FailedMigrationLeavesTheVersionBefore) {
  Component broken = Notes();
  broken.migrations.push_back("CREATE TABLE half(id); CREATE TABLE notes(id)");
  EXPECT_FALSE(Open({broken}).ok());
  auto database = MustOpen();
  Query query =
      (*database->Reader())->Ask("SELECT count(*) FROM sqlite_master WHERE name = 'half'");
  ASSERT_TRUE(*query.Next());
  EXPECT_EQ(query.Int(0), 0);
}

TEST_F(DatabaseTest, SecondOpenerIsRefused) {
  auto first = MustOpen();
  const absl::Status status = Open().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(Message(status), AllOf(HasSubstr("data directory " + directory_.path()),
                                     HasSubstr("pid " + std::to_string(getpid()) + ",")));
  first.reset();
  EXPECT_TRUE(Open().ok());
}

TEST_F(DatabaseTest, MakesItsDirectory) {
  const std::string path = directory_.File("a/b/test.db");
  EXPECT_TRUE(Database::Open({.path = path, .components = {Notes()}}).ok());
}

TEST_F(DatabaseTest, NamesADirectoryThatCannotBeMade) {
  std::ofstream(directory_.File("file")) << "not a directory";
  const absl::Status status =
      Database::Open({.path = directory_.File("file/sub/test.db"), .components = {Notes()}})
          .status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(Message(status), AllOf(HasSubstr("data directory " + directory_.File("file/sub")),
                                     HasSubstr("cannot be created")));
}

/// Runs as a user who may not write, which root must become first; in a child, since there is no
/// way back for all threads.
TEST_F(DatabaseTest, NamesADirectoryThatCannotBeWritten) {
  ASSERT_TRUE(Open().ok());
  ASSERT_EQ(chmod(directory_.path().c_str(), 0555), 0);
  ASSERT_EQ(chmod(directory_.File("slipway.lock").c_str(), 0444), 0);
  int answer[2];
  ASSERT_EQ(pipe(answer), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (getuid() == 0 && setuid(65534) != 0) _exit(2);
    const absl::Status status = Open().status();
    const std::string text = status.ToString();
    _exit(write(answer[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 3);
  }
  close(answer[1]);
  std::string text(4096, '\0');
  const ssize_t size = read(answer[0], text.data(), text.size());
  close(answer[0]);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  int exit = 0;
  ASSERT_EQ(waitpid(child, &exit, 0), child);
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
  if (WEXITSTATUS(exit) == 2) GTEST_SKIP() << "root here may not become another user (a sandbox)";
  EXPECT_EQ(exit, 0);
  EXPECT_THAT(text, AllOf(HasSubstr("FAILED_PRECONDITION"),
                          HasSubstr("data directory " + directory_.path()),
                          HasSubstr("cannot be written: Permission denied")));
}

TEST_F(DatabaseTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream(path()) << std::string(8192, 'x');
  const absl::Status status = Open().status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(Message(status), HasSubstr(path()));
}

}  // namespace
}  // namespace slipway::jobs
