#include "gateway/router/router.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace slipway::gateway {
namespace {

using Kind = PathTemplate::Segment::Kind;
using Segments = absl::InlinedVector<std::string_view, 16>;

/// Whether a path of `count` segments can match. `last`: any longer path, too.
bool Fits(const PathTemplate& pattern, size_t count, bool last) {
  const size_t size = pattern.segments().size();
  if (pattern.double_star() == PathTemplate::kNone) return last ? size >= count : size == count;
  return last || count + 1 >= size;
}

/// The text that a path of `count` segments must have at `position`, or nothing when several fit.
std::optional<std::string> TextAt(const PathTemplate& pattern, size_t position, size_t count) {
  const auto& segments = pattern.segments();
  if (position >= std::min(pattern.double_star(), segments.size())) return std::nullopt;
  if (segments[position].kind != Kind::kLiteral) return std::nullopt;
  const bool with_verb = position + 1 == count && !pattern.verb().empty();
  return with_verb ? absl::StrCat(segments[position].literal, ":", pattern.verb())
                   : segments[position].literal;
}

/// The last segment without `:verb`; false when it has no such end. What remains may be empty only
/// for the template `/:verb`.
bool StripVerb(const PathTemplate& pattern, std::string_view* segment) {
  const std::string& verb = pattern.verb();
  if (verb.empty()) return true;
  if (!segment->ends_with(verb)) return false;
  const size_t rest = segment->size() - verb.size();
  if (rest == 0 || (*segment)[rest - 1] != ':') return false;
  *segment = segment->substr(0, rest - 1);
  return !segment->empty() || pattern.is_root();
}

bool SegmentMatches(const PathTemplate::Segment& segment, std::string_view text) {
  return segment.kind != Kind::kLiteral || segment.literal == text;
}

/// Where the template's segment boundary `index` lies in a path that has `extra` segments more than
/// the template.
size_t PathIndex(const PathTemplate& pattern, size_t index, ptrdiff_t extra) {
  return index > pattern.double_star() ? index + extra : index;
}

/// The path's segments [begin, end) as one text: they lie behind each other, a `/` between two.
std::string_view Join(const Segments& path, std::string_view last, size_t begin, size_t end) {
  if (begin == end) return {};
  const std::string_view final_segment = end == path.size() ? last : path[end - 1];
  const char* start = path[begin].data();
  return {start, static_cast<size_t>(final_segment.data() + final_segment.size() - start)};
}

bool MatchPattern(const PathTemplate& pattern, const Segments& path, Captures* captures) {
  const auto& segments = pattern.segments();
  const ptrdiff_t extra =
      static_cast<ptrdiff_t>(path.size()) - static_cast<ptrdiff_t>(segments.size());
  const bool open = pattern.double_star() != PathTemplate::kNone;
  if (open ? extra < -1 : extra != 0) return false;
  std::string_view last = path.back();
  if (!StripVerb(pattern, &last)) return false;
  for (size_t i = 0; i < segments.size(); ++i) {
    if (i == pattern.double_star()) continue;
    const size_t at = PathIndex(pattern, i, extra);
    if (!SegmentMatches(segments[i], at + 1 == path.size() ? last : path[at])) return false;
  }
  for (const PathTemplate::Variable& variable : pattern.variables()) {
    captures->push_back(Join(path, last, PathIndex(pattern, variable.begin, extra),
                             PathIndex(pattern, variable.end, extra)));
  }
  return true;
}

}  // namespace

Router::Builder& Router::Builder::Add(std::string method, PathTemplate pattern, size_t route) {
  rules_.push_back({std::move(method), std::move(pattern), route});
  return *this;
}

Router Router::Builder::Build() && {
  Router router;
  router.rules_ = std::move(rules_);
  std::set<std::string> methods;
  for (const Rule& rule : router.rules_) methods.insert(rule.method);
  methods.insert("*");
  for (const std::string& method : methods) {
    Rules rules;
    for (auto rule = router.rules_.rbegin(); rule != router.rules_.rend(); ++rule) {
      if (rule->method == method || rule->method == "*") rules.push_back(&*rule);
    }
    MethodTable table = MakeTable(method, rules);
    if (method == "*") {
      router.any_ = std::move(table);
    } else {
      router.tables_.push_back(std::move(table));
    }
  }
  return router;
}

