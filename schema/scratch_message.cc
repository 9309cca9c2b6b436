#include "schema/scratch_message.h"

#include <cstddef>
#include <memory>

namespace slipway::schema::internal {

namespace {

/// The arena keeps its first block when it is reset, so most messages need no memory of their own.
class ThreadArena {
 public:
  static pb::Arena& Get() {
    thread_local ThreadArena instance;
    return instance.arena_;
  }

 private:
  static constexpr size_t kFirstBlock = 32 * 1024;

  ThreadArena() : block_(new char[kFirstBlock]), arena_(block_.get(), kFirstBlock) {}

  std::unique_ptr<char[]> block_;
  pb::Arena arena_;
};

}  // namespace

ScratchMessage::ScratchMessage(const MessagePlan& plan)
    : message_(plan.prototype->New(&ThreadArena::Get())) {}

ScratchMessage::~ScratchMessage() { ThreadArena::Get().Reset(); }

}  // namespace slipway::schema::internal
