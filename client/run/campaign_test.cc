#include "client/run/campaign.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;

std::vector<Subject> Subjects(int count) {
  std::vector<Subject> subjects(count);
  for (int i = 0; i < count; ++i) {
    subjects[i].target = i;
    subjects[i].plan.target.name = std::string(1, static_cast<char>('a' + i));
  }
  return subjects;
}

TrialResult Result(int64_t requests) {
  TrialResult result;
  result.elapsed = std::chrono::seconds(1);
  result.window.finished = result.window.ok = requests;
  return result;
}

TEST(RunCampaign, MeasuresEachSubjectOnceInEachBlock) {
  std::string order;
  CampaignHooks hooks;
  hooks.run = [&](const Plan& plan, int number, int count) {
    order += plan.target.name;
    EXPECT_EQ(number, static_cast<int>(order.size()));
    EXPECT_EQ(count, 120);
    return Result(1);
  };
  const auto cells = RunCampaign(Subjects(3), {.trials = 40, .seed = 7}, hooks);
  ASSERT_TRUE(cells.ok());
  ASSERT_EQ(cells->size(), 3u);
  for (const Cell& cell : *cells) {
    ASSERT_EQ(cell.trials.size(), 40u);
    for (int block = 0; block < 40; ++block) {
      EXPECT_EQ(cell.trials[block].block, block);
      const char name = static_cast<char>('a' + cell.target);
      EXPECT_EQ(order[cell.trials[block].order], name);
    }
  }
  std::map<std::string, int> orders;
  for (size_t block = 0; block < order.size(); block += 3) {
    std::string part = order.substr(block, 3);
    ++orders[part];
    std::sort(part.begin(), part.end());
    EXPECT_EQ(part, "abc");
  }
  EXPECT_EQ(orders.size(), 6u) << "some order was never drawn";
}

