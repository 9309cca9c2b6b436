#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace slipway::base {

class PermitPool;

/// The right to use one unit of a PermitPool; gives it back when destroyed. Movable between
/// threads; the pool outlives it.
class [[nodiscard]] Permit {
 public:
  Permit(Permit&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
  Permit& operator=(Permit&& other) noexcept {
    std::swap(pool_, other.pool_);
    return *this;
  }
  ~Permit();

 private:
  friend class PermitPool;
  explicit Permit(PermitPool* pool) : pool_(pool) {}

  PermitPool* pool_;
};

/// A limit on how many of something exist at a time (connections, calls, buffers): whoever needs
/// one takes a Permit or is refused at once; nobody waits. Owned by the part that has the limit.
/// Any thread may call everything; there is no lock.
class PermitPool {
 public:
  /// At most `limit` permits at a time; 0 refuses everybody.
  explicit PermitPool(std::int64_t limit) : limit_(limit) {}
  PermitPool(const PermitPool&) = delete;
  PermitPool& operator=(const PermitPool&) = delete;

  /// A permit, or nullopt if all are in use.
  std::optional<Permit> TryAcquire() {
    std::int64_t used = in_use_.load(std::memory_order_relaxed);
    do {
      if (used >= limit_) return std::nullopt;
    } while (!in_use_.compare_exchange_weak(used, used + 1, std::memory_order_acquire,
                                            std::memory_order_relaxed));
    return Permit(this);
  }

  std::int64_t in_use() const { return in_use_.load(std::memory_order_relaxed); }
  std::int64_t limit() const { return limit_; }

 private:
  friend class Permit;
  void Release() { in_use_.fetch_sub(1, std::memory_order_release); }

  const std::int64_t limit_;
  std::atomic<std::int64_t> in_use_{0};
};

inline Permit::~Permit() {
  if (pool_ != nullptr) pool_->Release();
}

}  // namespace slipway::base
