// The two stores of this folder pass the suite of jobs/testing.
#include <memory>
#include <utility>

#include "base/testing/temporary_directory.h"
#include "jobs/store/memory_store.h"
#include "jobs/store/sqlite_store.h"
#include "jobs/testing/store_suite.h"

namespace slipway::jobs {
namespace {

class MemoryFixture : public StoreFixture {
 public:
  explicit MemoryFixture(Store::Limits limits) : store_(limits) {}
  Store& store() override { return store_; }

 private:
  MemoryStore store_;
};

class SqliteFixture : public StoreFixture {
 public:
  explicit SqliteFixture(Store::Limits limits) {
    auto database =
        Database::Open({.path = directory_.File("jobs.db"), .components = {SqliteStore::Tables()}});
    if (!database.ok()) ADD_FAILURE() << database.status();
    database_ = *std::move(database);
    store_ = std::make_unique<SqliteStore>(*database_, limits);
  }
  Store& store() override { return *store_; }

 private:
  base::TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<SqliteStore> store_;
};

template <typename Fixture>
StoreMaker Maker(const char* name) {
  return {name, [](Store::Limits limits) { return std::make_unique<Fixture>(limits); }};
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance,
                         testing::Values(Maker<MemoryFixture>("Memory"),
                                         Maker<SqliteFixture>("Sqlite")),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slipway::jobs
