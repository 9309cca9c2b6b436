#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace slipway::gateway {

/// Free blocks of one thread, so that a connection holds memory for input only while it has some.
class BufferPool {
 public:
  static constexpr size_t kBlockBytes = 16 * 1024;

  std::unique_ptr<char[]> Take();
  void Give(std::unique_ptr<char[]> block);

 private:
  std::vector<std::unique_ptr<char[]>> free_;
};

/// The bytes of one connection that were read and not used yet, in one piece. It takes a block of
/// the pool for the first byte, grows up to `limit`, and gives its memory back when told to while
/// empty. One thread.
class InputBuffer {
 public:
  InputBuffer(BufferPool& pool, size_t limit) : pool_(pool), limit_(limit) {}
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;
  ~InputBuffer();

  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  /// Where to read into; empty when the limit is reached. Invalidates view().
  std::span<char> Space();
  /// `count` bytes of Space() were filled.
  void Commit(size_t count) { end_ += count; }
  /// The first `count` bytes of view() were used.
  void Consume(size_t count);
  void Clear() { begin_ = end_ = 0; }
  /// Gives the memory back if there is nothing in it.
  void ReleaseIfEmpty();

 private:
  void Release();
  void MakeRoom();

  BufferPool& pool_;
  const size_t limit_;
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace slipway::gateway
