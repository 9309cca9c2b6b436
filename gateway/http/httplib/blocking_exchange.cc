#include "gateway/http/httplib/blocking_exchange.h"

#include <utility>

#include "base/reason.h"
#include "gateway/http/response_writer.h"

namespace slipway::gateway {
namespace {

/// How often a stream that has nothing to send asks whether its peer is still there.
constexpr std::chrono::milliseconds kPeerCheck{100};

absl::Status BodyTooLarge(size_t limit) {
  return base::MakeError(absl::StatusCode::kResourceExhausted, base::Reason::kBodyTooLarge,
                         "the body is longer than the " + std::to_string(limit) +
                             " bytes that are allowed (--max-body-bytes)");
}

bool IsContentType(const Header& header) { return header.name == "Content-Type"; }

/// The library wants it apart from the other headers.
std::string ContentType(const ResponseHead& head) {
  std::string type;
  for (const Header& header : head.headers) {
    if (type.empty() && IsContentType(header)) AppendHeaderValue(header.value, &type);
  }
  return type;
}

}  // namespace

BlockingExchange::BlockingExchange(WorkerLoop& loop, RequestHead head, bool http_10, Limits limits)
    : loop_(loop),
      head_(std::move(head)),
      http_10_(http_10),
      limits_(limits),
      peer_timer_(loop.executor()) {}

BlockingExchange::~BlockingExchange() { RunToEnd(); }

void BlockingExchange::Run(ExchangeHandler& handler, const httplib::ContentReader* reader) {
  reader_ = reader;
  loop_.CatchUp();
  finished_ = false;
  rpc::Spawn(Serve(handler));
  loop_.RunUntil(yielded_);
  if (ended_) loop_.RunUntil(finished_);
  if (head_.has_body && !body_read_) must_close_ = true;
  reader_ = nullptr;
  body_read_ = true;
}

rpc::Task<void> BlockingExchange::Serve(ExchangeHandler& handler) {
  co_await handler.Handle(*this);
  finished_ = true;
  yielded_ = true;
}

void BlockingExchange::RunToEnd() {
  if (finished_) return;
  LosePeer();
  loop_.RunUntil(finished_);
}

rpc::Task<absl::StatusOr<std::optional<std::string>>> BlockingExchange::ReadBody() {
  if (body_read_ || reader_ == nullptr) co_return std::nullopt;
  body_read_ = true;
  std::string body;
  const auto deadline = std::chrono::steady_clock::now() + limits_.body_deadline;
  absl::Status failure;
  // Reads all of it: the library's reader cannot be left and entered again.
  const bool complete = (*reader_)([&](const char* data, size_t length) {
    if (body.size() + length > limits_.max_body_bytes) {
      failure = BodyTooLarge(limits_.max_body_bytes);
    } else if (std::chrono::steady_clock::now() > deadline) {
      failure = base::MakeError(absl::StatusCode::kDeadlineExceeded, base::Reason::kBodyTimeout,
                                "the body did not come in time (--body-deadline)");
    }
    if (failure.ok()) body.append(data, length);
    return failure.ok();
  });
  if (!complete && failure.ok()) {
    failure = base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadFraming,
                              "the body ended early or is not framed as the headers say");
  }
  if (!failure.ok()) {
    must_close_ = true;
    co_return failure;
  }
  if (body.empty()) co_return std::nullopt;
  co_return std::move(body);
}

void BlockingExchange::SendHead(ResponseHead head) { answer_ = std::move(head); }

rpc::Task<bool> BlockingExchange::SendBody(std::string data, bool end) {
  bytes_ += data.size();
  if (pending_.empty()) {
    pending_ = std::move(data);
  } else {
    pending_ += data;
  }
  if (end) {
    ended_ = true;
    yielded_ = true;
    co_return !peer_gone_;
  }
  if (peer_gone_) co_return false;
  yielded_ = true;
  co_await room_.Wait();
  co_return !peer_gone_;
}

/// The library cannot send trailers: they are dropped, the body ends.
rpc::Task<bool> BlockingExchange::SendTrailers(std::vector<Header>) {
  ended_ = true;
  yielded_ = true;
  co_return !peer_gone_;
}

void BlockingExchange::OnPeerGone(rpc::Executor::Work callback) {
  on_peer_gone_ = std::move(callback);
  if (peer_gone_ && on_peer_gone_) std::exchange(on_peer_gone_, nullptr)();
}

void BlockingExchange::LosePeer() {
  if (std::exchange(peer_gone_, true)) return;
  if (on_peer_gone_) std::exchange(on_peer_gone_, nullptr)();
  room_.Wake();
}

void BlockingExchange::Fill(httplib::Response* response) {
  if (!answer_) {
    answer_ = ResponseHead{500, {}, 0};
    ended_ = true;
    must_close_ = true;
  }
  response->status = answer_->status;
  for (const Header& header : answer_->headers) {
    if (!IsToken(header.name) || IsContentType(header) || header.name == "Trailer") continue;
    std::string value;
    AppendHeaderValue(header.value, &value);
    response->set_header(header.name, value);
  }
  response->set_header("Date", std::string(HttpDate()));
  ended_ ? FillWhole(response) : FillStream(response);
}

void BlockingExchange::FillWhole(httplib::Response* response) {
  const std::string type = ContentType(*answer_);
  if (!must_close_ || pending_.empty()) {
    if (!type.empty()) response->set_header("Content-Type", type);
    response->body = std::move(pending_);
    return;
  }
  // Only a provider that fails makes the library close a connection.
  response->set_header("Connection", "close");
  response->set_content_provider(pending_.size(), type,
                                 [body = pending_](size_t offset, size_t, httplib::DataSink& sink) {
                                   sink.write(body.data() + offset, body.size() - offset);
                                   return false;
                                 });
}

void BlockingExchange::FillStream(httplib::Response* response) {
  const auto provide = [self = shared_from_this()](size_t, httplib::DataSink& sink) {
    return self->Provide(sink);
  };
  const std::string type = ContentType(*answer_);
  if (http_10_) {
    must_close_ = true;  // only the end of the connection says where the body ends
    response->set_content_provider(type, provide);
  } else {
    response->set_chunked_content_provider(type, provide);
  }
}

bool BlockingExchange::Provide(httplib::DataSink& sink) {
  if (pending_.empty() && !ended_ && !finished_) {
    yielded_ = false;
    WatchPeer(sink);
    room_.Wake();
    loop_.RunUntil(yielded_);
    peer_timer_.Cancel();
  }
  if (!pending_.empty()) {
    const std::string piece = std::exchange(pending_, {});
    if (peer_gone_ || !sink.write(piece.data(), piece.size())) {
      RunToEnd();
      return false;
    }
  }
  if (!ended_ && !finished_) return true;
  sink.done();
  loop_.RunUntil(finished_);
  return ended_ && !must_close_;
}

void BlockingExchange::WatchPeer(httplib::DataSink& sink) {
  peer_timer_.Start(executor().Now() + kPeerCheck,
                    [this, &sink] { sink.is_writable() ? WatchPeer(sink) : LosePeer(); });
}

ExchangeRecord BlockingExchange::Record() const {
  const bool bodiless = head_.method == "HEAD";
  return {.peer = head_.peer,
          .method = head_.method,
          .target = head_.target,
          .route = route(),
          .correlation_id = correlation_id(),
          .status = answer_ ? answer_->status : 0,
          .bytes = bodiless ? 0 : bytes_,
          .elapsed = std::chrono::steady_clock::now() - started_,
          .reason = {}};
}

}  // namespace slipway::gateway
