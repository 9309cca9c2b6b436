#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "client/engine/engine_spec.h"
#include "client/run/grpc_method.h"
#include "client/run/load_options.h"
#include "schema/schema.h"

namespace slipway::client {

/// The schema of a gRPC server: of `--protoset`, `--proto`, or its own reflection, which is asked
/// for --timeout at most and blocks; CANCELLED at SIGINT and SIGTERM. INVALID_ARGUMENT for files
/// that the user can mend, else the error of the reflection. Not for servers whose certificate is
/// not verified: reflection needs
/// --protoset or --proto there.
absl::StatusOr<std::shared_ptr<const schema::Schema>> LoadSchema(const EngineSpec& engine,
                                                                 const LoadOptions& options);

/// A method of the schema with its codec, which keeps the schema. INVALID_ARGUMENT when it is not
/// there, with those that are.
absl::StatusOr<GrpcMethod> FindGrpcMethod(std::shared_ptr<const schema::Schema> schema,
                                          const std::string& path);

}  // namespace slipway::client
