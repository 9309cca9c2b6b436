#include "client/run/second_signal.h"

#include <signal.h>
#include <unistd.h>

#include <string_view>

namespace slipway::client {

void EndAtOnce() {
  constexpr std::string_view kWord = "slipway-load: ended by a second signal\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kWord.data(), kWord.size());
  _exit(128 + SIGINT);
}

}  // namespace slipway::client
