#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/message.h"
#include "schema/message.h"
#include "schema/plan.h"

namespace slipway::schema::internal {

/// What a RequestBuilder works on. The message and all within it live on one arena, whose first
/// block is part of this object: a small request costs one allocation.
struct RequestState {
  explicit RequestState(const MessagePlan& message_plan)
      : plan(message_plan), arena(Options()), message(plan.prototype->New(&arena)) {}

  /// The message that has the last field of `path`; messages on the way become present.
  absl::StatusOr<pb::Message*> Descend(const FieldPath& path);
  /// Fails when setting `field` would displace another member of its oneof, or, with `once`, when
  /// the same scalar member is set already.
  static absl::Status CheckOneof(const FieldPlan& field, const pb::Message& parent, bool once);
  /// Converts `text` and sets the singular field, or adds an element. `mask_target`: the message
  /// whose paths a FieldMask names, or nullptr. Fails with what is allowed, without the field's
  /// name.
  static absl::Status SetText(const FieldPlan& field, std::string_view text,
                              const MessagePlan* mask_target, pb::Message* parent);

  const MessagePlan& plan;
  alignas(std::max_align_t) char first_block[2048];
  pb::Arena arena;
  pb::Message* message;
  /// Singular fields that the query has set.
  absl::InlinedVector<std::pair<const pb::Message*, const FieldPlan*>, 8> query_fields;
  /// Keys of maps that the query has set.
  absl::flat_hash_set<std::tuple<const pb::Message*, const FieldPlan*, std::string>> query_keys;

 private:
  pb::ArenaOptions Options() {
    pb::ArenaOptions options;
    options.initial_block = first_block;
    options.initial_block_size = sizeof(first_block);
    return options;
  }
};

/// INVALID_ARGUMENT: `field <path>: <problem>`.
absl::Status FieldError(std::string_view path, std::string_view problem);
inline absl::Status FieldError(std::string_view path, const absl::Status& problem) {
  return FieldError(path, std::string_view(problem.message().data(), problem.message().size()));
}

}  // namespace slipway::schema::internal
