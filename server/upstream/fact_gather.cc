#include "server/upstream/fact_gather.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"

namespace slipway::server {
namespace {

/// Calls of one request that are under way at a time, whatever its way and the limit: each is a
/// connection.
constexpr int kMostAtOnce = 512;
/// Longer than this nobody waits for an upstream that refuses.
constexpr rpc::Duration kLongestWait = std::chrono::minutes(10);

const char* WayName(FactWay way) {
  switch (way) {
    case FactWay::kInTurn:
      return "in turn";
    case FactWay::kAtOnce:
      return "at once";
    case FactWay::kLimited:
      break;
  }
  return "limited";
}

}  // namespace

FactGather::FactGather(rpc::CallContext& context, FactUpstream& upstream, FactWay way, int count)
    : context_(context),
      upstream_(upstream),
      way_(way),
      count_(count),
      begin_(context.executor().Now()),
      backoff_(context.executor()),
      deadline_(context.executor()),
      calls_([this] { OnCallEnded(); }) {
  if (way == FactWay::kLimited) {
    line_.emplace(upstream.limiter(), context.executor(), context.correlation_id(),
                  [this] { OnEvent(); });
  }
}

FactGather::~FactGather() {
  calls_.Clear();
  EndBackOff();
  const std::chrono::duration<double, std::milli> elapsed = context_.executor().Now() - begin_;
  base::LogInfo("facts: {} {}: {} wanted, {} asked, {} got, {} refused, {} failed in {:.1f} ms{}",
                context_.correlation_id(), WayName(way_), count_, tally_.asked, tally_.got,
                tally_.refused, tally_.failed, elapsed.count(),
                status_.ok() ? "" : absl::StrCat(": ", status_.message()));
}

rpc::Task<std::optional<ArrivedFact>> FactGather::Next() {
  if (!std::exchange(begun_, true)) {
    cancel_hook_.emplace(context_, [this] { OnEnd(); });
    deadline_.Start(context_.deadline(), [this] { OnEnd(); });
    if (!context_.Alive().ok()) OnEnd();
    Advance();
  }
  while (ready_.empty() && status_.ok() && !Complete()) co_await changed_.Wait();
  if (ready_.empty()) {
    const bool all_failed = tally_.failed > 0 && tally_.got + tally_.refused == 0;
    if (status_.ok() && way_ == FactWay::kAtOnce && all_failed) status_ = last_failure_;
    co_return std::nullopt;
  }
  ArrivedFact fact = std::move(ready_.front());
  ready_.pop_front();
  Advance();  // there is room for another one
  co_return fact;
}

int FactGather::Wanted() const {
  if (!status_.ok() || context_.executor().Now() < not_before_) return 0;
  const int under_way = static_cast<int>(calls_.size());
  const int busy = under_way + static_cast<int>(ready_.size());
  int most = kMostAtOnce;
  if (way_ == FactWay::kInTurn) most = 1;
  if (way_ == FactWay::kLimited) {
    most = refusals_ + failures_ > 0 ? 1 : std::min(kMostAtOnce, upstream_.config().limit);
  }
  return std::max(0, std::min(most - busy, count_ - settled_ - under_way));
}

void FactGather::Advance() {
  if (advancing_) return;  // from inside: the loop below sees what has changed
  advancing_ = true;
  for (;;) {
    const int wanted = Wanted();
    if (line_) line_->Want(wanted);
    if (wanted == 0) break;
    const std::optional<outbound::Permit> permit =
        line_ ? line_->Take() : upstream_.limiter().TakeAnyway(context_.executor().Now());
    if (!permit) {
      CheckPatience();
      if (!status_.ok()) continue;  // wants nothing any more
      break;
    }
    int index = next_index_;
    if (again_.empty()) {
      ++next_index_;
    } else {
      index = again_.front();
      again_.pop_front();
    }
    ++tally_.asked;
    calls_.Start(Call(index, *permit));
  }
  if (!status_.ok()) {
    calls_.Clear();
    EndBackOff();
  }
  advancing_ = false;
}

void FactGather::CheckPatience() {
  const rpc::Time now = context_.executor().Now();
  const rpc::Time until = upstream_.limiter().RefusedUntil();
  if (until > now + kLongestWait) GiveUp(upstream_.source().Refused(until - now));
}

void FactGather::OnEvent() {
  Advance();
  changed_.Wake();
}

void FactGather::OnCallEnded() {
  // A call that ends while it is started: whoever starts it goes on, and wakes the reader.
  if (!advancing_) OnEvent();
}

void FactGather::OnEnd() {
  if (status_.ok() && !Complete()) GiveUp(context_.Alive().ToAbsl());
  OnEvent();
}

rpc::Task<void> FactGather::Call(int index, outbound::Permit permit) {
  const rpc::Time started = context_.executor().Now();
  rpc::Task<FactAnswer> asking = upstream_.source().Ask(context_, index);
  FactAnswer answer = co_await std::move(asking);
  Settle(index, permit, started, std::move(answer));
}

void FactGather::Settle(int index, outbound::Permit permit, rpc::Time started, FactAnswer answer) {
  const rpc::Time now = context_.executor().Now();
  if (answer.kind == FactAnswer::Kind::kRefused) {
    upstream_.limiter().Refused(permit, now, answer.retry_after);
    return OnRefused(index, started, answer);
  }
  if (answer.kind == FactAnswer::Kind::kFact) {
    upstream_.limiter().Served(permit, now);
  } else if (answer.answered) {
    upstream_.limiter().Answered(permit, now);
  } else {
    upstream_.limiter().Return(permit, now);
  }
  if (answer.kind != FactAnswer::Kind::kFact) return OnFailed(index, started, answer);
  ++tally_.got;
  ++settled_;
  refusals_ = 0;
  failures_ = 0;
  ready_.push_back({index, std::move(answer.fact)});
}

void FactGather::OnRefused(int index, rpc::Time started, const FactAnswer& answer) {
  ++tally_.refused;
  if (way_ == FactWay::kAtOnce) {
    ++settled_;
    return;
  }
  if (way_ == FactWay::kInTurn || answer.retry_after > kLongestWait) return GiveUp(answer.status);
  // Those that were under way when another one was refused say nothing new.
  if (started >= last_strike_) ++refusals_;
  if (refusals_ > upstream_.config().most_refusals) return GiveUp(answer.status);
  AskAgain(index);
  // The limiter waits as long as the upstream said, for everybody; but "at once" says nothing.
  const bool said = answer.retry_after > rpc::Duration::zero();
  if (!said) BackOff(refusals_, outbound::WaitReason::kRefused, answer.status);
}

void FactGather::OnFailed(int index, rpc::Time started, const FactAnswer& answer) {
  ++tally_.failed;
  last_failure_ = answer.status;
  if (way_ == FactWay::kAtOnce) {
    ++settled_;
    return;
  }
  const outbound::RetryPolicy& retry = upstream_.config().retry;
  if (started >= last_strike_) ++failures_;
  // Also an upstream that now and then answers must not be asked for ever.
  const bool too_many = failures_ > retry.retries || tally_.failed > (count_ + 1) * retry.retries;
  if (way_ == FactWay::kInTurn || answer.kind == FactAnswer::Kind::kHopeless || too_many) {
    return GiveUp(answer.status);
  }
  AskAgain(index);
  BackOff(failures_, outbound::WaitReason::kFailed, answer.status);
}

void FactGather::AskAgain(int index) {
  again_.push_back(index);
  last_strike_ = context_.executor().Now();
}

void FactGather::BackOff(int in_a_row, outbound::WaitReason reason, const absl::Status& why) {
  if (in_a_row == 0) return;  // others have succeeded since
  const rpc::Time now = context_.executor().Now();
  not_before_ = std::max(not_before_, now + upstream_.config().retry.Delay(in_a_row, random_));
  pause_ = Pause{pause_ ? pause_->since : now, reason, std::string(why.message())};
  backoff_.Start(not_before_, [this] {
    EndBackOff();
    OnEvent();
  });
}

void FactGather::EndBackOff() {
  if (!pause_) return;
  const Pause pause = *std::exchange(pause_, std::nullopt);
  upstream_.limiter().Waited(context_.correlation_id(), context_.executor().Now() - pause.since,
                             pause.reason, pause.why);
}

void FactGather::GiveUp(const absl::Status& why) {
  if (!status_.ok()) return;
  std::string had = absl::StrCat(why.message(), "; ", tally_.got, " of ", count_,
                                 count_ == 1 ? " fact" : " facts", " had arrived");
  status_ = absl::Status(why.code(), had);
  why.ForEachPayload([this](absl::string_view type, const absl::Cord& payload) {
    status_.SetPayload(type, payload);
  });
}

}  // namespace slipway::server
