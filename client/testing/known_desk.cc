#include "client/testing/known_desk.h"

#include <algorithm>
#include <utility>

namespace slipway::client::testing {
namespace {

double MeanRate(const KnownBehaviour& behaviour) {
  const double mean = std::chrono::duration<double>(behaviour.mean_service).count();
  return mean > 0 ? 1 / mean : 1;
}

bool IsMultiple(int64_t number, int64_t every) { return every > 0 && number % every == 0; }

}  // namespace

KnownDesk::KnownDesk(rpc::Executor& executor, const KnownBehaviour& behaviour)
    : executor_(executor),
      behaviour_(behaviour),
      random_(behaviour.seed),
      service_(MeanRate(behaviour)) {}

std::shared_ptr<KnownDesk::Ticket> KnownDesk::Arrive(KnownReply* reply) {
  auto ticket = std::make_shared<Ticket>(executor_);
  if (stopped_) return ticket;
  const rpc::Time now = executor_.Now();
  if (counts_.received == 0) first_ = free_from_ = now;
  ticket->reply = reply;
  ticket->number = ++counts_.received;
  ticket->arrived = now;
  const rpc::Time due = PutOff(DueAt(now));
  // Also when it is due at once: a protocol must not be answered from inside its own call.
  open_.emplace(ticket.get(), ticket);
  counts_.most_at_once = std::max(counts_.most_at_once, static_cast<int64_t>(open_.size()));
  ticket->timer.Start(due, [this, raw = ticket.get()] { OnDue(raw); });
  return ticket;
}

rpc::Time KnownDesk::DueAt(rpc::Time now) {
  const auto delay = std::chrono::duration_cast<rpc::Duration>(behaviour_.delay);
  const bool random = behaviour_.mean_service.count() > 0;
  if (!random && !behaviour_.one_worker) return now + delay;
  const auto service = random ? std::chrono::duration_cast<rpc::Duration>(
                                    std::chrono::duration<double>(service_(random_)))
                              : delay;
  free_from_ = std::max(free_from_, now) + service;
  return free_from_;
}

rpc::Time KnownDesk::PutOff(rpc::Time due) {
  const rpc::Time after = AfterStall(due);
  counts_.stalled += after != due ? 1 : 0;
  return after;
}

rpc::Time KnownDesk::AfterStall(rpc::Time due) const {
  if (behaviour_.stall_length.count() <= 0) return due;
  if (behaviour_.stall_after.count() > 0) {
    const rpc::Time begin = first_ + behaviour_.stall_after;
    const rpc::Time end = begin + behaviour_.stall_length;
    return due >= begin && due < end ? end : due;
  }
  if (behaviour_.stall_every.count() <= 0) return due;
  const auto within = (due - first_) % behaviour_.stall_every;
  const bool stalled = within >= behaviour_.stall_every - behaviour_.stall_length;
  return stalled ? due + (behaviour_.stall_every - within) : due;
}

void KnownDesk::OnDue(Ticket* ticket) {
  if (stalled_) {
    held_.push_back(ticket);
  } else {
    Finish(ticket);
  }
}

void KnownDesk::Finish(Ticket* ticket) {
  const auto mine = open_.extract(ticket);
  Answer(*mine.mapped());
}

void KnownDesk::Resume() {
  stalled_ = false;
  for (Ticket* ticket : std::exchange(held_, {})) Finish(ticket);
}

void KnownDesk::Stop() {
  stopped_ = true;
  for (const auto& [raw, ticket] : open_) {
    ticket->timer.Cancel();
    ticket->reply = nullptr;
  }
  held_.clear();
  open_.clear();
}

void KnownDesk::Answer(Ticket& ticket) {
  KnownReply* const reply = std::exchange(ticket.reply, nullptr);
  if (reply != nullptr) times_.Record((executor_.Now() - ticket.arrived).count());
  if (reply == nullptr) {
    ++counts_.abandoned;
  } else if (IsMultiple(ticket.number, behaviour_.error_every)) {
    ++counts_.errors;
    reply->Error();
  } else if (IsMultiple(ticket.number, behaviour_.reset_every)) {
    ++counts_.resets;
    reply->Reset();
  } else if (IsMultiple(ticket.number, behaviour_.close_every)) {
    ++counts_.closes;
    reply->CloseEarly();
  } else {
    ++counts_.ok;
    reply->Ok();
  }
}

}  // namespace slipway::client::testing
