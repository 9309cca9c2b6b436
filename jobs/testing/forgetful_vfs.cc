#include "jobs/testing/forgetful_vfs.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <system_error>
#include <utility>

namespace slipway::jobs {
namespace {

constexpr size_t kSector = 512;

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

/// An open file as SQLite sees it; that of the original VFS lies right behind.
struct ForgetfulVfs::File {
  sqlite3_file base;
  ForgetfulVfs* vfs;
  std::string* path;  // null: a temporary file, which is not watched

  sqlite3_file* original() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  const sqlite3_io_methods& methods() { return *original()->pMethods; }
};

/// The C functions that SQLite calls.
struct ForgetfulVfs::Methods {
  static File& Of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static ForgetfulVfs& Of(sqlite3_vfs* vfs) { return *static_cast<ForgetfulVfs*>(vfs->pAppData); }

  static int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    return Of(vfs).Open(path, file, flags, out);
  }
  static int Delete(sqlite3_vfs* vfs, const char* path, int sync_directory) {
    return Of(vfs).Delete(path, sync_directory);
  }
  static int Close(sqlite3_file* file) {
    delete Of(file).path;
    return Of(file).methods().xClose(Of(file).original());
  }
  static int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
    return Of(file).methods().xRead(Of(file).original(), out, size, offset);
  }
  static int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    return Of(file).vfs->Write(Of(file), bytes, size, offset);
  }
  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    return Of(file).vfs->Truncate(Of(file), size);
  }
  static int Sync(sqlite3_file* file, int) { return Of(file).vfs->Sync(Of(file)); }
  static int FileSize(sqlite3_file* file, sqlite3_int64* size) {
    return Of(file).methods().xFileSize(Of(file).original(), size);
  }
  static int Lock(sqlite3_file* file, int lock) {
    return Of(file).methods().xLock(Of(file).original(), lock);
  }
  static int Unlock(sqlite3_file* file, int lock) {
    return Of(file).methods().xUnlock(Of(file).original(), lock);
  }
  static int CheckReservedLock(sqlite3_file* file, int* out) {
    return Of(file).methods().xCheckReservedLock(Of(file).original(), out);
  }
  static int FileControl(sqlite3_file* file, int operation, void* argument) {
    return Of(file).methods().xFileControl(Of(file).original(), operation, argument);
  }
  static int SectorSize(sqlite3_file* file) {
    return Of(file).methods().xSectorSize(Of(file).original());
  }
  static int DeviceCharacteristics(sqlite3_file* file) {
    return Of(file).methods().xDeviceCharacteristics(Of(file).original());
  }
  static int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    return Of(file).methods().xShmMap(Of(file).original(), page, size, extend, out);
  }
  static int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
    return Of(file).methods().xShmLock(Of(file).original(), offset, count, flags);
  }
  static void ShmBarrier(sqlite3_file* file) {
    Of(file).methods().xShmBarrier(Of(file).original());
  }
  static int ShmUnmap(sqlite3_file* file, int remove) {
    return Of(file).methods().xShmUnmap(Of(file).original(), remove);
  }

  // Version 2: with shared memory, without memory-mapped reading.
  static constexpr sqlite3_io_methods kTable = {2,
                                                &Close,
                                                &Read,
                                                &Write,
                                                &Truncate,
                                                &Sync,
                                                &FileSize,
                                                &Lock,
                                                &Unlock,
                                                &CheckReservedLock,
                                                &FileControl,
                                                &SectorSize,
                                                &DeviceCharacteristics,
                                                &ShmMap,
                                                &ShmLock,
                                                &ShmBarrier,
                                                &ShmUnmap,
                                                nullptr,
                                                nullptr};
};

namespace {

std::string NextName() {
  static std::atomic<int> next{0};
  return "slipway-test-forgetful-" + std::to_string(next++);
}

}  // namespace

ForgetfulVfs::ForgetfulVfs()
    : original_(sqlite3_vfs_find(nullptr)), name_(NextName()), vfs_(*original_) {
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + original_->szOsFile;
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = &Methods::Open;
  vfs_.xDelete = &Methods::Delete;
  if (sqlite3_vfs_register(&vfs_, 0) != SQLITE_OK) std::abort();
}

ForgetfulVfs::~ForgetfulVfs() { sqlite3_vfs_unregister(&vfs_); }

size_t ForgetfulVfs::steps() const {
  const std::lock_guard lock(mutex_);
  return steps_;
}

void ForgetfulVfs::CutPowerBefore(size_t steps) {
  const std::lock_guard lock(mutex_);
  cut_at_ = steps_ + steps;
}

bool ForgetfulVfs::power_is_cut() const {
  const std::lock_guard lock(mutex_);
  return steps_ >= cut_at_;
}

void ForgetfulVfs::FailSyncs(size_t count) {
  const std::lock_guard lock(mutex_);
  failing_syncs_ = count;
}

