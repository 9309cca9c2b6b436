// Linked into the test programs of ThreadSanitizer builds, where it stands in for a function of
// libabsl_status: the one that gives a reference to a status back. The distribution's library is
// not built with the sanitizer, which would then see a status deleted but not the count that orders
// this after what other threads did with it. The function is the library's; later versions have
// another.
#include "absl/base/config.h"
#include "absl/status/status.h"

#if defined(ABSL_LTS_RELEASE_VERSION) && ABSL_LTS_RELEASE_VERSION <= 20220623

namespace absl {
ABSL_NAMESPACE_BEGIN

void Status::UnrefNonInlined(uintptr_t rep) {
  status_internal::StatusRep* const status = RepToPointer(rep);
  const bool last = status->ref.load(std::memory_order_acquire) == 1 ||
                    status->ref.fetch_sub(1, std::memory_order_acq_rel) == 1;
  if (last) delete status;
}

ABSL_NAMESPACE_END
}  // namespace absl

#endif
