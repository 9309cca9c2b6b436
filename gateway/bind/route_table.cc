#include "gateway/bind/route_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"

namespace slipway::gateway {
namespace {

constexpr std::string_view kJobsService = "slipway.v1.Jobs";
constexpr std::string_view kJobsMethods = "/slipway.v1.Jobs/";
constexpr std::string_view kJobsPath = "/v1/jobs";

}  // namespace

/// Builds one RouteTable.
class RouteCompiler {
 public:
  RouteCompiler(std::shared_ptr<const schema::Schema> schema, const RouteOptions& options)
      : options_(options), table_(new RouteTable(std::move(schema))) {}

  std::shared_ptr<const RouteTable> Compile() {
    table_->report_.dropped = table_->schema().warnings();
    for (const schema::Service* service : ChooseServices()) AddService(*service);
    table_->report_.routes = table_->bindings_.size();
    table_->router_ = std::move(router_).Build();
    return std::move(table_);
  }

 private:
  RouteReport& report() { return table_->report_; }

  /// Those that the options name, in that order, else all.
  std::vector<const schema::Service*> ChooseServices() {
    std::vector<const schema::Service*> chosen;
    const std::vector<schema::Service>& all = table_->schema().services();
    for (const std::string& name : options_.services) {
      const auto found = std::find_if(all.begin(), all.end(),
                                      [&](const auto& service) { return service.name == name; });
      if (found != all.end()) {
        chosen.push_back(&*found);
      } else {
        report().dropped.push_back(absl::StrCat("service ", name, ": the schema does not have it"));
      }
    }
    if (!options_.services.empty()) return chosen;
    for (const schema::Service& service : all) {
      if (!service.infrastructure) chosen.push_back(&service);
    }
    return chosen;
  }

  void AddService(const schema::Service& service) {
    report().services.push_back(service.name);
    std::set<std::pair<std::string, std::string>> seen;
    for (const schema::MethodInfo& method : service.methods) {
      for (const schema::HttpRule& rule : method.rules) {
        if (!seen.emplace(rule.method, rule.path_template).second) {
          Drop(method, rule, absl::AlreadyExistsError("the service has this route already"));
          continue;
        }
        AddRule(method, Relocated(service, rule));
      }
      if (!method.rules.empty()) continue;
      if (options_.unbound_methods) {
        AddRule(method, {"POST", method.path, "*", ""});
      } else {
        report().unbound.push_back(method.path);
      }
    }
  }

  /// The rule with its template moved to where the options want jobs.
  schema::HttpRule Relocated(const schema::Service& service, schema::HttpRule rule) const {
    const std::string_view path = rule.path_template;
    if (service.name != kJobsService || !path.starts_with(kJobsPath)) return rule;
    rule.path_template = options_.jobs_path + std::string(path.substr(kJobsPath.size()));
    return rule;
  }

  void AddRule(const schema::MethodInfo& method, const schema::HttpRule& rule) {
    const absl::Status added = TryAdd(method, rule);
    if (!added.ok()) Drop(method, rule, added);
  }

  void Drop(const schema::MethodInfo& method, const schema::HttpRule& rule,
            const absl::Status& why) {
    report().dropped.push_back(absl::StrCat(method.path, ": ", rule.method, " ", rule.path_template,
                                            ": ", std::string(why.message())));
  }

  absl::Status TryAdd(const schema::MethodInfo& method, const schema::HttpRule& rule) {
    SLIPWAY_ASSIGN_OR_RETURN(PathTemplate pattern, PathTemplate::Parse(rule.path_template));
    if (method.client_streaming && !pattern.variables().empty()) {
      return absl::InvalidArgumentError("a client-streaming method cannot have path variables");
    }
    SLIPWAY_ASSIGN_OR_RETURN(Binding binding, MakeBinding(method, rule, pattern));
    table_->bindings_.push_back(std::move(binding));
    router_.Add(rule.method, std::move(pattern), table_->bindings_.size() - 1);
    return absl::OkStatus();
  }

  absl::StatusOr<Binding> MakeBinding(const schema::MethodInfo& method,
                                      const schema::HttpRule& rule, const PathTemplate& pattern) {
    const schema::MessageType& input = table_->schema().input(method);
    const schema::MessageType& output = table_->schema().output(method);
    schema::FieldPath body;
    const bool body_field = !rule.body.empty() && rule.body != "*";
    if (body_field) {
      SLIPWAY_ASSIGN_OR_RETURN(body, input.Resolve(rule.body));
    }
    schema::FieldPath response_body;
    if (!rule.response_body.empty() && rule.response_body != "*") {
      SLIPWAY_ASSIGN_OR_RETURN(response_body, output.Resolve(rule.response_body));
    }
    SLIPWAY_ASSIGN_OR_RETURN(std::vector<schema::FieldPath> captures,
                             ResolveCaptures(input, pattern));
    schema::QueryFilter query(input, body, captures, {.reject_unknown = options_.strict});
    const bool reads_query = rule.body != "*" && !method.client_streaming && !query.covers_all();
    Binding binding{.method = &method,
                    .input = &input,
                    .route = InternRoute(rule.path_template),
                    .strict = options_.strict,
                    .has_body = !rule.body.empty(),
                    .body = body,
                    .takes_raw_body = !rule.body.empty() && input.IsHttpBody(body),
                    .body_options = {.reject_unknown = options_.strict,
                                     .reject_trailing = options_.strict,
                                     .fill_update_mask = body_field},
                    .captures = std::move(captures),
                    .reads_query = reads_query,
                    .query = std::move(query),
                    .reply = ReplyPlan::Compile(schema::ResponseFormat(output, response_body),
                                                method.http_response)};
    if (method.path.starts_with(kJobsMethods) && options_.jobs_path != kJobsPath) {
      binding.reply.location_from = kJobsPath;
      binding.reply.location_to = options_.jobs_path;
    }
    return binding;
  }

  static absl::StatusOr<std::vector<schema::FieldPath>> ResolveCaptures(
      const schema::MessageType& input, const PathTemplate& pattern) {
    std::vector<schema::FieldPath> captures;
    for (const PathTemplate::Variable& variable : pattern.variables()) {
      SLIPWAY_ASSIGN_OR_RETURN(schema::FieldPath path, input.Resolve(variable.field_path));
      SLIPWAY_RETURN_IF_ERROR(input.CheckCapture(path));
      captures.push_back(std::move(path));
    }
    return captures;
  }

  const RouteOptions& options_;
  std::unique_ptr<RouteTable> table_;
  Router::Builder router_;
};

std::shared_ptr<const RouteTable> RouteTable::Compile(std::shared_ptr<const schema::Schema> schema,
                                                      const RouteOptions& options) {
  return RouteCompiler(std::move(schema), options).Compile();
}

std::string RouteReport::ToString() const {
  std::string text =
      absl::StrCat("services: ", services.empty() ? "none" : absl::StrJoin(services, ", "),
                   "\nroutes: ", routes);
  if (!unbound.empty()) {
    absl::StrAppend(&text, "\nmethods without a rule: ", absl::StrJoin(unbound, ", "),
                    " (--unbound-methods serves each as POST with its name as the path)");
  }
  for (const std::string& line : dropped) absl::StrAppend(&text, "\nleft out: ", line);
  return text;
}

}  // namespace slipway::gateway
