#include "client/process/child.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <fstream>
#include <thread>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;

constexpr auto kLook = milliseconds(5);  // between two looks whether a port is open, a process gone

/// What the new process does between fork and exec: system calls only, since other threads' locks
/// may be held for ever. Tells `errors` the errno of what failed.
[[noreturn]] void BecomeCommand(char* const* arguments, int output, pid_t parent, int errors) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it ended before the line above
  // Blocked and ignored signals would be inherited, and the server could not be stopped.
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT}) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (input >= 0) dup2(input, STDIN_FILENO);
  if (dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0) {
    execvp(arguments[0], arguments);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(errors, &error, sizeof error);
  _exit(127);
}

/// The errno of a failed exec; 0 when the pipe was closed by a successful one.
int ReadError(int pipe) {
  int error = 0;
  ssize_t size;
  do size = read(pipe, &error, sizeof error);
  while (size < 0 && errno == EINTR);
  return size == sizeof error ? error : 0;
}

bool Accepts(const boost::asio::ip::tcp::endpoint& endpoint) {
  boost::asio::io_context context(1);
  boost::asio::ip::tcp::socket socket(context);
  boost::system::error_code error;
  socket.connect(endpoint, error);
  return !error;
}

absl::Status ErrnoError(int error, const std::string& what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", strerror(error)));
}

}  // namespace

std::string ShellWord(const std::string& word) {
  constexpr std::string_view kPlain = "-_./:=,@%+";
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
    return absl::ascii_isalnum(c) || kPlain.find(c) != std::string_view::npos;
  });
  return plain ? word : absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

absl::StatusOr<Child> Child::Start(const std::vector<std::string>& command,
                                   const std::string& log) {
  if (command.empty() || command.front().empty()) {
    return absl::InvalidArgumentError("there is no command to start");
  }
  const auto quote = [](std::string* out, const std::string& word) {
    absl::StrAppend(out, ShellWord(word));
  };
  return Spawn(command, absl::StrJoin(command, " ", quote), log);
}

absl::StatusOr<Child> Child::StartShell(const std::string& command, const std::string& log) {
  const std::string trimmed(absl::StripAsciiWhitespace(command));
  if (trimmed.empty()) return absl::InvalidArgumentError("there is no command to start");
  const std::string prefix = trimmed.rfind("exec ", 0) == 0 ? "" : "exec ";
  return Spawn({"/bin/sh", "-c", prefix + trimmed}, trimmed, log);
}

absl::StatusOr<Child> Child::Spawn(const std::vector<std::string>& command, std::string shown,
                                   const std::string& log) {
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) return ErrnoError(errno, absl::StrCat("cannot write the log ", log));
  const auto close_output = absl::MakeCleanup([&] { close(output); });
  int errors[2];
  if (pipe2(errors, O_CLOEXEC) != 0) return ErrnoError(errno, "cannot make a pipe");
  const auto close_errors = absl::MakeCleanup([&] { close(errors[0]); });
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t pid = fork();
  const int fork_error = errno;
  if (pid == 0) BecomeCommand(arguments.data(), output, parent, errors[1]);
  close(errors[1]);
  if (pid < 0) return ErrnoError(fork_error, absl::StrCat("cannot start ", shown));
  setpgid(pid, pid);  // here too, since Stop may come before the child's own call
  if (const int error = ReadError(errors[0]); error != 0) {
    waitpid(pid, nullptr, 0);
    return ErrnoError(error, absl::StrCat("cannot start ", shown));
  }
  return Child(pid, std::move(shown), log);
}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  Stop();
  pid_ = std::exchange(other.pid_, 0);
  shown_ = other.shown_;
  log_ = other.log_;
  exit_ = other.exit_;
  return *this;
}

// Leaves it a zombie: until Stop its number, which is its group's too, is nobody else's.
bool Child::HasEnded() {
  if (pid_ == 0 || exit_) return true;
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      info.si_pid == 0) {
    return false;
  }
  exit_ = info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0) : info.si_status;
  return true;
}

std::string Child::DescribeEnd() const {
  const int status = exit_.value_or(0);
  const std::string how = WIFSIGNALED(status)
                              ? absl::StrFormat("was ended by signal %d (%s)", WTERMSIG(status),
                                                strsignal(WTERMSIG(status)))
                              : absl::StrCat("ended with status ", WEXITSTATUS(status));
  const std::string tail = LogTail();
  return absl::StrCat(shown_, " ", how, tail.empty() ? " and said nothing" : ":\n", tail);
}

absl::Status Child::CheckAlive() {
  return HasEnded() ? absl::UnavailableError(DescribeEnd()) : absl::OkStatus();
}

absl::Status Child::WaitUntilAccepts(const std::string& host, uint16_t port,
                                     rpc::Duration patience) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat(host, " is no address"));
  const rpc::Deadline deadline = rpc::Clock::now() + patience;
  while (true) {
    // Before the look at the port: that may be answered by a program that had it already.
    if (HasEnded()) return absl::UnavailableError(DescribeEnd());
    if (Accepts({address, port})) return CheckAlive();
    if (rpc::Clock::now() >= deadline) break;
    std::this_thread::sleep_for(kLook);
  }
  return DoesNotAccept(absl::StrCat(host, ":", port), patience);
}

absl::Status Child::DoesNotAccept(const std::string& where, rpc::Duration patience) const {
  const std::string tail = LogTail();
  return absl::UnavailableError(absl::StrFormat("%s did not listen on %s within %g s%s%s", shown_,
                                                where,
                                                std::chrono::duration<double>(patience).count(),
                                                tail.empty() ? " and said nothing" : ":\n", tail));
}

int Child::Stop(rpc::Duration grace) {
  if (pid_ == 0) return exit_.value_or(0);
  const rpc::Deadline deadline = rpc::Clock::now() + grace;
  if (!HasEnded()) kill(-pid_, SIGTERM);
  while (!HasEnded() && rpc::Clock::now() < deadline) std::this_thread::sleep_for(kLook);
  kill(-pid_, SIGKILL);  // also what it has left behind in its group
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  exit_ = status;
  pid_ = 0;
  return status;
}

std::string Child::LogTail(size_t lines) const {
  std::ifstream log(log_, std::ios::binary);
  // A log of gigabytes must not be read to its end line by line.
  constexpr std::streamoff kMost = 64 * 1024;
  log.seekg(0, std::ios::end);
  const std::streamoff size = log.tellg();
  log.seekg(std::max<std::streamoff>(0, size - kMost));
  std::deque<std::string> tail;
  for (std::string line; std::getline(log, line);) {
    tail.push_back(std::move(line));
    if (tail.size() > lines) tail.pop_front();
  }
  return absl::StrJoin(tail, "\n");
}

}  // namespace slipway::client
