#include "rpc/dispatcher.h"

#include "absl/strings/string_view.h"

namespace slipway::rpc {

Dispatcher::Builder& Dispatcher::Builder::Add(Method method) {
  methods_.push_back(std::move(method));
  return *this;
}

Dispatcher::Builder& Dispatcher::Builder::Observe(CallObserver* observer) {
  observers_.push_back(observer);
  return *this;
}

std::shared_ptr<const Dispatcher> Dispatcher::Builder::Build() && {
  auto dispatcher = std::make_shared<Dispatcher>();
  dispatcher->methods_ = std::move(methods_);
  dispatcher->observers_ = std::move(observers_);
  for (size_t i = 0; i < dispatcher->methods_.size(); ++i) {
    dispatcher->by_path_[dispatcher->methods_[i].path] = i;
  }
  return dispatcher;
}

const Method* Dispatcher::Find(std::string_view path) const {
  const auto found = by_path_.find(absl::string_view(path.data(), path.size()));
  return found == by_path_.end() ? nullptr : &methods_[found->second];
}

Task<Status> Dispatcher::Serve(CallContext& context, ServerStream& stream) const {
  const Time begin = context.executor().Now();
  for (CallObserver* observer : observers_) observer->Received(context);
  Status status;
  if (const Method* method = Find(context.method())) {
    status = co_await method->handler(context, stream);
  } else {
    status = Status(absl::StatusCode::kUnimplemented, "unknown method " + context.method());
  }
  const Duration elapsed = context.executor().Now() - begin;
  for (CallObserver* observer : observers_) observer->Answered(context, status, elapsed);
  co_return status;
}

}  // namespace slipway::rpc
