#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "gateway/router/path_template.h"
#include "gateway/router/request_path.h"

namespace slipway::gateway {

/// What the variables of a template took, in the template's order; views of the RequestPath.
using Captures = absl::InlinedVector<std::string_view, 8>;

struct RouteMatch {
  enum class Outcome { kFound, kNotFound, kMethodMismatch };
  Outcome outcome = Outcome::kNotFound;
  size_t route = 0;  ///< the number given to Builder::Add; meaningful when found
  Captures captures;
};

/// From HTTP method and path to a route. Built once, immutable after that, so any thread may match.
///
/// The newest registration that matches wins; there is no ranking by how specific a template is.
/// Matching allocates nothing for paths of up to 16 segments and 8 variables. Candidates come from
/// one list per method, number of segments and the text of one segment: the one that tells most
/// templates of that length apart.
class Router {
 public:
  class Builder {
   public:
    /// `method` as in the request line; `*` is any. Later ones are tried first.
    Builder& Add(std::string method, PathTemplate pattern, size_t route);
    Router Build() &&;

   private:
    friend class Router;
    struct Rule {
      std::string method;
      PathTemplate pattern;
      size_t route;
    };
    std::vector<Rule> rules_;
  };

  Router() = default;
  Router(Router&&) = default;
  Router& operator=(Router&&) = default;

  /// `form_post`: the request is one whose form may stand for a query, so that a GET route serves a
  /// POST that no POST route matches.
  RouteMatch Match(std::string_view method, const RequestPath& path, bool form_post) const;

  /// The methods whose routes match `path`, sorted, as an Allow header has them.
  std::string AllowedMethods(const RequestPath& path) const;

 private:
  using Rules = std::vector<const Builder::Rule*>;  // newest first

  /// The rules that fit paths of one number of segments.
  struct Bucket {
    size_t position = 0;  // of the segment that selects the list
    absl::flat_hash_map<std::string, Rules> by_text;
    Rules others;  // those without a literal at `position`
  };
  /// Longer paths share the last bucket.
  static constexpr size_t kCountedSegments = 24;
  struct MethodTable {
    std::string method;
    std::vector<Bucket> buckets;
  };

  static Bucket MakeBucket(const Rules& rules, size_t count);
  static MethodTable MakeTable(std::string method, const Rules& rules);
  const MethodTable* FindTable(std::string_view method) const;
  static const Builder::Rule* Find(const MethodTable& table, const RequestPath& path,
                                   Captures* captures);

  std::vector<Builder::Rule> rules_;  // never changed: the tables point into its buffer
  std::vector<MethodTable> tables_;   // by method
  MethodTable any_;                   // for methods without a table
};

}  // namespace slipway::gateway
