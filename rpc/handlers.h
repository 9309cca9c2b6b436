#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "rpc/decode.h"
#include "rpc/dispatcher.h"

namespace slipway::rpc {
namespace internal {

/// INVALID_ARGUMENT, `what` being the message that does not decode as a `type`: it is the caller's
/// fault.
inline absl::Status Undecodable(absl::string_view what, absl::string_view type) {
  return absl::InvalidArgumentError(absl::StrCat(what, " does not decode as ", type,
                                                 ": it is none, or messages lie deeper than ",
                                                 kMaxMessageDepth, " levels in each other"));
}

}  // namespace internal

/// Reads typed messages from a stream; nothing at the end. A message that does not decode ends the
/// stream and is remembered in error().
template <typename T>
class Reader {
 public:
  explicit Reader(ServerStream& stream) : stream_(stream) {}
  Task<std::optional<T>> Read() {
    std::optional<std::string> bytes = co_await stream_.Read();
    if (!bytes) co_return std::nullopt;
    T message;
    if (Decode(*bytes, &message)) co_return message;
    error_ = internal::Undecodable("a request message", message.GetTypeName());
    co_return std::nullopt;
  }
  const absl::Status& error() const { return error_; }

 private:
  ServerStream& stream_;
  absl::Status error_;
};

/// Writes typed messages to a stream. Write answers false when the caller is gone.
template <typename T>
class Writer {
 public:
  explicit Writer(ServerStream& stream) : stream_(stream) {}
  auto Write(const T& message) { return stream_.Write(message.SerializeAsString()); }

 private:
  ServerStream& stream_;
};

/// The one message of a caller that streams nothing, from what ServerStream::Read answered:
/// INTERNAL when there is none, INVALID_ARGUMENT when it does not decode, which is the caller's
/// fault: bytes of another message, or one that is nested too deep.
template <typename T>
absl::StatusOr<T> DecodeRequest(const std::optional<std::string>& bytes) {
  if (!bytes) return absl::InternalError("the request message is missing");
  T request;
  if (Decode(*bytes, &request)) return request;
  return internal::Undecodable("the request", request.GetTypeName());
}

namespace internal {

template <typename Request, typename Response, typename Service>
struct UnaryHandler {
  using Function = Task<absl::StatusOr<Response>> (Service::*)(CallContext&, Request);
  std::shared_ptr<Service> service;
  Function function;

  Task<Status> operator()(CallContext& context, ServerStream& stream) const {
    return Run(service.get(), function, context, stream);
  }
  static Task<Status> Run(Service* service, Function function, CallContext& context,
                          ServerStream& stream) {
    const std::optional<std::string> bytes = co_await stream.Read();
    absl::StatusOr<Request> request = DecodeRequest<Request>(bytes);
    if (!request.ok()) co_return Status(request.status());
    absl::StatusOr<Response> response = co_await (service->*function)(context, *std::move(request));
    if (!response.ok()) co_return Status(response.status());
    co_await stream.Write(response->SerializeAsString());
    co_return Status();
  }
};

}  // namespace internal

/// A unary method from a member function `Task<absl::StatusOr<Response>> F(CallContext&, Request)`.
template <typename Request, typename Response, typename Service>
Method Unary(std::string path, std::shared_ptr<Service> service,
             Task<absl::StatusOr<Response>> (Service::*function)(CallContext&, Request)) {
  return Method{std::move(path), MethodKind::kUnary,
                internal::UnaryHandler<Request, Response, Service>{std::move(service), function}};
}

}  // namespace slipway::rpc
