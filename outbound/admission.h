#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

namespace slipway::outbound {

/// Decides which requests may be under way: so many in total, so many to one host, the others wait,
/// hosts take turns. libcurl has such limits too, but its waiting line is one for all hosts, and a
/// slow host at its front holds up the others.
///
/// The first request to a host that nobody talks to goes alone until it has a connection or has
/// ended: one look-up of the name instead of hundreds, and whoever follows can share an HTTP/2
/// connection. One thread.
class Admission {
  struct Host;

 public:
  /// A request's place; its owner keeps it until Leave.
  class Ticket {
   private:
    friend class Admission;
    Host* host_ = nullptr;
    bool started_ = false;
    std::list<Ticket*>::iterator place_;  // while it waits
  };

  struct Limits {
    size_t total;
    size_t per_host;
    size_t waiting;
  };

  explicit Admission(Limits limits) : limits_(limits) {}

  /// False when it would have to wait and too many do.
  bool Enter(Ticket& ticket, const std::string& host);
  /// The next one that may start, which has started then; null: none.
  Ticket* Next();
  /// Started, and has a connection.
  void Connected(Ticket& ticket);
  /// Started or not, it is over.
  void Leave(Ticket& ticket);

  size_t waiting() const { return waiting_; }
  size_t under_way() const { return under_way_; }

 private:
  struct Host {
    std::string name;
    size_t under_way = 0;
    bool reached = false;
    std::list<Ticket*> waiting;
    bool in_turn = false;
    std::list<Host*>::iterator turn;  // while in_turn
  };

  bool MayStart(const Host& host) const {
    return host.under_way < (host.reached ? limits_.per_host : 1);
  }
  /// Puts the host among those whose turn comes, or takes it out, or forgets it.
  void Update(Host& host);

  const Limits limits_;
  std::unordered_map<std::string, Host> hosts_;
  std::list<Host*> turns_;  // hosts that have a waiting request that may start
  size_t waiting_ = 0;
  size_t under_way_ = 0;
};

}  // namespace slipway::outbound
