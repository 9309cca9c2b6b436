#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace slipway::jobs {

/// A SQLite VFS over the default one that knows what a disk would still hold if the power failed
/// now: it keeps apart what was written and what was synced. It can cut the power at any step, fail
/// syncs and run out of room. Files are written as usual, so a process that merely ends loses
/// nothing; nothing is really synced, which makes tests fast.
///
/// A step is a write, truncation, sync or deletion of a file. The model of the disk:
/// - what was synced is there; of the writes since then any may be there, and of each of them any
///   sectors of 512 bytes; bytes that were not written keep their value;
/// - a deleted file may come back until the directory is synced, which is done with the first sync
///   of a new journal or log; a new file that was never synced may be gone;
/// - writes whose sync failed are lost, although they can be read until the power fails.
///
/// Any thread. It outlives all connections that use it.
class ForgetfulVfs {
 public:
  static constexpr size_t kForever = std::numeric_limits<size_t>::max();

  /// Registers itself under a name of its own.
  ForgetfulVfs();
  ForgetfulVfs(const ForgetfulVfs&) = delete;
  ~ForgetfulVfs();
  const std::string& name() const { return name_; }

  /// Steps so far, those that failed included.
  size_t steps() const;
  /// The power fails before the step that is `steps` from now: it and all later ones do nothing and
  /// answer an I/O error. 1: the next one.
  void CutPowerBefore(size_t steps);
  bool power_is_cut() const;
  /// The power comes back: the files hold what the disk held, where chance has a say in what was
  /// not synced. Nobody may have them open.
  void Restore(std::mt19937& random);

  /// The next `count` syncs fail.
  void FailSyncs(size_t count);
  /// Writes that would make the files larger than `bytes` together fail as on a full disk.
  void SetCapacity(int64_t bytes);
  /// The files that are known, together.
  int64_t size() const;

 private:
  /// One write, or a truncation to `offset` (no bytes).
  struct Change {
    int64_t offset;
    std::string bytes;
    bool truncates = false;
  };
  struct Disk {
    std::string synced;
    std::vector<Change> unsynced;
    int64_t size = 0;              // as it is read now
    bool ever_synced = false;      // else it may be gone
    bool syncs_directory = false;  // its first sync does so
    bool deleted = false;          // but may come back
  };
  struct File;
  struct Methods;

  int Open(const char* path, sqlite3_file* file, int flags, int* out_flags);
  int Delete(const char* path, int sync_directory);
  int Write(File& file, const void* bytes, int size, int64_t offset);
  int Truncate(File& file, int64_t size);
  int Sync(File& file);
  // With mutex_ held:
  /// Counts a step; false when the power is cut.
  bool Step();
  int64_t SizeOfAll() const;
  void SyncDirectory();
  static void Apply(const Change& change, std::string& content);
  static std::string Surviving(const Disk& disk, std::mt19937& random);

  sqlite3_vfs* const original_;
  const std::string name_;
  sqlite3_vfs vfs_;

  mutable std::mutex mutex_;
  // All guarded by mutex_:
  std::map<std::string, Disk> disks_;  // by path
  size_t steps_ = 0;
  size_t cut_at_ = kForever;
  size_t failing_syncs_ = 0;
  int64_t capacity_ = std::numeric_limits<int64_t>::max();
};

}  // namespace slipway::jobs