Router::MethodTable Router::MakeTable(std::string method, const Rules& rules) {
  MethodTable table{std::move(method), {}};
  for (size_t count = 0; count <= kCountedSegments; ++count) {
    Rules fitting;
    for (const Builder::Rule* rule : rules) {
      if (Fits(rule->pattern, count, count == kCountedSegments)) fitting.push_back(rule);
    }
    table.buckets.push_back(MakeBucket(fitting, count));
  }
  return table;
}

/// Chooses the position whose longest list is shortest. In the bucket of the longer paths the last
/// segment, which may carry a verb, has no fixed position.
Router::Bucket Router::MakeBucket(const Rules& rules, size_t count) {
  Bucket bucket;
  size_t shortest = rules.size() + 1;
  const size_t positions = count == kCountedSegments ? count - 1 : count;
  for (size_t position = 0; position < positions; ++position) {
    std::map<std::string, size_t> counts;
    size_t open = 0;
    for (const Builder::Rule* rule : rules) {
      const std::optional<std::string> text = TextAt(rule->pattern, position, count);
      text ? ++counts[*text] : ++open;
    }
    size_t longest = open;
    for (const auto& [text, number] : counts) longest = std::max(longest, open + number);
    if (longest < shortest) {
      shortest = longest;
      bucket.position = position;
    }
  }
  for (const Builder::Rule* rule : rules) {
    if (auto text = TextAt(rule->pattern, bucket.position, count)) bucket.by_text[*text];
  }
  for (const Builder::Rule* rule : rules) {
    if (auto text = TextAt(rule->pattern, bucket.position, count)) {
      bucket.by_text[*text].push_back(rule);
      continue;
    }
    for (auto& [unused, list] : bucket.by_text) list.push_back(rule);
    bucket.others.push_back(rule);
  }
  return bucket;
}

const Router::MethodTable* Router::FindTable(std::string_view method) const {
  for (const MethodTable& table : tables_) {
    if (table.method == method) return &table;
  }
  return nullptr;
}

const Router::Builder::Rule* Router::Find(const MethodTable& table, const RequestPath& path,
                                          Captures* captures) {
  const Segments& segments = path.segments();
  if (segments.empty()) return nullptr;
  const Bucket& bucket = table.buckets[std::min(segments.size(), kCountedSegments)];
  const std::string_view text = segments[bucket.position];
  const auto found = bucket.by_text.find(absl::string_view(text.data(), text.size()));
  for (const Builder::Rule* rule : found == bucket.by_text.end() ? bucket.others : found->second) {
    if (MatchPattern(rule->pattern, segments, captures)) return rule;
  }
  return nullptr;
}

RouteMatch Router::Match(std::string_view method, const RequestPath& path, bool form_post) const {
  RouteMatch match;
  const MethodTable* own = FindTable(method);
  const Builder::Rule* rule = Find(own != nullptr ? *own : any_, path, &match.captures);
  if (rule == nullptr && form_post && method == "POST") {
    const MethodTable* get = FindTable("GET");
    if (get != nullptr) rule = Find(*get, path, &match.captures);
  }
  if (rule != nullptr) {
    match.outcome = RouteMatch::Outcome::kFound;
    match.route = rule->route;
    return match;
  }
  for (const MethodTable& table : tables_) {
    Captures unused;
    if (&table == own || Find(table, path, &unused) == nullptr) continue;
    match.outcome = RouteMatch::Outcome::kMethodMismatch;
    break;
  }
  return match;
}

std::string Router::AllowedMethods(const RequestPath& path) const {
  std::vector<std::string> methods;
  for (const MethodTable& table : tables_) {
    Captures unused;
    if (Find(table, path, &unused) != nullptr) methods.push_back(table.method);
  }
  return absl::StrJoin(methods, ", ");
}

}  // namespace slipway::gateway
