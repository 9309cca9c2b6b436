#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/data/template.h"
#include "client/engine/request.h"
#include "client/run/grpc_method.h"

namespace slipway::client {

/// A request whose path, values of headers and messages are templates, compiled once. Messages of
/// gRPC are JSON and become wire bytes here. Immutable; any thread.
class RequestTemplate {
 public:
  /// What the parts are called where they were given, for errors.
  struct Labels {
    std::string path = "path";
    std::string headers = "headers";
    std::string data = "data";
  };

  /// INVALID_ARGUMENT names the part, its text and what is allowed; JSON without slots that does
  /// not fit the method is noticed here, too.
  static absl::StatusOr<RequestTemplate> Compile(const Request& texts,
                                                 std::optional<GrpcMethod> grpc,
                                                 const TemplateNames& names, Labels labels);

  /// Makes it a call of `method`, to whose messages the data must fit. INVALID_ARGUMENT says where
  /// data without slots does not.
  absl::Status Bind(GrpcMethod method);

  /// The same for all values.
  bool is_literal() const { return literal_; }
  /// nullptr: HTTP.
  const GrpcMethod* grpc() const { return grpc_ ? &*grpc_ : nullptr; }

  /// Writes all of `request`, whose strings are used again. INVALID_ARGUMENT when the result cannot
  /// be sent: a path with a space, JSON that does not fit.
  absl::Status Render(const TemplateValues& values, Request* request) const;

 private:
  struct Message {
    Template text;
    /// What is sent if nothing is to be filled in.
    std::string bytes;
  };
  absl::StatusOr<std::string> Encode(const std::string& text) const;

  Labels labels_;
  bool literal_ = true;
  std::optional<GrpcMethod> grpc_;
  std::string method_;
  CallShape shape_ = CallShape::kUnary;
  int64_t message_count_ = 1;
  Template path_;
  std::vector<std::pair<std::string, Template>> headers_;
  std::vector<Message> messages_;
};

}  // namespace slipway::client
