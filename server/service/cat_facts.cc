#include "server/service/cat_facts.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "docking/v1/cat_facts.pb.h"
#include "google/api/httpbody.pb.h"
#include "rpc/handlers.h"
#include "server/upstream/fact_gather.h"

namespace slipway::server {
namespace {

namespace pb = docking::v1;

class CatFacts {
 public:
  using Response = absl::StatusOr<pb::GetFactsResponse>;

  explicit CatFacts(std::shared_ptr<FactUpstream> upstream) : upstream_(std::move(upstream)) {}

  rpc::Task<Response> GetFacts(rpc::CallContext& context, pb::GetFactsRequest request) {
    return Gather(context, FactWay::kInTurn, request.count());
  }
  rpc::Task<Response> GetFactsAtOnce(rpc::CallContext& context, pb::GetFactsRequest request) {
    return Gather(context, FactWay::kAtOnce, request.count());
  }
  rpc::Task<Response> GetFactsLimited(rpc::CallContext& context, pb::GetFactsRequest request) {
    return Gather(context, FactWay::kLimited, request.count());
  }

  rpc::Task<rpc::Status> StreamFacts(rpc::CallContext& context, rpc::ServerStream& stream) {
    const std::optional<std::string> bytes = co_await stream.Read();
    SLIPWAY_CO_ASSIGN_OR_RETURN(const auto request, rpc::DecodeRequest<pb::GetFactsRequest>(bytes));
    SLIPWAY_CO_RETURN_IF_ERROR(CheckCount(request.count()));
    FactGather gather(context, *upstream_, FactWay::kLimited, request.count());
    for (;;) {
      rpc::Task<std::optional<ArrivedFact>> next = gather.Next();
      std::optional<ArrivedFact> arrived = co_await std::move(next);
      if (!arrived) co_return rpc::Status(gather.status());
      pb::Fact fact;
      fact.set_index(arrived->index);
      fact.set_text(std::move(arrived->text));
      auto writing = stream.Write(fact.SerializeAsString());
      const bool written = co_await writing;
      if (!written) co_return rpc::Status(absl::StatusCode::kCancelled, "the caller has left");
    }
  }

  rpc::Task<absl::StatusOr<google::api::HttpBody>> SayHello(rpc::CallContext&,
                                                            pb::SayHelloRequest request) {
    google::api::HttpBody body;
    body.set_content_type("text/plain; charset=utf-8");
    body.set_data(request.name().empty() ? "Hello" : "Hello " + request.name());
    co_return body;
  }

 private:
  absl::Status CheckCount(int count) const {
    const int max = upstream_->config().max;
    if (count >= 0 && count <= max) return absl::OkStatus();
    return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadField,
                           absl::StrCat("count: ", count, " is not allowed: 0 to ", max));
  }

  rpc::Task<Response> Gather(rpc::CallContext& context, FactWay way, int count) {
    SLIPWAY_CO_RETURN_IF_ERROR(CheckCount(count));
    FactGather gather(context, *upstream_, way, count);
    std::vector<ArrivedFact> facts;
    for (;;) {
      rpc::Task<std::optional<ArrivedFact>> next = gather.Next();
      std::optional<ArrivedFact> arrived = co_await std::move(next);
      if (!arrived) break;
      facts.push_back(*std::move(arrived));
    }
    if (way == FactWay::kAtOnce) {
      context.AddInitialMetadata("facts-asked", absl::StrCat(gather.tally().asked));
      context.AddInitialMetadata("facts-refused", absl::StrCat(gather.tally().refused));
    }
    if (!gather.status().ok()) co_return gather.status();
    std::sort(facts.begin(), facts.end(),
              [](const ArrivedFact& a, const ArrivedFact& b) { return a.index < b.index; });
    pb::GetFactsResponse response;
    response.mutable_facts()->Reserve(static_cast<int>(facts.size()));
    for (ArrivedFact& fact : facts) response.add_facts(std::move(fact.text));
    co_return response;
  }

  const std::shared_ptr<FactUpstream> upstream_;
};

}  // namespace

std::vector<rpc::Method> CatFactMethods(std::shared_ptr<FactUpstream> upstream) {
  auto facts = std::make_shared<CatFacts>(std::move(upstream));
  return {
      rpc::Unary("/docking.v1.CatFacts/GetFacts", facts, &CatFacts::GetFacts),
      rpc::Unary("/docking.v1.CatFacts/GetFactsAtOnce", facts, &CatFacts::GetFactsAtOnce),
      rpc::Unary("/docking.v1.CatFacts/GetFactsLimited", facts, &CatFacts::GetFactsLimited),
      {"/docking.v1.CatFacts/StreamFacts", rpc::MethodKind::kServerStreaming,
       [facts](rpc::CallContext& context, rpc::ServerStream& stream) {
         return facts->StreamFacts(context, stream);
       }},
      rpc::Unary("/docking.v1.CatFacts/SayHello", facts, &CatFacts::SayHello),
  };
}

}  // namespace slipway::server
