// Routes, and requests for them: lines `METHOD TEMPLATE`, an empty line, lines `METHOD PATH`. A
// template that parses is the same when it is printed from its parts and parsed again; the router
// finds what a walk over all rules finds, with the same captures; a path that is taken strictly is
// the same when it is not.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/router/router.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::gateway {
namespace {

using fuzz::Check;
using Kind = PathTemplate::Segment::Kind;

constexpr size_t kMostRules = 40;
constexpr size_t kMostRequests = 40;

std::string_view TakeLine(std::string_view* text) {
  const std::string_view line = text->substr(0, text->find('\n'));
  text->remove_prefix(std::min(text->size(), line.size() + 1));
  return line;
}

/// `METHOD REST`.
std::pair<std::string_view, std::string_view> SplitLine(std::string_view line) {
  const size_t space = std::min(line.find(' '), line.size());
  return {line.substr(0, space), line.substr(std::min(space + 1, line.size()))};
}

std::string Print(const PathTemplate& pattern) {
  std::string text;
  for (size_t i = 0; i < pattern.segments().size(); ++i) {
    const auto& segment = pattern.segments()[i];
    text += '/';
    for (const auto& variable : pattern.variables()) {
      if (variable.begin == i) absl::StrAppend(&text, "{", variable.field_path, "=");
    }
    text += segment.kind == Kind::kLiteral ? segment.literal
            : segment.kind == Kind::kStar  ? "*"
                                           : "**";
    for (const auto& variable : pattern.variables()) {
      if (variable.end == i + 1) text += '}';
    }
  }
  // An empty verb is written as none, unless a literal before it has a colon.
  const auto& last = pattern.segments().back();
  if (!pattern.verb().empty() || last.literal.find(':') != std::string::npos) {
    absl::StrAppend(&text, ":", pattern.verb());
  }
  return text;
}

void CheckTemplate(const PathTemplate& pattern) {
  const auto again = PathTemplate::Parse(Print(pattern));
  Check(again.ok(), "a template that was printed parses", pattern.text());
  const auto same_segment = [](const auto& a, const auto& b) {
    return a.kind == b.kind && a.literal == b.literal;
  };
  const auto same_variable = [](const auto& a, const auto& b) {
    return a.field_path == b.field_path && a.begin == b.begin && a.end == b.end;
  };
  Check(std::equal(pattern.segments().begin(), pattern.segments().end(), again->segments().begin(),
                   again->segments().end(), same_segment) &&
            std::equal(pattern.variables().begin(), pattern.variables().end(),
                       again->variables().begin(), again->variables().end(), same_variable) &&
            pattern.verb() == again->verb() && pattern.double_star() == again->double_star(),
        "a template is the same when it is printed and parsed", pattern.text());
}

/// What the variables take, or nothing where the template does not match; by the grammar's words
/// and nothing else.
std::optional<std::vector<std::string>> WalkMatch(const PathTemplate& pattern,
                                                  std::vector<std::string> path) {
  if (!pattern.verb().empty()) {
    const std::string ending = ":" + pattern.verb();
    std::string& last = path.back();
    if (!last.ends_with(ending)) return std::nullopt;
    last.resize(last.size() - ending.size());
    if (last.empty() && !pattern.is_root()) return std::nullopt;
  }
  const auto& segments = pattern.segments();
  const bool open = pattern.double_star() != PathTemplate::kNone;
  const size_t fixed = segments.size() - (open ? 1 : 0);
  if (open ? path.size() < fixed : path.size() != fixed) return std::nullopt;
  std::vector<std::vector<std::string>> taken;  // by each segment of the template
  size_t at = 0;
  for (const auto& segment : segments) {
    const size_t count = segment.kind == Kind::kDoubleStar ? path.size() - fixed : 1;
    taken.emplace_back(path.begin() + static_cast<ptrdiff_t>(at),
                       path.begin() + static_cast<ptrdiff_t>(at + count));
    if (segment.kind == Kind::kLiteral && taken.back()[0] != segment.literal) return std::nullopt;
    at += count;
  }
  std::vector<std::string> captures;
  for (const auto& variable : pattern.variables()) {
    std::vector<std::string> parts;
    for (size_t i = variable.begin; i < variable.end; ++i) {
      parts.insert(parts.end(), taken[i].begin(), taken[i].end());
    }
    captures.push_back(absl::StrJoin(parts, "/"));
  }
  return captures;
}

struct Rules {
  std::vector<std::pair<std::string, PathTemplate>> list;
  Router router;
};

Rules ReadRules(std::string_view* text) {
  std::vector<std::pair<std::string, PathTemplate>> list;
  Router::Builder builder;
  while (!text->empty()) {
    const std::string_view line = TakeLine(text);
    if (line.empty() || list.size() == kMostRules) break;
    const auto [method, path] = SplitLine(line);
    auto pattern = PathTemplate::Parse(path);
    if (!pattern.ok()) continue;
    CheckTemplate(*pattern);
    builder.Add(std::string(method), *pattern, list.size());
    list.emplace_back(method, *std::move(pattern));
  }
  return {std::move(list), std::move(builder).Build()};
}

void CheckMatch(const Rules& rules, std::string_view method, const RequestPath& path) {
  const RouteMatch match = rules.router.Match(method, path, false);
  const std::vector<std::string> segments(path.segments().begin(), path.segments().end());
  for (size_t i = rules.list.size(); i-- > 0;) {
    const auto& [rule_method, pattern] = rules.list[i];
    if (rule_method != method && rule_method != "*") continue;
    const auto captures = WalkMatch(pattern, segments);
    if (!captures) continue;
    Check(match.outcome == RouteMatch::Outcome::kFound && match.route == i,
          "the newest rule that matches is found", pattern.text());
    Check(std::equal(captures->begin(), captures->end(), match.captures.begin(),
                     match.captures.end()),
          "variables take what the template says", pattern.text());
    return;
  }
  Check(match.outcome != RouteMatch::Outcome::kFound, "no rule, no route");
}

void CheckRequest(const Rules& rules, std::string_view method, std::string_view target) {
  RequestPath path;
  RequestPath strict;
  const bool taken = path.Parse(target).ok();
  if (strict.Parse(target, true).ok()) {
    Check(taken && std::equal(path.segments().begin(), path.segments().end(),
                              strict.segments().begin(), strict.segments().end()),
          "a strict path is a path", target);
  }
  if (taken) CheckMatch(rules, method, path);
}

}  // namespace
}  // namespace slipway::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::gateway;
  std::string_view text = slipway::fuzz::Text(data, size);
  const Rules rules = ReadRules(&text);
  for (size_t i = 0; i < kMostRequests && !text.empty(); ++i) {
    const auto [method, target] = SplitLine(TakeLine(&text));
    CheckRequest(rules, method, target);
  }
  return 0;
}
