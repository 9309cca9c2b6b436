#include "client/command/switches.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace slipway::client {
namespace {

constexpr std::pair<char, std::string_view> kShortSwitches[] = {
    {'c', "--concurrency"}, {'n', "--requests"}, {'d', "--duration"}, {'r', "--rate"},
    {'X', "--method"},      {'H', "--header"},   {'o', "--format"},
};

/// Switches without a value. The argument after all others is theirs, whatever it looks like.
constexpr std::string_view kBareSwitches[] = {
    "--random-think", "--tls-insecure", "--follow", "--no-progress", "--strict",
    "--no-guard",     "--restart",      "--quick",  "--help",        "--version",
};

bool TakesNextArgument(std::string_view argument) {
  return argument.size() > 2 && argument.substr(0, 2) == "--" &&
         argument.find('=') == std::string_view::npos &&
         std::find(std::begin(kBareSwitches), std::end(kBareSwitches), argument) ==
             std::end(kBareSwitches);
}

bool IsShort(std::string_view argument) {
  return argument.size() >= 2 && argument[0] == '-' && argument[1] != '-';
}

std::string_view LongName(char letter) {
  for (const auto& [short_name, long_name] : kShortSwitches) {
    if (short_name == letter) return long_name;
  }
  return {};
}

void AddAmountSwitches(base::ConfigParser& parser, LoadOptions& o) {
  parser.AddInt("concurrency", &o.concurrency, 0, 1'000'000,
                "-c: requests in flight, with --rate at most; 0: 50, with --rate 1000");
  parser.AddInt("connections", &o.connections, 0, 1'000'000,
                "connections; 0: HTTP/1.1 as many as in flight, HTTP/2 and gRPC one a thread");
  parser.AddInt("requests", &o.requests, 0, 1'000'000'000'000,
                "-n: end after so many; 0: no limit");
  parser.AddDuration("duration", &o.duration,
                     "-d: end after this time; 0: no limit, or 10s without --requests");
  parser.AddDuration("warmup", &o.warmup, "load that is not measured before it is");
  parser.AddDuration("timeout", &o.timeout, "cancel a request after this time");
  parser.AddDuration("drain", &o.drain,
                     "wait so long for what is in flight at the end; 0: as long as --timeout");
  parser.AddInt("threads", &o.threads, 0, 1024, "threads; 0: one a core");
}

void AddPaceSwitches(base::ConfigParser& parser, LoadOptions& o) {
  parser.AddReal("rate", &o.rate, 0, 1e9,
                 "-r: open loop: so many requests a second, whatever the answers do");
  parser.AddChoice<Arrivals>("arrivals", &o.arrivals,
                             {{"constant", Arrivals::kConstant}, {"poisson", Arrivals::kPoisson}},
                             "open loop: the same distance between requests, or a random one");
  parser
      .AddString("schedule", &o.schedule,
                 "open loop: steps, ramps and bursts: 10s@100,30s@100..1000,+500,5s@50")
      .Placeholder("TIME@RATE,…");
  parser.AddReal("catch-up", &o.catch_up, 0, 1000,
                 "open loop: late requests start at this multiple of the rate; 0: at once");
  parser.AddDuration("think", &o.think, "closed loop: from an answer to the next request");
  parser.AddBool("random-think", &o.random_think, "think times are random around --think");
}

void AddEngineSwitches(base::ConfigParser& parser, LoadOptions& o) {
  parser.AddChoice<EngineChoice>(
      "engine", &o.engine, {{"native", EngineChoice::kNative}, {"grpc++", EngineChoice::kGrpcpp}},
      "gRPC: our own client, or the gRPC C++ library's");
  parser.AddChoice<HttpVersion>(
      "http", &o.http,
      {{"auto", HttpVersion::kAuto}, {"1", HttpVersion::k1}, {"2", HttpVersion::k2}},
      "version; auto: 1 for http:, what the server chooses for https:");
  parser.AddString("tls-ca", &o.tls_ca, "TLS: authorities, PEM; the system's without it")
      .Placeholder("FILE");
  parser.AddString("tls-cert", &o.tls_certificate, "TLS: client certificate, PEM")
      .Placeholder("FILE");
  parser.AddString("tls-key", &o.tls_key, "TLS: its key, PEM").Placeholder("FILE");
  parser
      .AddString("tls-server-name", &o.tls_server_name,
                 "TLS: name that the certificate must have; the URL's host without it")
      .Placeholder("NAME");
  parser.AddBool("tls-insecure", &o.tls_insecure, "TLS: do not verify the server's certificate");
}

void AddSchemaSwitches(base::ConfigParser& parser, LoadOptions& o) {
  parser.AddString("protoset", &o.protoset, "gRPC: descriptor set instead of reflection")
      .Placeholder("FILE");
  parser.AddStringList("proto", &o.proto_files, "gRPC: .proto source instead of reflection")
      .Placeholder("FILE");
  parser.AddStringList("import-path", &o.import_paths, "gRPC: where --proto finds its imports")
      .Placeholder("DIR");
}

}  // namespace

