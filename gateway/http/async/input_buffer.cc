#include "gateway/http/async/input_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace slipway::gateway {

std::unique_ptr<char[]> BufferPool::Take() {
  if (free_.empty()) return std::make_unique_for_overwrite<char[]>(kBlockBytes);
  std::unique_ptr<char[]> block = std::move(free_.back());
  free_.pop_back();
  return block;
}

void BufferPool::Give(std::unique_ptr<char[]> block) {
  // Enough for what one round of events uses; more would keep the memory of a burst for ever.
  constexpr size_t kMostFree = 64;
  if (free_.size() < kMostFree) free_.push_back(std::move(block));
}

InputBuffer::~InputBuffer() { Release(); }

std::span<char> InputBuffer::Space() {
  if (data_ == nullptr) {
    data_ = pool_.Take();
    capacity_ = BufferPool::kBlockBytes;
  } else if (end_ == capacity_) {
    MakeRoom();
  }
  return {data_.get() + end_, capacity_ - end_};
}

void InputBuffer::MakeRoom() {
  if (begin_ > 0) {
    std::memmove(data_.get(), data_.get() + begin_, size());
    end_ -= std::exchange(begin_, 0);
    return;
  }
  const size_t larger = std::min(capacity_ * 2, limit_);
  if (larger <= capacity_) return;
  auto data = std::make_unique_for_overwrite<char[]>(larger);
  std::memcpy(data.get(), data_.get(), end_);
  std::swap(data_, data);
  if (std::exchange(capacity_, larger) == BufferPool::kBlockBytes) pool_.Give(std::move(data));
}

void InputBuffer::Consume(size_t count) {
  begin_ += count;
  if (begin_ == end_) Clear();
}

void InputBuffer::ReleaseIfEmpty() {
  if (empty()) Release();
}

void InputBuffer::Release() {
  if (data_ == nullptr) return;
  Clear();
  if (capacity_ == BufferPool::kBlockBytes) {
    pool_.Give(std::move(data_));
  } else {
    data_.reset();
  }
  capacity_ = 0;
}

}  // namespace slipway::gateway
