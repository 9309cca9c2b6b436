#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/executor.h"

namespace slipway::client {

/// A command that this program has started: a server to be measured. It runs in a process group of
/// its own, so that Ctrl-C reaches this program only, which then ends its children in order; it is
/// killed by the kernel when the thread that started it ends, however that happens. So: start it on
/// a thread that lives as long as it is wanted, main's as a rule. Its output goes to a file, whose
/// end is in each error. One thread at a time; moves, but is not copied.
class Child {
 public:
  /// Starts a program (a path, or a name that is looked up in PATH) with its arguments.
  /// `log` is created or overwritten. An error says what could not be started, and why.
  static absl::StatusOr<Child> Start(const std::vector<std::string>& command,
                                     const std::string& log);
  /// Starts one command as a shell reads it: quotes, variables, redirections. The shell becomes the
  /// command (`exec`), so pid() is the server's own; values for its environment are given by `env
  /// NAME=VALUE …`. What is no single command (`a; b`, `cd x && y`) needs a script or `sh -c '…'`.
  static absl::StatusOr<Child> StartShell(const std::string& command, const std::string& log);

  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)),
        shown_(other.shown_),
        log_(other.log_),
        exit_(other.exit_) {}
  Child& operator=(Child&& other) noexcept;
  /// Stop().
  ~Child() { Stop(); }

  /// Also of the process group. 0: stopped or moved from.
  pid_t pid() const { return pid_; }
  /// The command as one types it.
  const std::string& shown() const { return shown_; }

  /// Waits until something accepts connections at `host`, a numeric address, and `port`.
  /// UNAVAILABLE, with the log's end, when the process ends before or `patience` is over.
  absl::Status WaitUntilAccepts(const std::string& host, uint16_t port, rpc::Duration patience);
  /// OK while it runs; UNAVAILABLE says how it ended, with the log's end.
  absl::Status CheckAlive();
  /// UNAVAILABLE: nothing accepts connections at `where` after `patience`, although it runs; with
  /// the log's end.
  absl::Status DoesNotAccept(const std::string& where, rpc::Duration patience) const;
  /// SIGTERM to the process and those it has started, SIGKILL to what is left after `grace`.
  /// Answers how it ended, as waitpid tells it; idempotent.
  int Stop(rpc::Duration grace = std::chrono::seconds(15));
  /// The last `lines` lines of its output.
  std::string LogTail(size_t lines = 10) const;

 private:
  Child(pid_t pid, std::string shown, std::string log)
      : pid_(pid), shown_(std::move(shown)), log_(std::move(log)) {}
  static absl::StatusOr<Child> Spawn(const std::vector<std::string>& command, std::string shown,
                                     const std::string& log);
  bool HasEnded();
  std::string DescribeEnd() const;

  pid_t pid_;
  std::string shown_;
  std::string log_;
  std::optional<int> exit_;  // once it has ended: as waitpid tells it
};

/// A word as a shell has to read it: with quotes where it needs them.
std::string ShellWord(const std::string& word);

}  // namespace slipway::client
