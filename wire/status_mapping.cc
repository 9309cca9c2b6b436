#include "wire/status_mapping.h"

#include <string>

#include <nghttp2/nghttp2.h>

namespace slipway::wire {
namespace {

using Code = absl::StatusCode;

Code CodeFromHttp2Error(uint32_t code) {
  switch (code) {
    case NGHTTP2_REFUSED_STREAM:
      return Code::kUnavailable;
    case NGHTTP2_CANCEL:
      return Code::kCancelled;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return Code::kResourceExhausted;
    case NGHTTP2_INADEQUATE_SECURITY:
      return Code::kPermissionDenied;
    default:
      return Code::kInternal;
  }
}

Code CodeFromHttpStatus(int http_status) {
  switch (http_status) {
    case 400:
      return Code::kInternal;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return Code::kUnavailable;
    default:
      return Code::kUnknown;
  }
}

}  // namespace

rpc::Status StatusFromHttp2Error(uint32_t code) {
  return rpc::Status(CodeFromHttp2Error(code), "the server reset the stream with " +
                                                   std::string(nghttp2_http2_strerror(code)));
}

rpc::Status StatusFromHttpStatus(int http_status) {
  return rpc::Status(CodeFromHttpStatus(http_status), "the server answered with HTTP status " +
                                                          std::to_string(http_status) +
                                                          " instead of 200 and a grpc-status");
}

}  // namespace slipway::wire
