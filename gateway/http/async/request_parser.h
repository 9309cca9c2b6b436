#pragma once

// Boost 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/async/refusal.h"
#include "gateway/http/engine.h"
#include "gateway/http/exchange.h"

namespace slipway::gateway {

/// Bytes of one HTTP/1.x request → its checked head and its body. The grammar is Boost.Beast's
/// basic_parser, which does no I/O; what that accepts and RFC 9112 or safety does not is refused
/// here: repeated or listed Content-Length, any Transfer-Encoding but one `chunked`, folded lines,
/// headers that look like a framing header to a peer that takes `_` for `-`, Host and
/// request-target rules, and the limits of EngineLimits.
///
/// Used again for request after request by Reset, so that strings and vectors keep their memory.
/// One thread; knows nothing of sockets.
class RequestParser {
 public:
  enum class Progress {
    kNeedMore,  ///< all of the input that can be used was used
    kDone,      ///< the head, or the body, is complete; what follows was left alone
    kRefused,   ///< see refusal(); the parser takes no more
  };

  /// `limits` outlives the parser.
  explicit RequestParser(const EngineLimits& limits) : limits_(limits) { Reset(); }
  explicit RequestParser(EngineLimits&&) = delete;
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Forgets the request.
  void Reset();

  /// Takes bytes of the head. The caller drops the first `*consumed` bytes and gives the rest
  /// again, with more behind it.
  Progress ParseHead(std::string_view input, size_t* consumed);
  /// Takes bytes of the body after kDone of the head, and appends what they carry to `*piece`; null
  /// drops it. Input must not be empty. kDone again when the body is complete.
  Progress ParseBody(std::string_view input, std::string* piece, size_t* consumed);

  /// Valid when the head is done; after kRefused, as far as it was understood.
  RequestHead& head() { return head_; }
  const RequestHead& head() const { return head_; }
  /// Valid after kRefused.
  const Refusal& refusal() const { return *refusal_; }

  /// 0 of HTTP/1.0, 1 of HTTP/1.1.
  int http_minor() const { return http_minor_; }
  /// What the request asks for: the default of its version, or its Connection header.
  bool keep_alive() const { return keep_alive_; }
  /// The client waits for `100 Continue` before it sends the body.
  bool expects_continue() const { return expects_continue_; }
  bool body_done() const { return beast_->is_done(); }

 private:
  using Error = boost::system::error_code;
  using View = boost::beast::string_view;

  /// Beast calls back here; everything is forwarded to the parser that owns it.
  class Grammar final : public boost::beast::http::basic_parser<true> {
   public:
    explicit Grammar(RequestParser& owner) : owner_(owner) {}

   private:
    void on_request_impl(boost::beast::http::verb, View method, View target, int version,
                         Error& error) override;
    void on_response_impl(int, View, int, Error&) override {}
    void on_field_impl(boost::beast::http::field field, View name, View value,
                       Error& error) override;
    void on_header_impl(Error&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
    std::size_t on_body_impl(View bytes, Error&) override;
    void on_chunk_header_impl(std::uint64_t size, View extension, Error& error) override;
    std::size_t on_chunk_body_impl(std::uint64_t left, View bytes, Error&) override;
    void on_finish_impl(Error&) override {}

    RequestParser& owner_;
  };

  void OnRequestLine(std::string_view method, std::string_view target, int version);
  void OnField(boost::beast::http::field field, std::string_view name, std::string_view value);
  void OnChunkExtension(std::string_view extension);
  void CheckFraming(boost::beast::http::field field, std::string_view name, std::string_view value);
  void AddHeader(std::string_view name, std::string_view value);
  bool Folded(std::string_view name, std::string_view value) const;
  bool IsPartOfEnd(std::string_view input) const;

  Progress CheckPartialHead(std::string_view unused);
  Progress FinishHead();
  void CheckHead();
  Progress RefuseFor(const Error& error, std::string_view unused);
  void Refuse(int status, base::Reason reason, std::string message);

  const EngineLimits& limits_;
  std::optional<Grammar> beast_;
  RequestHead head_;
  std::optional<Refusal> refusal_;

  std::string_view input_;        // of the call that runs
  std::string* piece_ = nullptr;  // of the call that runs
  size_t head_bytes_ = 0;         // used so far
  size_t header_count_ = 0;       // of head_.headers; behind them stand those of an earlier request
  size_t trailer_count_ = 0;
  size_t extension_bytes_ = 0;
  uint64_t chunk_left_ = 0;     // of the chunk that comes in
  std::optional<size_t> host_;  // index of the Host header
  std::optional<uint64_t> content_length_;
  int http_minor_ = 1;
  bool started_ = false;
  bool skipped_empty_line_ = false;
  bool line_done_ = false;
  bool head_done_ = false;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
};

}  // namespace slipway::gateway
