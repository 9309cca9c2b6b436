#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "absl/status/statusor.h"
#include "client/data/columns.h"
#include "client/data/request_template.h"
#include "client/data/template.h"
#include "client/engine/engine.h"
#include "client/run/request_numbers.h"
#include "client/run/workload.h"

namespace slipway::client {

/// The requests of one thread, one after the other, in its engine's bytes. Numbers go over all
/// threads, so each row of the columns is taken once before any is taken again. Owned by an issuer;
/// what it is made of is shared by all threads and outlives it.
class RequestFeed {
 public:
  /// Tries the first request: INVALID_ARGUMENT when the engine cannot send it. `columns` may be
  /// nullptr.
  static absl::StatusOr<std::unique_ptr<RequestFeed>> Make(const RequestTemplate& request,
                                                           const Columns* columns,
                                                           RequestNumbers& numbers,
                                                           const IssuerContext& context);

  /// The next request, for `slot`, until that slot's next one. An error says what is wrong with the
  /// values.
  absl::StatusOr<const Engine::Encoded*> Next(uint32_t slot);
  /// What Next has encoded last.
  const Request& request() const { return request_; }
  Engine& engine() const { return engine_; }
  const GrpcMethod* grpc() const { return template_.grpc(); }

 private:
  RequestFeed(const RequestTemplate& request, const Columns* columns, RequestNumbers& numbers,
              const IssuerContext& context);
  absl::StatusOr<std::unique_ptr<const Engine::Encoded>> Encode(int64_t number,
                                                                std::mt19937_64* random);

  const RequestTemplate& template_;
  const Columns* const columns_;
  RequestNumbers& numbers_;
  Engine& engine_;
  const int thread_;
  std::mt19937_64 random_;
  Request request_;
  std::unique_ptr<const Engine::Encoded> literal_;  // for all slots, if there are no slots in it
  std::vector<std::unique_ptr<const Engine::Encoded>> encoded_;  // by slot
};

}  // namespace slipway::client
