#include "client/command/signal_scope.h"

#include <signal.h>

#include "client/run/second_signal.h"

namespace slipway::client {
namespace {

void Mask(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(how, &set, nullptr);
}

}  // namespace

SignalScope::SignalScope() {
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  Await();
  watcher_ = std::thread([this] {
    Mask(SIG_UNBLOCK);
    context_.run();
  });
  Mask(SIG_BLOCK);
}

SignalScope::~SignalScope() {
  context_.stop();
  watcher_.join();
  Mask(SIG_UNBLOCK);
}

void SignalScope::Await() {
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    if (interrupted_.exchange(true)) EndAtOnce();
    Await();
  });
}

}  // namespace slipway::client
