#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "client/engine/address.h"
#include "client/engine/grpc_engine.h"
#include "client/engine/http1_request.h"
#include "client/run/load_options.h"
#include "client/run/target.h"
#include "rpc/metadata.h"
#include "wire/channel.h"

namespace slipway::client {

/// How the target is reached over HTTP/2: always at `endpoint`, so that the number of connections
/// is the one that was asked for.
wire::ChannelOptions ChannelTo(const Target& target, const Endpoint& endpoint,
                               const LoadOptions& options);

/// The call of a gRPC load: the message from `data`, which is JSON, by the schema of `--protoset`,
/// `--proto` or the target's reflection; empty data is the empty message and needs no schema.
/// Blocks while it asks the target, for --timeout at most. INVALID_ARGUMENT for what the user can
/// mend (data, files, headers, a method that is not there or streams), else the error of the
/// reflection.
absl::StatusOr<GrpcRequest> BuildGrpcRequest(const Target& target, const Endpoint& endpoint,
                                             const std::string& data, const HeaderList& headers,
                                             const LoadOptions& options);

/// Headers as metadata: names in lower case, values of `-bin` names from base64.
absl::StatusOr<rpc::Metadata> ToMetadata(const HeaderList& headers);

}  // namespace slipway::client
