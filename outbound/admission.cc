#include "outbound/admission.h"

namespace slipway::outbound {

bool Admission::Enter(Ticket& ticket, const std::string& name) {
  const auto known = hosts_.find(name);
  const bool starts =
      under_way_ < limits_.total &&
      (known == hosts_.end() || (known->second.waiting.empty() && MayStart(known->second)));
  if (!starts && waiting_ >= limits_.waiting) return false;
  Host& host = hosts_[name];
  host.name = name;
  ticket.host_ = &host;
  ticket.place_ = host.waiting.insert(host.waiting.end(), &ticket);
  ++waiting_;
  Update(host);
  return true;
}

Admission::Ticket* Admission::Next() {
  if (turns_.empty() || under_way_ >= limits_.total) return nullptr;
  Host& host = *turns_.front();
  turns_.pop_front();
  host.in_turn = false;
  Ticket* ticket = host.waiting.front();
  host.waiting.pop_front();
  --waiting_;
  ticket->started_ = true;
  ++host.under_way;
  ++under_way_;
  Update(host);
  return ticket;
}

void Admission::Connected(Ticket& ticket) {
  ticket.host_->reached = true;
  Update(*ticket.host_);
}

void Admission::Leave(Ticket& ticket) {
  Host& host = *ticket.host_;
  if (ticket.started_) {
    --host.under_way;
    --under_way_;
    host.reached = true;  // or it cannot be: then the others find out together
  } else {
    host.waiting.erase(ticket.place_);
    --waiting_;
  }
  ticket.host_ = nullptr;
  Update(host);
}

void Admission::Update(Host& host) {
  const bool wanted = !host.waiting.empty() && MayStart(host);
  if (wanted && !host.in_turn) host.turn = turns_.insert(turns_.end(), &host);
  if (!wanted && host.in_turn) turns_.erase(host.turn);
  host.in_turn = wanted;
  if (host.waiting.empty() && host.under_way == 0) hosts_.erase(std::string(host.name));
}

}  // namespace slipway::outbound
