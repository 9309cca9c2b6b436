#include "wire/message_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include <zlib.h>

#include "absl/strings/str_cat.h"

namespace slipway::wire {
namespace {

using Code = absl::StatusCode;

// Reserved before the bytes are there; more only as they come, since a length is quickly said.
constexpr size_t kMostReserved = 64 << 10;

rpc::Status TooLarge(size_t size, size_t max) {
  return rpc::Status(Code::kResourceExhausted,
                     absl::StrCat("received message larger than max (", size, " vs. ", max, ")"));
}

rpc::Status RunInflate(z_stream& stream, size_t max_size, std::string* out) {
  for (;;) {
    const size_t done = out->size();
    // One byte more than allowed, to notice.
    const size_t room = std::min(std::max<size_t>(done, 4096), max_size + 1 - done);
    out->resize(done + room);
    stream.next_out = reinterpret_cast<Bytef*>(out->data() + done);
    stream.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream, Z_NO_FLUSH);
    out->resize(out->size() - stream.avail_out);
    if (out->size() > max_size) {
      return rpc::Status(
          Code::kResourceExhausted,
          absl::StrCat("received message larger than max when decompressed (max ", max_size, ")"));
    }
    if (result == Z_STREAM_END) return rpc::Status();
    if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) {
      return rpc::Status(Code::kInternal, "a compressed message does not decompress");
    }
  }
}

}  // namespace

rpc::Status Inflate(std::string_view data, size_t max_size, std::string* out) {
  z_stream stream = {};
  constexpr int kGzipOrZlib = 15 + 32;
  if (inflateInit2(&stream, kGzipOrZlib) != Z_OK) {
    return rpc::Status(Code::kInternal, "no memory to decompress a message");
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  out->clear();
  rpc::Status status = RunInflate(stream, max_size, out);
  inflateEnd(&stream);
  return status;
}

void MessageReader::Add(std::string_view bytes) {
  if (!complete_ && error_.ok()) {
    const size_t used = Fill(bytes);
    released_ += used;
    bytes.remove_prefix(used);
  }
  if (bytes.empty()) return;
  // Moving the rest to the front at the half keeps the cost of a byte constant.
  if (backlog_begin_ > backlog_.size() / 2) {
    backlog_.erase(0, std::exchange(backlog_begin_, 0));
  }
  backlog_.append(bytes);
}

std::string MessageReader::Take() {
  complete_ = false;
  prefix_size_ = 0;
  std::string message = std::exchange(head_, {});
  const size_t used = Fill(std::string_view(backlog_).substr(backlog_begin_));
  backlog_begin_ += used;
  released_ += used;
  if (backlog_begin_ == backlog_.size()) {
    backlog_.clear();
    backlog_begin_ = 0;
  }
  return message;
}

void MessageReader::Clear() {
  released_ += backlog_.size() - backlog_begin_;
  backlog_.clear();
  backlog_begin_ = 0;
  head_.clear();
  prefix_size_ = 0;
  complete_ = false;
  error_ = rpc::Status();
}

// Feeds the message that comes next, answers how many bytes belonged to it.
size_t MessageReader::Fill(std::string_view bytes) {
  size_t used = 0;
  if (!FillPrefix(bytes, &used)) return used;
  const size_t take = std::min(length_ - head_.size(), bytes.size() - used);
  head_.append(bytes.data() + used, take);
  if (head_.size() == length_) Complete();
  return used + take;
}

// True when the prefix is whole and acceptable.
bool MessageReader::FillPrefix(std::string_view bytes, size_t* used) {
  if (prefix_size_ == prefix_.size()) return true;
  *used = std::min(prefix_.size() - prefix_size_, bytes.size());
  std::memcpy(prefix_.data() + prefix_size_, bytes.data(), *used);
  prefix_size_ += *used;
  if (prefix_size_ < prefix_.size()) return false;
  BeginBody();
  return error_.ok();
}

void MessageReader::BeginBody() {
  length_ = size_t{prefix_[1]} << 24 | size_t{prefix_[2]} << 16 | size_t{prefix_[3]} << 8 |
            size_t{prefix_[4]};
  if (prefix_[0] > 1) {
    return SetError(Code::kInternal, absl::StrCat("a message has the unknown flags ",
                                                  int{prefix_[0]}, "; 0 and 1 are allowed"));
  }
  if (length_ > max_size_) {
    error_ = TooLarge(length_, max_size_);
    return;
  }
  head_.reserve(std::min(length_, kMostReserved));
}

void MessageReader::Complete() {
  if (prefix_[0] == 0) {
    complete_ = true;
    return;
  }
  if (encoding_ != "gzip" && encoding_ != "deflate") {
    return SetError(Code::kInternal,
                    encoding_.empty() || encoding_ == "identity"
                        ? "a message is compressed but grpc-encoding is not set"
                        : "a message is compressed with the unknown encoding " + encoding_);
  }
  std::string inflated;
  error_ = Inflate(head_, max_size_, &inflated);
  head_ = std::move(inflated);
  complete_ = error_.ok();
}

void MessageReader::SetError(Code code, std::string message) {
  error_ = rpc::Status(code, std::move(message));
}

}  // namespace slipway::wire
