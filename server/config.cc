#include "server/config.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace slipway::server {
namespace {

constexpr char kDefaultData[] = "./slipway-data";

std::string StoreIn(const std::string& directory) {
  return absl::StrCat("sqlite:", directory, "/slipway.db");
}

}  // namespace

ServerConfig::ServerConfig()
    : threads(static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))) {}

void ServerConfig::Declare(base::ConfigParser& parser) {
  parser.AddHostPort("listen", &listen, "where gRPC is served");
  parser.AddHostPort("admin", &admin, "where /healthz, /readyz and /metrics are served");
  parser.AddInt("threads", &threads, 1, 256,
                "completion-queue threads, and as many HTTP threads beside them");
  parser.AddInt("workers", &workers, 1, 20000,
                "threads of each blocking pool: --http-engine httplib, --threading blocking");
  parser.AddChoice("threading", &threading,
                   {{"async", Threading::kAsync}, {"blocking", Threading::kBlocking}},
                   "how handlers run: coroutines, or one thread held for each call");
  parser.AddDuration("info-delay", &info_delay, "how long GetInfo takes");
  parser.AddDuration("docking-delay", &docking_delay,
                     "how long each call of users and customers takes");
  parser.AddInt("max-message-bytes", &max_message_bytes, 1024, 1 << 30,
                "largest gRPC request message");
  parser.AddString(
      "store", &store,
      absl::StrCat("where everything durable is kept: sqlite:PATH [", StoreIn(kDefaultData), "]"),
      [](std::string_view value) {
        const bool sqlite = value.substr(0, 7) == "sqlite:" && value.size() > 7;
        if (value.empty() || sqlite) return absl::OkStatus();
        return absl::InvalidArgumentError("sqlite:PATH");
      });
  parser.AddString(
      "data", &data,
      absl::StrCat("directory: short for --store sqlite:DIR/slipway.db [", kDefaultData, "]"));
  jobs.Declare(parser);
  facts.Declare(parser);
  parser.AddString("log-dir", &log.dir, "also write rotating log files, one for each level");
  parser.AddChoice("log-level", &log.level, {"debug", "info", "warning", "error"},
                   "what is less severe is not logged");
}

absl::Status ServerConfig::Finish(absl::Duration grace, std::string path) {
  drain_grace = grace;
  jobs_path = std::move(path);
  if (!store.empty() && !data.empty()) {
    return absl::InvalidArgumentError("--store " + store + " and --data " + data +
                                      " both say where data is kept: give one of them (--data DIR "
                                      "is --store sqlite:DIR/slipway.db)");
  }
  SLIPWAY_RETURN_IF_ERROR(jobs.Check());
  SLIPWAY_RETURN_IF_ERROR(facts.Check());
  if (store.empty()) store = StoreIn(data.empty() ? kDefaultData : data);
  return absl::OkStatus();
}

}  // namespace slipway::server
