#include "outbound/admission.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace slipway::outbound {
namespace {

/// Requests by name of host; Start answers the hosts whose requests could start.
class AdmissionTest : public testing::Test {
 protected:
  Admission::Ticket& Enter(const std::string& host) {
    tickets_.emplace_back();
    hosts_.push_back(host);
    EXPECT_TRUE(admission_.Enter(tickets_.back(), host));
    return tickets_.back();
  }
  std::vector<std::string> Start() {
    std::vector<std::string> started;
    while (Admission::Ticket* ticket = admission_.Next()) {
      for (size_t i = 0; i < tickets_.size(); ++i) {
        if (&tickets_[i] == ticket) started.push_back(hosts_[i]);
      }
    }
    return started;
  }

  using Hosts = std::vector<std::string>;
  Admission admission_{{5, 3, 6}};
  std::deque<Admission::Ticket> tickets_;
  std::deque<std::string> hosts_;
};

TEST_F(AdmissionTest, TheFirstToAHostGoesAlone) {
  Admission::Ticket& first = Enter("a");
  Enter("a");
  Enter("a");
  EXPECT_EQ(Start(), Hosts{"a"});
  admission_.Connected(first);
  EXPECT_EQ(Start(), (Hosts{"a", "a"}));
  EXPECT_EQ(admission_.under_way(), 3u);
}

TEST_F(AdmissionTest, TheFirstFailsAndTheOthersGoTogether) {
  Admission::Ticket& first = Enter("a");
  Enter("a");
  Enter("a");
  EXPECT_EQ(Start(), Hosts{"a"});
  admission_.Leave(first);
  EXPECT_EQ(Start(), (Hosts{"a", "a"}));
}

TEST_F(AdmissionTest, LimitOfOneHostLeavesRoomForOthers) {
  admission_.Connected((Enter("a"), Start(), tickets_.front()));
  for (int i = 0; i < 4; ++i) Enter("a");
  EXPECT_EQ(Start(), (Hosts{"a", "a"}));
  Enter("b");
  EXPECT_EQ(Start(), Hosts{"b"});
  EXPECT_EQ(admission_.waiting(), 2u);
}

TEST_F(AdmissionTest, HostsTakeTurns) {
  Admission::Ticket& a = Enter("a");
  Admission::Ticket& b = Enter("b");
  Start();
  for (const char* host : {"a", "a", "a", "b", "b"}) Enter(host);
  admission_.Connected(a);
  admission_.Connected(b);
  EXPECT_EQ(Start(), (Hosts{"a", "b", "a"}));  // five in total
  EXPECT_EQ(admission_.under_way(), 5u);
}

TEST_F(AdmissionTest, RefusesWhenTooManyWait) {
  for (int i = 0; i < 6; ++i) Enter("a");
  Admission::Ticket late;
  EXPECT_FALSE(admission_.Enter(late, "a"));
  EXPECT_TRUE(admission_.Enter(late, "b"));  // it need not wait
}

TEST_F(AdmissionTest, WhoWaitsMayLeave) {
  Enter("a");
  Admission::Ticket& second = Enter("a");
  EXPECT_EQ(Start(), Hosts{"a"});
  admission_.Leave(second);
  EXPECT_EQ(admission_.waiting(), 0u);
  admission_.Leave(tickets_.front());
  EXPECT_EQ(admission_.under_way(), 0u);
  EXPECT_EQ(Start(), Hosts{});
}

}  // namespace
}  // namespace slipway::outbound
