#include "schema/schema.h"

#include <utility>

#include "schema/schema_builder.h"

namespace slipway::schema {

Schema::Schema(std::unique_ptr<internal::SchemaState> state) : state_(std::move(state)) {}

Schema::~Schema() = default;

const std::vector<Service>& Schema::services() const { return state_->services; }

const MethodInfo* Schema::FindMethod(std::string_view path) const {
  const auto it = state_->methods.find(internal::ToAbsl(path));
  return it == state_->methods.end() ? nullptr : it->second;
}

const MessageType* Schema::FindMessage(std::string_view full_name) const {
  const internal::MessagePlan* plan = state_->plans->Find(full_name);
  return plan == nullptr ? nullptr : &plan->type;
}

const MessageType& Schema::input(const MethodInfo& method) const {
  return *FindMessage(method.descriptor->input_type()->full_name());
}

const MessageType& Schema::output(const MethodInfo& method) const {
  return *FindMessage(method.descriptor->output_type()->full_name());
}

const std::vector<std::string>& Schema::warnings() const { return state_->warnings; }

const google::protobuf::DescriptorPool& Schema::pool() const { return state_->pool; }

}  // namespace slipway::schema
