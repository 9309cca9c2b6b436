#pragma once

#include "google/protobuf/arena.h"
#include "schema/plan.h"

namespace slipway::schema::internal {

/// An empty message of a type for the length of a function that does not suspend: it lives on an
/// arena of this thread whose memory is used again and again. Not nested.
class ScratchMessage {
 public:
  explicit ScratchMessage(const MessagePlan& plan);
  ScratchMessage(const ScratchMessage&) = delete;
  ScratchMessage& operator=(const ScratchMessage&) = delete;
  ~ScratchMessage();

  pb::Message* get() const { return message_; }

 private:
  pb::Message* message_;
};

}  // namespace slipway::schema::internal