void AddLoadSwitches(base::ConfigParser& parser, LoadOptions* options) {
  AddAmountSwitches(parser, *options);
  AddPaceSwitches(parser, *options);
  AddEngineSwitches(parser, *options);
  AddSchemaSwitches(parser, *options);
  parser
      .AddStringList("pid", &options->pids,
                     "server's process, whose CPU time is measured: its own, not its children's")
      .Placeholder("PID");
  parser
      .AddStringList("start", &options->start,
                     "command that starts the server, which ends with us; =1: the server of the "
                     "first target, for another one that it serves too")
      .Placeholder("COMMAND|=N");
  parser.AddStringList("name", &options->names, "the targets' names in the report, in their order")
      .Placeholder("NAME");
  parser.AddInt("seed", &options->seed, 0, INT64_MAX,
                "of random values and of the order of trials; 0: a random one");
  AddReportSwitches(parser, options);
}

void AddRequestSwitches(base::ConfigParser& parser, LoadOptions* options) {
  LoadOptions& o = *options;
  parser
      .AddStringList("data", &o.data, "gRPC: request message as JSON; HTTP: body; @FILE: a file's")
      .Placeholder("JSON|@FILE");
  parser.AddString("csv", &o.csv, "rows with a header line, for templates: {{name}}")
      .Placeholder("FILE");
  parser.AddString("jsonl", &o.jsonl, "the same, one JSON object a line").Placeholder("FILE");
  parser.AddString("method", &o.method, "-X: HTTP method; GET, or POST with --data")
      .Placeholder("METHOD");
  parser.AddStringList("header", &o.headers, "-H: HTTP header or gRPC metadata")
      .Placeholder("'NAME: VALUE'");
  parser.AddInt("messages", &o.messages, 1, 1'000'000'000,
                "gRPC streams of the client: how many messages each sends");
  parser.AddBool("follow", &o.follow,
                 "HTTP: after 202 wait as Retry-After says, ask Location, follow to the result");
  parser
      .AddStringList("expect", &o.expect,
                     "what an answer must be to be a success: status=200, json:a.b=VALUE, "
                     "sha256=HEX")
      .Placeholder("CHECK");
}

void AddReportSwitches(base::ConfigParser& parser, LoadOptions* options) {
  LoadOptions& o = *options;
  parser.AddChoice<ReportFormat>("format", &o.format,
                                 {{"text", ReportFormat::kText},
                                  {"json", ReportFormat::kJson},
                                  {"csv", ReportFormat::kCsv},
                                  {"html", ReportFormat::kHtml},
                                  {"hgrm", ReportFormat::kHgrm},
                                  {"hlog", ReportFormat::kHlog}},
                                 "-o: form of the report on standard output");
  parser
      .AddStringList("output", &o.outputs,
                     "write a report file as well, its form by the ending: .html .json .csv .txt "
                     ".hgrm .hlog")
      .Placeholder("FILE");
  parser
      .AddStringList("fail-if", &o.fail_if,
                     "exit with 3 when it is so: 'p99>5ms', 'errors>0.1%', 'throughput<1000'")
      .Placeholder("CONDITION");
  parser.AddBool("no-progress", &o.no_progress, "show no progress");
  parser.AddBool("strict", &o.strict,
                 "exit with 4 when the generator was the bottleneck, as --fail-if does");
}

void AddTrialSwitches(base::ConfigParser& parser, int most_trials, const std::string& trials_help,
                      TrialOptions* options) {
  parser.AddInt("trials", &options->trials, 1, most_trials, trials_help);
  parser.AddDuration(
      "budget", &options->budget,
      "begin no further block of trials after this time, but end the one that has begun; "
      "0: no limit");
  parser.AddBool("restart", &options->restart, "start the servers of --start anew for each block");
}

std::vector<std::string> ExpandShortSwitches(const std::vector<std::string>& arguments) {
  std::vector<std::string> expanded;
  bool is_value = false;  // of the switch before
  for (const std::string& argument : arguments) {
    const std::string_view name =
        IsShort(argument) && !is_value ? LongName(argument[1]) : std::string_view();
    if (is_value && IsShort(argument)) {
      // Joined, or the parser takes it for a switch.
      absl::StrAppend(&expanded.back(), "=", argument);
      is_value = false;
      continue;
    }
    is_value =
        !is_value && (TakesNextArgument(argument) || (!name.empty() && argument.size() == 2));
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
