#include "client/run/flags.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace slipway::client {
namespace {

constexpr std::pair<char, std::string_view> kShortSwitches[] = {
    {'c', "--concurrency"}, {'n', "--requests"}, {'d', "--duration"},
    {'X', "--method"},      {'H', "--header"},   {'o', "--format"},
};

std::string_view LongName(char letter) {
  for (const auto& [short_name, long_name] : kShortSwitches) {
    if (short_name == letter) return long_name;
  }
  return {};
}

}  // namespace

void AddLoadSwitches(base::ConfigParser& parser, LoadOptions* options) {
  LoadOptions& o = *options;
  parser.AddInt("concurrency", &o.concurrency, 1, 1'000'000, "-c: requests in flight");
  parser.AddInt("connections", &o.connections, 0, 1'000'000,
                "connections; 0: HTTP as many as in flight, gRPC one a thread");
  parser.AddInt("requests", &o.requests, 0, 1'000'000'000'000,
                "-n: end after so many; 0: no limit");
  parser.AddDuration("duration", &o.duration,
                     "-d: end after this time; 0: no limit, or 10s without --requests");
  parser.AddDuration("warmup", &o.warmup, "load that is not measured before it is");
  parser.AddDuration("timeout", &o.timeout, "cancel a request after this time");
  parser.AddInt("threads", &o.threads, 0, 1024, "threads; 0: one a core");
  parser
      .AddStringList("data", &o.data, "gRPC: request message as JSON; HTTP: body; @FILE: a file's")
      .Placeholder("JSON|@FILE");
  parser.AddString("protoset", &o.protoset, "gRPC: descriptor set instead of reflection")
      .Placeholder("FILE");
  parser.AddStringList("proto", &o.proto_files, "gRPC: .proto source instead of reflection")
      .Placeholder("FILE");
  parser.AddStringList("import-path", &o.import_paths, "gRPC: where --proto finds its imports")
      .Placeholder("DIR");
  parser.AddString("method", &o.method, "-X: HTTP method; GET, or POST with --data")
      .Placeholder("METHOD");
  parser.AddStringList("header", &o.headers, "-H: HTTP header or gRPC metadata")
      .Placeholder("'NAME: VALUE'");
  parser.AddString("tls-ca", &o.tls_ca, "grpcs: authorities, PEM; the system's without it")
      .Placeholder("FILE");
  parser.AddString("tls-cert", &o.tls_certificate, "grpcs: client certificate, PEM")
      .Placeholder("FILE");
  parser.AddString("tls-key", &o.tls_key, "grpcs: its key, PEM").Placeholder("FILE");
  parser.AddStringList("pid", &o.pids, "server's process, whose CPU time is measured")
      .Placeholder("PID");
  parser.AddChoice<ReportFormat>("format", &o.format,
                                 {{"text", ReportFormat::kText}, {"json", ReportFormat::kJson}},
                                 "-o: the report's form");
  parser.AddString("output", &o.output, "write the report there").Placeholder("FILE");
  parser.AddBool("no-progress", &o.no_progress, "show no progress");
  parser.AddBool("strict", &o.strict, "exit with 4 when the generator was the bottleneck");
}

std::vector<std::string> ExpandShortSwitches(const std::vector<std::string>& arguments) {
  std::vector<std::string> expanded;
  for (const std::string& argument : arguments) {
    const bool is_short = argument.size() >= 2 && argument[0] == '-' && argument[1] != '-';
    const std::string_view name = is_short ? LongName(argument[1]) : std::string_view();
    if (name.empty()) {
      expanded.push_back(argument);
    } else if (argument.size() == 2) {
      expanded.emplace_back(name);
    } else {
      expanded.push_back(absl::StrCat(std::string(name), "=", argument.substr(2)));
    }
  }
  return expanded;
}

}  // namespace slipway::client
