#include "client/engine/http2_http_exchange.h"

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "wire/connection.h"

namespace slipway::client {
namespace {

constexpr size_t kMaxExcerpt = 200;

}  // namespace

void HttpExchange::StartAnswer() {
  status_ = 0;
  response_.headers.clear();
  response_.body.clear();
}

void HttpExchange::OnHeader(std::string_view name, std::string_view value) {
  if (name == ":status") {
    // Three digits: nghttp2 has made sure.
    if (!absl::SimpleAtoi(absl::string_view(value.data(), value.size()), &status_)) status_ = 0;
  } else if (spec().keep_response) {
    response_.headers.emplace_back(name, value);
  }
}

void HttpExchange::OnHeadersEnd(bool end_stream) {
  if (status_ >= 100 && status_ < 200) return StartAnswer();  // interim: the final one follows
  if (end_stream) Complete();
}

void HttpExchange::OnData(std::string_view bytes) {
  bytes_received_ += bytes.size();
  connection()->Consume(*this, bytes.size());
  if (status_ >= 400 && message_.size() < kMaxExcerpt) {
    message_.append(bytes.substr(0, kMaxExcerpt - message_.size()));
  }
  if (spec().keep_response) Keep(bytes);
}

void HttpExchange::Keep(std::string_view bytes) {
  const size_t room = spec().max_response - response_.body.size();
  if (bytes.size() <= room || spec().cut_response) {
    response_.body.append(bytes.substr(0, room));
    return;
  }
  Fail(OutcomeKind::kBroken, 0,
       absl::StrCat("the answer is longer than the ", spec().max_response,
                    " bytes that are kept of it"));
}

void HttpExchange::Complete() { End(OutcomeKind::kHttpStatus, status_, status_ < 400); }

void HttpExchange::OnBroken(const rpc::Status& why) {
  Fail(OutcomeKind::kBroken, 0, why.message());
}

void HttpExchange::OnExpired() { Fail(OutcomeKind::kTimeout, 0, "no complete answer in time"); }

void HttpExchange::OnUnreachable(std::string_view why) { Fail(OutcomeKind::kConnect, 0, why); }

}  // namespace slipway::client
