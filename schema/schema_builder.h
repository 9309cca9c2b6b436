#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "schema/http_rules.h"
#include "schema/loader.h"
#include "schema/plan.h"
#include "schema/schema.h"

namespace slipway::schema::internal {

/// What a Schema owns.
struct SchemaState {
  pb::DescriptorPool pool;
  std::unique_ptr<PlanSet> plans;  // after the pool: destroyed before it
  std::vector<Service> services;
  absl::flat_hash_map<std::string, const MethodInfo*> methods;
  std::vector<std::string> warnings;
};

/// Makes one Schema from files, whatever they came from. Used once, by one thread.
class SchemaBuilder {
 public:
  SchemaBuilder() : state_(std::make_unique<SchemaState>()) {}

  /// Becomes one of Schema::warnings().
  void AddWarning(std::string warning) { state_->warnings.push_back(std::move(warning)); }
  absl::StatusOr<std::shared_ptr<const Schema>> Build(
      const std::vector<pb::FileDescriptorProto>& files, const LoadOptions& options) &&;

 private:
  absl::StatusOr<std::vector<const pb::ServiceDescriptor*>> SelectServices(
      const std::vector<pb::FileDescriptorProto>& files, const std::vector<std::string>& names);
  void CompileMessages(const std::vector<const pb::FileDescriptor*>& files,
                       const std::vector<const pb::ServiceDescriptor*>& services);
  void AddService(const pb::ServiceDescriptor* descriptor, ExternalRules* external,
                  const LoadOptions& options);

  std::unique_ptr<SchemaState> state_;
};

}  // namespace slipway::schema::internal
