#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/engine/request.h"

namespace slipway::client {

/// Where a parser puts an answer that is to be kept.
struct KeptResponse {
  Response response;
  size_t limit = 0;   // of the body, in bytes
  bool cut = false;   // what is above it is dropped and no error
  std::string error;  // text of the parser's error, when it is above the limit
};

/// Parses one HTTP/1.x response after the other as far as a load generator needs: the status, where
/// the answer ends, and whether the connection may be used again (RFC 9112). Bytes come in pieces
/// of any size and are not kept, except for a line that is cut in two and the beginning of an
/// error's body. A value type, one per connection.
class ResponseParser {
 public:
  /// From the next Start on each answer is kept in `kept`, which outlives the parser: its headers,
  /// without those of interim answers and trailers, and its body.
  void Keep(KeptResponse* kept) { kept_ = kept; }

  /// For the next response. `head_request`: the answer to HEAD has no body whatever it says.
  void Start(bool head_request);

  /// Takes the next bytes and answers how many of them belong to this response: fewer than
  /// bytes.size() only when it is done or has failed.
  size_t Feed(std::string_view bytes);
  /// The peer will send no more. Completes a body that only the end delimits.
  void End();

  bool done() const { return state_ == State::kDone; }
  /// What is wrong with the response; empty while nothing is.
  std::string_view error() const { return error_; }
  /// Whether anything of this response has come.
  bool started() const { return started_; }

  /// Of the body so far, without what delimits chunks.
  uint64_t body_bytes() const { return body_bytes_; }

  /// Meaningful when done() is.
  int status() const { return status_; }
  bool keep_alive() const { return keep_alive_; }
  /// The beginning of the body, for a status from 400 on only.
  std::string_view excerpt() const { return excerpt_; }

 private:
  enum class State : uint8_t {
    kStatusLine,
    kHeader,
    kBody,
    kBodyToEnd,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailer,
    kDone,
    kFailed,
  };

  size_t FeedLine(std::string_view bytes);
  size_t FeedBody(std::string_view bytes);
  void OnLine(std::string_view line);
  void OnStatusLine(std::string_view line);
  void OnHeader(std::string_view line);
  void KeepHeader(std::string_view line, size_t colon);
  bool KeepBody(std::string_view bytes);
  void OnContentLength(std::string_view value);
  void OnHeadEnd();
  void OnChunkSize(std::string_view line);
  void OnBodyPieceEnd();
  void Fail(std::string_view error);

  State state_ = State::kStatusLine;
  bool head_request_ = false;
  bool started_ = false;
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool has_length_ = false;
  int status_ = 0;
  uint64_t remaining_ = 0;  // of the body or of the chunk
  uint64_t body_bytes_ = 0;
  uint64_t line_bytes_ = 0;  // of this head, against one without an end
  std::string partial_line_;
  std::string excerpt_;
  std::string_view error_;
  KeptResponse* kept_ = nullptr;
};

}  // namespace slipway::client