TEST(RunCampaign, SameSeedSameOrder) {
  const auto order = [](uint64_t seed) {
    std::string drawn;
    CampaignHooks hooks;
    hooks.run = [&](const Plan& plan, int, int) {
      drawn += plan.target.name;
      return Result(1);
    };
    EXPECT_TRUE(RunCampaign(Subjects(4), {.trials = 10, .seed = seed}, hooks).ok());
    return drawn;
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
}

TEST(RunCampaign, RandomValuesChangeFromBlockToBlock) {
  std::map<uint64_t, std::string> targets;
  CampaignHooks hooks;
  hooks.run = [&](const Plan& plan, int, int) {
    targets[plan.seed] += plan.target.name;
    return Result(1);
  };
  ASSERT_TRUE(RunCampaign(Subjects(2), {.trials = 5, .seed = 1}, hooks).ok());
  EXPECT_EQ(targets.size(), 5u);
  for (const auto& [seed, names] : targets) EXPECT_EQ(names.size(), 2u) << seed;
}

TEST(RunCampaign, AnInterruptedTrialIsNoPair) {
  int runs = 0;
  CampaignHooks hooks;
  hooks.run = [&](const Plan&, int, int) {
    TrialResult result = Result(1);
    result.interrupted = ++runs == 4;
    return result;
  };
  const auto cells = RunCampaign(Subjects(2), {.trials = 5, .seed = 1}, hooks);
  ASSERT_TRUE(cells.ok());
  EXPECT_EQ((*cells)[0].trials.size() + (*cells)[1].trials.size(), 3u);
  EXPECT_EQ(runs, 4);
}

TEST(RunCampaign, WhatWasMeasuredOfTheFirstTrialIsKept) {
  CampaignHooks hooks;
  hooks.run = [&](const Plan&, int, int) {
    TrialResult result = Result(17);
    result.interrupted = true;
    return result;
  };
  const auto cells = RunCampaign(Subjects(1), {.trials = 5, .seed = 1}, hooks);
  ASSERT_TRUE(cells.ok());
  ASSERT_EQ((*cells)[0].trials.size(), 1u);
  EXPECT_EQ((*cells)[0].trials[0].result.window.ok, 17);
}

TEST(RunCampaign, InterruptedBeforeAnything) {
  CampaignHooks hooks;
  hooks.run = [](const Plan&, int, int) { return absl::CancelledError("interrupted"); };
  const auto cells = RunCampaign(Subjects(2), {.trials = 2, .seed = 1}, hooks);
  EXPECT_TRUE(absl::IsCancelled(cells.status())) << cells.status();
}

TEST(RunCampaign, FailureNamesTheTarget) {
  CampaignHooks hooks;
  hooks.run = [](const Plan&, int, int) { return absl::UnavailableError("gone"); };
  const auto cells = RunCampaign(Subjects(1), {.trials = 2, .seed = 1}, hooks);
  EXPECT_TRUE(absl::IsUnavailable(cells.status()));
  EXPECT_EQ(cells.status().message(), "a: gone");
}

TEST(RunCampaign, WhatWasMeasuredBeforeAFailureIsKept) {
  CampaignHooks hooks;
  hooks.run = [](const Plan&, int number, int) -> absl::StatusOr<TrialResult> {
    if (number == 4) return absl::UnavailableError("gone");
    return Result(1);
  };
  absl::Status why;
  hooks.ended_early = [&why](const absl::Status& status) { why = status; };
  const auto cells = RunCampaign(Subjects(1), {.trials = 9, .seed = 1}, hooks);
  ASSERT_TRUE(cells.ok()) << cells.status();
  EXPECT_EQ((*cells)[0].trials.size(), 3u);
  EXPECT_TRUE(absl::IsUnavailable(why));
  EXPECT_EQ(why.message(), "trial 4 of 9, of a, failed: gone");
  hooks.ended_early = nullptr;
  EXPECT_TRUE(
      absl::IsUnavailable(RunCampaign(Subjects(1), {.trials = 9, .seed = 1}, hooks).status()));
}

TEST(RunCampaign, WhatWasMeasuredBeforeABlockThatCannotBeginIsKept) {
  for (const absl::Status& status :
       {absl::UnavailableError("no server"), absl::CancelledError("interrupted")}) {
    CampaignHooks hooks;
    hooks.run = [](const Plan&, int, int) { return Result(1); };
    hooks.before_block = [&status](std::vector<Subject>*) { return status; };
    absl::Status why;
    hooks.ended_early = [&why](const absl::Status& ended) { why = ended; };
    const auto cells = RunCampaign(Subjects(2), {.trials = 3, .seed = 1}, hooks);
    ASSERT_TRUE(cells.ok()) << cells.status();
    EXPECT_EQ((*cells)[0].trials.size(), 1u);
    EXPECT_EQ((*cells)[1].trials.size(), 1u);
    EXPECT_EQ(why.code(), status.code());
    EXPECT_EQ(why.message(), absl::StrCat("before block 2 of 3: ", status.message()));
  }
}

TEST(RunCampaign, TheHookBetweenBlocksMayChangeTheSubjects) {
  std::vector<pid_t> seen;
  CampaignHooks hooks;
  hooks.run = [&](const Plan& plan, int, int) {
    seen.push_back(plan.server_pid.value_or(0));
    return Result(1);
  };
  hooks.before_block = [](std::vector<Subject>* subjects) {
    (*subjects)[0].plan.server_pid = (*subjects)[0].plan.server_pid.value_or(0) + 1;
    return absl::OkStatus();
  };
  ASSERT_TRUE(RunCampaign(Subjects(1), {.trials = 3, .seed = 1}, hooks).ok());
  EXPECT_EQ(seen, (std::vector<pid_t>{0, 1, 2}));
}

TEST(RunCampaign, NoBlockBeginsAfterTheBudget) {
  CampaignHooks hooks;
  int runs = 0;
  hooks.run = [&](const Plan&, int, int) {
    ++runs;
    std::this_thread::sleep_for(milliseconds(2));
    return Result(1);
  };
  CampaignOptions options{.trials = 1'000'000, .seed = 1};
  options.budget = milliseconds(1);
  ASSERT_TRUE(RunCampaign(Subjects(1), options, hooks).ok());
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace slipway::client
