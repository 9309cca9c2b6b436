#include "server/service/info.h"

#include "docking/v1/info.pb.h"
#include "google/api/httpbody.pb.h"
#include "rpc/handlers.h"

namespace slipway::server {
namespace {

namespace pb = docking::v1;

class Info {
 public:
  explicit Info(rpc::Duration delay) : delay_(delay) {}

  rpc::Task<absl::StatusOr<pb::GetInfoResponse>> GetInfo(rpc::CallContext& context,
                                                         pb::GetInfoRequest) {
    const rpc::Status slept = co_await context.Sleep(delay_);
    if (!slept.ok()) co_return slept.ToAbsl();
    pb::GetInfoResponse response;
    response.set_result("success");
    response.set_id(context.correlation_id());
    co_return response;
  }

  rpc::Task<absl::StatusOr<google::api::HttpBody>> GetIndex(rpc::CallContext&,
                                                            pb::GetIndexRequest) {
    google::api::HttpBody body;
    body.set_content_type("text/plain; charset=utf-8");
    body.set_data("Docking API");
    co_return body;
  }

 private:
  const rpc::Duration delay_;
};

}  // namespace

std::vector<rpc::Method> InfoMethods(rpc::Duration delay) {
  auto info = std::make_shared<Info>(delay);
  return {rpc::Unary("/docking.v1.Info/GetInfo", info, &Info::GetInfo),
          rpc::Unary("/docking.v1.Info/GetIndex", info, &Info::GetIndex)};
}

}  // namespace slipway::server
