#pragma once

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace slipway::base {

/// Tell ThreadSanitizer of an order that it cannot see: where an object goes from one thread to
/// another through a library that is not built with the sanitizer. What a thread did before
/// HappensBefore(object) is then known to precede what another does after HappensAfter(object).
/// Nothing in other builds. Any thread.
///
/// Only for hand-overs that the library itself orders, such as those by its own locks: they hide
/// a race where there is no such order.
inline void HappensBefore([[maybe_unused]] void* object) {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(object);
#endif
}

inline void HappensAfter([[maybe_unused]] void* object) {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(object);
#endif
}

}  // namespace slipway::base
