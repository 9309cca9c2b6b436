#include "base/shutdown.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace slipway::base {
namespace {

sigset_t ShutdownSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

int WaitForSignal() {
  const sigset_t signals = ShutdownSignals();
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  return signal;
}

/// Whoever asks twice does not want to wait for the drain. _exit, because destructors might be what
/// hangs.
[[noreturn]] void ExitAtSecondSignal() {
  WaitForSignal();
  constexpr char kText[] = "second signal: ending at once\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kText, sizeof(kText) - 1);
  _exit(1);
}

}  // namespace

ShutdownSignal::ShutdownSignal() {
  const sigset_t signals = ShutdownSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of the write, like a full disk
}

int ShutdownSignal::Wait() {
  const int signal = WaitForSignal();
  requested_.store(true, std::memory_order_release);
  std::thread(ExitAtSecondSignal).detach();  // ends with the process
  return signal;
}

void ShutdownSignal::RequestShutdown() {
  if (!requested_.exchange(true, std::memory_order_acq_rel)) kill(getpid(), SIGTERM);
}

}  // namespace slipway::base
