#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace slipway::schema {

namespace internal {
struct FieldPlan;
struct MessagePlan;
class SchemaBuilder;
struct RequestState;
}  // namespace internal

/// A field of a message or of messages within it, by name, resolved once when a route is compiled.
/// Empty: the message itself. A value type that lives no longer than its Schema.
class FieldPath {
 public:
  FieldPath() = default;

  bool empty() const { return parts_.empty(); }
  /// Dotted proto names, `user.display_name`.
  const std::string& text() const { return text_; }
  /// Number of names in the path; 1 for a field of the message itself.
  size_t depth() const { return parts_.size(); }

  const std::vector<const internal::FieldPlan*>& parts() const { return parts_; }

 private:
  friend class MessageType;
  std::vector<const internal::FieldPlan*> parts_;
  std::string text_;
};

/// The immutable plan of one message: names, JSON names and types of its fields, compiled when the
/// schema was loaded. Owned by its Schema; any thread may use it.
class MessageType {
 public:
  explicit MessageType(const internal::MessagePlan* plan) : plan_(plan) {}

  /// `pkg.Message`.
  const std::string& full_name() const;
  /// A dotted path of proto names or JSON names. INVALID_ARGUMENT names the part that does not
  /// exist or that has no fields. Parts before the last must be singular messages; the last may be
  /// of any type.
  absl::StatusOr<FieldPath> Resolve(std::string_view dotted) const;
  /// OK when a path variable may bind `path`: scalars and enums (also repeated), Timestamp,
  /// Duration and wrappers. Else INVALID_ARGUMENT.
  absl::Status CheckCapture(const FieldPath& path) const;
  /// Whether the message (empty path) or the field is a singular google.api.HttpBody.
  bool IsHttpBody(const FieldPath& path) const;

  const internal::MessagePlan& plan() const { return *plan_; }

 private:
  const internal::MessagePlan* plan_;
};

/// Which query parameters of one binding are not for the message, because body or path fill those
/// fields. Immutable; built once per binding; lives no longer than its Schema.
class QueryFilter {
 public:
  struct Options {
    /// Answer 400 to a parameter that names no field, instead of ignoring it.
    bool reject_unknown = false;
  };

  /// `body` is the body field (empty path: no body field); `captures` are the fields of the
  /// template's variables.
  QueryFilter(const MessageType& type, FieldPath body, std::vector<FieldPath> captures,
              Options options);
  QueryFilter(const MessageType& type, FieldPath body, std::vector<FieldPath> captures)
      : QueryFilter(type, std::move(body), std::move(captures), Options()) {}

  /// True when every field of the message itself is the body field or bound by the path: then the
  /// query need not be looked at, not even for mistakes.
  bool covers_all() const { return covers_all_; }
  bool reject_unknown() const { return options_.reject_unknown; }
  /// For RequestBuilder: true at and below the body field, and at a variable's field and below.
  bool Excludes(const internal::FieldPlan* const* parts, size_t count) const;
  const FieldPath& body() const { return body_; }

 private:
  FieldPath body_;
  std::vector<FieldPath> captures_;
  Options options_;
  bool covers_all_ = false;
};

/// How a JSON body is read.
struct BodyOptions {
  /// Refuse fields and enum names that the message does not have, instead of dropping them.
  bool reject_unknown = false;
  /// Refuse bytes after the first JSON value, instead of ignoring them.
  bool reject_trailing = false;
  /// PATCH with a body field: when the request has exactly one field of type FieldMask and it is
  /// unset or empty after the body, fill it with the paths that the body mentions. For body fields
  /// that are singular messages; else without effect.
  bool fill_update_mask = false;
};

/// One request's message under construction: body, then captures, then query, then Serialize. Owned
/// by the exchange, one thread; its Schema outlives it. All errors are INVALID_ARGUMENT and name
/// the field, the value (shortened) and what is allowed.
class RequestBuilder {
 public:
  explicit RequestBuilder(const MessageType& type);
  RequestBuilder(const RequestBuilder&) = delete;
  RequestBuilder& operator=(const RequestBuilder&) = delete;
  ~RequestBuilder();

  /// Reads the first JSON value of `json` into `field`, or into the message when the path is empty.
  /// An empty or white-space body is the default message; a message field is then present. Unknown
  /// fields are dropped and bytes after the value ignored unless `options` says else.
  absl::Status MergeJsonBody(const FieldPath& field, std::string_view json,
                             const BodyOptions& options = {});

  /// A raw request body for a google.api.HttpBody: `field`, or the message when the path is empty
  /// (MessageType::IsHttpBody).
  absl::Status SetHttpBody(const FieldPath& field, std::string_view content_type,
                           std::string_view data);

  /// A decoded path variable; overrides the body. A repeated field of the message itself is split
  /// at `separator`; one in a nested message takes the text as its one element. A member of a oneof
  /// whose other member is set already is an error.
  absl::Status SetCapture(const FieldPath& field, std::string_view text, char separator = ',');

  /// One decoded query or form parameter: `a.b`, by proto or JSON names, or `map[key]`. Excluded
  /// parameters and unknown ones are ignored. Errors: a second value for a singular field or map
  /// key, a path through a field that is no singular message, a second member of a oneof, a value
  /// that does not convert, a field whose type takes no text.
  absl::Status AddQuery(std::string_view key, std::string_view value, const QueryFilter& filter);

  /// The wire bytes; INVALID_ARGUMENT when a required proto2 field is missing (it is named).
  absl::StatusOr<std::string> Serialize();

 private:
  std::unique_ptr<internal::RequestState> state_;
};

/// The parts of a google.api.HttpBody, as views into the wire bytes it was read from.
struct HttpBodyView {
  std::string_view content_type;
  std::string_view data;
};

/// How one binding's responses become bytes: grpc-gateway's JSON, or raw for google.api.HttpBody.
/// Zero values are shown, unset messages are `null`, unset members of oneofs are omitted, 64-bit
/// integers are strings, except directly under response_body where they are numbers. Immutable, any
/// thread; lives no longer than its Schema.
class ResponseFormat {
 public:
  /// `response_body`: empty for the whole message, or from MessageType::Resolve.
  ResponseFormat(const MessageType& type, FieldPath response_body);

  /// Appends the JSON of one response message; nothing is appended on failure. INTERNAL when the
  /// bytes do not decode or hold a value that JSON cannot express (a Timestamp out of range, text
  /// that is no UTF-8).
  absl::Status AppendJson(std::string_view wire, std::string* out) const;

  bool is_http_body() const { return is_http_body_; }
  /// Only when is_http_body(). The views are valid as long as `wire`. INTERNAL when it does not
  /// decode.
  absl::StatusOr<HttpBodyView> ReadHttpBody(std::string_view wire) const;

 private:
  const internal::MessagePlan* plan_;
  FieldPath response_body_;
  bool is_http_body_ = false;
};

}  // namespace slipway::schema