void ForgetfulVfs::SetCapacity(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

int64_t ForgetfulVfs::size() const {
  const std::lock_guard lock(mutex_);
  return SizeOfAll();
}

int64_t ForgetfulVfs::SizeOfAll() const {
  int64_t size = 0;
  for (const auto& [path, disk] : disks_) size += disk.deleted ? 0 : disk.size;
  return size;
}

bool ForgetfulVfs::Step() { return ++steps_ < cut_at_; }

int ForgetfulVfs::Open(const char* path, sqlite3_file* base, int flags, int* out_flags) {
  File* file = new (base) File{{nullptr}, this, nullptr};
  const std::lock_guard lock(mutex_);
  const bool existed = path != nullptr && std::filesystem::exists(path);
  if (!existed && (flags & SQLITE_OPEN_CREATE) != 0 && steps_ >= cut_at_) return SQLITE_CANTOPEN;
  const int code = original_->xOpen(original_, path, file->original(), flags, out_flags);
  if (code != SQLITE_OK) return code;
  base->pMethods = &Methods::kTable;
  if (path == nullptr) return SQLITE_OK;
  file->path = new std::string(path);
  const auto [found, is_new] = disks_.try_emplace(path);
  Disk& disk = found->second;
  if (!is_new && !disk.deleted) return SQLITE_OK;
  disk = Disk();
  if (existed) {
    disk.synced = ReadAll(path);
    disk.size = static_cast<int64_t>(disk.synced.size());
  }
  disk.ever_synced = existed;
  disk.syncs_directory = (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
  return SQLITE_OK;
}

int ForgetfulVfs::Delete(const char* path, int sync_directory) {
  const std::lock_guard lock(mutex_);
  if (!Step()) return SQLITE_IOERR_DELETE;
  const int code = original_->xDelete(original_, path, 0);
  if (code != SQLITE_OK) return code;
  const auto found = disks_.find(path);
  if (found != disks_.end()) found->second.deleted = true;
  if (sync_directory != 0) SyncDirectory();
  return SQLITE_OK;
}

void ForgetfulVfs::SyncDirectory() {
  std::erase_if(disks_, [](const auto& disk) { return disk.second.deleted; });
}

int ForgetfulVfs::Write(File& file, const void* bytes, int size, int64_t offset) {
  const std::lock_guard lock(mutex_);
  if (file.path != nullptr) {
    if (!Step()) return SQLITE_IOERR_WRITE;
    Disk& disk = disks_[*file.path];
    const int64_t growth = std::max<int64_t>(0, offset + size - disk.size);
    if (growth > 0 && SizeOfAll() + growth > capacity_) return SQLITE_FULL;
    disk.size += growth;
    disk.unsynced.push_back(
        {offset, std::string(static_cast<const char*>(bytes), static_cast<size_t>(size))});
  }
  return file.methods().xWrite(file.original(), bytes, size, offset);
}

int ForgetfulVfs::Truncate(File& file, int64_t size) {
  const std::lock_guard lock(mutex_);
  if (file.path != nullptr) {
    if (!Step()) return SQLITE_IOERR_TRUNCATE;
    Disk& disk = disks_[*file.path];
    disk.size = size;
    disk.unsynced.push_back({size, {}, true});
  }
  return file.methods().xTruncate(file.original(), size);
}

int ForgetfulVfs::Sync(File& file) {
  const std::lock_guard lock(mutex_);
  if (file.path == nullptr) return SQLITE_OK;
  if (!Step()) return SQLITE_IOERR_FSYNC;
  Disk& disk = disks_[*file.path];
  if (failing_syncs_ > 0) {
    if (failing_syncs_ != kForever) --failing_syncs_;
    disk.unsynced.clear();
    return SQLITE_IOERR_FSYNC;
  }
  for (const Change& change : disk.unsynced) Apply(change, disk.synced);
  disk.unsynced.clear();
  if (!disk.ever_synced && disk.syncs_directory) SyncDirectory();
  disk.ever_synced = true;
  return SQLITE_OK;
}

void ForgetfulVfs::Apply(const Change& change, std::string& content) {
  const auto offset = static_cast<size_t>(change.offset);
  if (change.truncates) {
    content.resize(offset);
    return;
  }
  if (content.size() < offset + change.bytes.size()) content.resize(offset + change.bytes.size());
  std::memcpy(content.data() + offset, change.bytes.data(), change.bytes.size());
}

/// One of the many things that may be left of a file.
std::string ForgetfulVfs::Surviving(const Disk& disk, std::mt19937& random) {
  std::string content = disk.synced;
  const size_t count = disk.unsynced.size();
  switch (random() % 4) {
    case 0:  // nothing that was not synced
      return content;
    case 1:  // all of it
      for (const Change& change : disk.unsynced) Apply(change, content);
      return content;
    case 2: {  // what came first, up to some sector of some write
      const size_t whole = count == 0 ? 0 : random() % count;
      for (size_t i = 0; i < whole; ++i) Apply(disk.unsynced[i], content);
      if (whole < count && !disk.unsynced[whole].truncates) {
        Change torn = disk.unsynced[whole];
        torn.bytes.resize(random() % (torn.bytes.size() / kSector + 1) * kSector);
        Apply(torn, content);
      }
      return content;
    }
    default:  // any sectors of any writes
      for (const Change& change : disk.unsynced) {
        if (change.truncates) {
          if (random() % 2 == 0) Apply(change, content);
          continue;
        }
        for (size_t at = 0; at < change.bytes.size(); at += kSector) {
          if (random() % 2 == 0) continue;
          Apply({change.offset + static_cast<int64_t>(at), change.bytes.substr(at, kSector)},
                content);
        }
      }
      return content;
  }
}

void ForgetfulVfs::Restore(std::mt19937& random) {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, disk] : disks_) {
    std::error_code ignored;
    const bool may_be_gone = disk.deleted || !disk.ever_synced;
    if (may_be_gone && random() % 2 == 0) {
      std::filesystem::remove(path, ignored);
    } else {
      const std::string content = Surviving(disk, random);
      std::ofstream out(path, std::ios::binary | std::ios::trunc);
      out.write(content.data(), static_cast<std::streamsize>(content.size()));
    }
    // The index of a log lives in memory.
    if (!EndsWith(path, "-wal") && !EndsWith(path, "-journal")) {
      std::filesystem::remove(path + "-shm", ignored);
    }
  }
  disks_.clear();
  cut_at_ = kForever;
  failing_syncs_ = 0;
}

}  // namespace slipway::jobs
