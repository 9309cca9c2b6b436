#include "outbound/transfer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "outbound/ip_address.h"

namespace slipway::outbound {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// Failures that say that the other side does not speak HTTP properly.
bool IsProtocolError(CURLcode code) {
  constexpr std::array kCodes = {CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY,
                                 CURLE_PARTIAL_FILE,         CURLE_HTTP2,
                                 CURLE_HTTP2_STREAM,         CURLE_BAD_CONTENT_ENCODING};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

long Milliseconds(absl::Duration duration) {  // NOLINT: libcurl's type
  return static_cast<long>(absl::ToInt64Milliseconds(duration));
}

}  // namespace

Transfer::Transfer(rpc::Executor& executor, std::shared_ptr<Exchange> exchange,
                   const ClientOptions& options, std::function<void(Transfer&)> connected)
    : exchange_(std::move(exchange)),
      options_(options),
      connected_(std::move(connected)),
      timer_(executor) {}

Transfer& Transfer::Of(CURL* easy) {
  char* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *reinterpret_cast<Transfer*>(self);
}

CURL* Transfer::easy() {
  if (easy_) return easy_.get();
  easy_.reset(curl_easy_init());
  if (!easy_) std::abort();  // no memory
  SetCallbacks();
  SetConnection();
  SetTls();
  SetRequest();
  return easy_.get();
}

void Transfer::SetCallbacks() {
  Set(CURLOPT_PRIVATE, this);
  Set(CURLOPT_ERRORBUFFER, error_text_.data());
  Set(CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  Set(CURLOPT_HEADERDATA, this);
  Set(CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  Set(CURLOPT_WRITEDATA, this);
  Set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::OnOpenSocket);
  Set(CURLOPT_OPENSOCKETDATA, this);
  Set(CURLOPT_PREREQFUNCTION, &Transfer::OnConnected);
  Set(CURLOPT_PREREQDATA, this);
}

void Transfer::SetConnection() {
  Set(CURLOPT_CURLU, exchange_->url.handle());
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_PROXY, "");  // none, whatever the environment says
  Set(CURLOPT_FOLLOWLOCATION, 0L);
  Set(CURLOPT_NOSIGNAL, 1L);
  // A look-up that is given up must not hold the thread until the resolver has answered.
  Set(CURLOPT_QUICK_EXIT, 1L);
  Set(CURLOPT_CONNECTTIMEOUT_MS, std::max(1L, Milliseconds(options_.connect_timeout)));
  Set(CURLOPT_MAXAGE_CONN, std::max(1L, Milliseconds(options_.idle_timeout) / 1000));
  for (const std::string& host : options_.hosts) Append(resolve_, host);
  if (resolve_) Set(CURLOPT_RESOLVE, resolve_.get());
}

void Transfer::SetTls() {
  Set(CURLOPT_HTTP_VERSION,
      static_cast<long>(options_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  Set(CURLOPT_SSL_VERIFYPEER, options_.verify_tls ? 1L : 0L);
  Set(CURLOPT_SSL_VERIFYHOST, options_.verify_tls ? 2L : 0L);
  if (!options_.ca_file.empty()) {
    Set(CURLOPT_CAINFO, options_.ca_file.c_str());
    Set(CURLOPT_CAPATH, nullptr);
  }
}

void Transfer::SetRequest() {
  const HttpRequest& request = exchange_->request;
  const bool takes_body =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (takes_body || !request.body.empty()) {
    Set(CURLOPT_POSTFIELDS, request.body.c_str());
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  if (request.method == "HEAD") Set(CURLOPT_NOBODY, 1L);
  Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (!request.reuse_connection) {
    Set(CURLOPT_FRESH_CONNECT, 1L);
    Set(CURLOPT_FORBID_REUSE, 1L);
  }
  Set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  // Neither is ours to say: libcurl adds them to what has a body. A line without a value takes a
  // header out; one of the caller's, which follows, stands.
  Append(headers_, "Expect:");
  Append(headers_, "Content-Type:");
  for (const auto& [name, value] : request.headers) {
    Append(headers_, value.empty() ? absl::StrCat(name, ";") : absl::StrCat(name, ": ", value));
  }
  Set(CURLOPT_HTTPHEADER, headers_.get());
}

void Transfer::Append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) std::abort();  // no memory
  static_cast<void>(list.release());
  list.reset(longer);
}

size_t Transfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t bytes = size * count;
  transfer.head_bytes_ += bytes;
  if (transfer.head_bytes_ > transfer.options_.max_response_head_bytes) {
    transfer.refusal_ = transfer.TooLarge("head", transfer.options_.max_response_head_bytes);
    return 0;
  }
  transfer.ReadHeaderLine({data, bytes});
  return bytes;
}

void Transfer::ReadHeaderLine(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // an interim answer's head may have come before
    response_.headers.clear();
    head_complete_ = false;
    return;
  }
  if (head_complete_) return;  // a trailer
  const std::string_view text = Trimmed(line);
  if (text.empty()) {
    head_complete_ = true;
    return;
  }
  if (line.front() == ' ' || line.front() == '\t') {  // a line that continues the one before
    if (!response_.headers.empty()) response_.headers.back().second.append(" ").append(text);
    return;
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return;  // libcurl lets such lines pass
  const std::string_view name = text.substr(0, colon);
  response_.headers.emplace_back(absl::AsciiStrToLower({name.data(), name.size()}),
                                 Trimmed(text.substr(colon + 1)));
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t bytes = size * count;
  const size_t limit = transfer.exchange_->request.max_response_bytes;
  if (bytes > limit - transfer.response_.body.size()) {
    transfer.refusal_ = transfer.TooLarge("body", limit);
    return 0;
  }
  transfer.response_.body.append(data, bytes);
  return bytes;
}

bool Transfer::Allowed(const sockaddr& address) {
  const AllowList* allow = exchange_->request.allow.get();
  if (allow == nullptr) return true;
  const std::optional<IpAddress> dialled = IpAddress::FromSocketAddress(address);
  absl::Status allowed =
      dialled ? allow->CheckDialled(exchange_->url, *dialled)
              : base::MakeError(absl::StatusCode::kPermissionDenied, base::Reason::kForbiddenTarget,
                                absl::StrCat("url: ", exchange_->url.shown(),
                                             " may not be called: it leads to an address that is "
                                             "neither IPv4 nor global IPv6"));
  if (allowed.ok()) return true;
  refusal_ = std::move(allowed);  // stands unless another of the name's addresses may be dialled
  return false;
}

curl_socket_t Transfer::OnOpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (!transfer.Allowed(address->addr)) return CURL_SOCKET_BAD;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int Transfer::OnConnected(void* self, char* remote, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  // A kept connection may be one that a caller with another list, or none, opened.
  const AllowList* allow = transfer.exchange_->request.allow.get();
  const std::optional<IpAddress> address = IpAddress::Parse(remote);
  transfer.refusal_ = allow == nullptr ? absl::OkStatus()
                      : address        ? allow->CheckDialled(transfer.exchange_->url, *address)
                                       : absl::InternalError("the peer's address cannot be read");
  if (!transfer.refusal_.ok()) return CURL_PREREQFUNC_ABORT;
  transfer.connected_(transfer);
  return CURL_PREREQFUNC_OK;
}

absl::Status Transfer::TooLarge(std::string_view what, size_t limit) const {
  return base::MakeError(absl::StatusCode::kResourceExhausted, base::Reason::kResponseTooLarge,
                         absl::StrCat(exchange_->url.shown(), ": the answer's ", std::string(what),
                                      " is longer than ", limit, " bytes"));
}

absl::Status Transfer::Failure(CURLcode code) const {
  const char* text = error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code);
  const base::Reason reason =
      IsProtocolError(code) ? base::Reason::kBackendProtocol : base::Reason::kBackendUnavailable;
  return base::MakeError(absl::StatusCode::kUnavailable, reason,
                         absl::StrCat(exchange_->url.shown(), ": ", text));
}

Exchange::Result Transfer::Result(CURLcode code) {
  if (!refusal_.ok()) return refusal_;
  if (code != CURLE_OK) return Failure(code);
  long status = 0;  // NOLINT: libcurl's type
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) return Failure(CURLE_WEIRD_SERVER_REPLY);
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

}  // namespace slipway::outbound
