#include "jobs/admin_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "jobs/admin_html.h"
#include "jobs/store/memory_store.h"
#include "jobs/testing/task_runner.h"

namespace slipway::jobs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'763'736'600);

class JobPagesTest : public testing::Test {
 protected:
  JobPagesTest() : admin_(metrics_) {
    pages_ = std::make_unique<JobPages>(admin_, store_, clock_);
    EXPECT_TRUE(admin_.Start("127.0.0.1:0").ok());
  }
  ~JobPagesTest() override { admin_.Stop(); }

  httplib::Result Get(const std::string& path) {
    httplib::Client client("127.0.0.1", admin_.port());
    return client.Get(path);
  }
  std::string Submit(const std::string& kind, const std::string& owner) {
    NewJob job;
    job.kind = kind;
    job.owner = owner;
    job.create_time = kNow - absl::Minutes(2);
    return runner_.Run(store_.Submit(runner_.executor(), std::move(job)))->id;
  }
  void Fail(const std::string& kind, rpc::Status error) {
    const auto leased =
        runner_.Run(store_.LeaseNext(runner_.executor(), kind, {kNow, kNow}, absl::Seconds(5)));
    ASSERT_TRUE(runner_
                    .Run(store_.Fail(runner_.executor(), leased->job->row.id, leased->job->token,
                                     kNow, std::move(error)))
                    .ok());
  }

  base::ManualWallClock clock_{kNow};
  base::Metrics metrics_;
  TaskRunner runner_;
  MemoryStore store_;
  base::AdminServer admin_;
  std::unique_ptr<JobPages> pages_;
};

TEST_F(JobPagesTest, ListsEverybodysJobsAsJson) {
  const std::string one = Submit("greeting", "a");
  const std::string two = Submit("call", "b");
  const auto all = Get("/v1/jobs");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->status, 200);
  EXPECT_EQ(all->get_header_value("Content-Type"), "application/json");
  EXPECT_THAT(all->body,
              AllOf(HasSubstr("\"id\":\"" + one + "\""), HasSubstr("\"id\":\"" + two + "\""),
                    HasSubstr("\"ACCEPTED\""), HasSubstr("\"nextPageToken\":\"\"")));
  EXPECT_THAT(Get("/v1/jobs?kind=call")->body, AllOf(HasSubstr(two), Not(HasSubstr(one))));
  EXPECT_THAT(Get("/v1/jobs?state=RUNNING")->body, HasSubstr("\"jobs\":[]"));
  const auto page = Get("/v1/jobs?pageSize=1");
  EXPECT_THAT(page->body, AllOf(HasSubstr(two), Not(HasSubstr(one))));
  const std::string marker = "\"nextPageToken\":\"";
  const size_t at = page->body.find(marker) + marker.size();
  const std::string token = page->body.substr(at, page->body.find('"', at) - at);
  EXPECT_THAT(Get("/v1/jobs?pageToken=" + token)->body, AllOf(HasSubstr(one), Not(HasSubstr(two))));
}

TEST_F(JobPagesTest, TakesTheParametersOfTheRoute) {
  const std::string one = Submit("greeting", "a");
  const std::string two = Submit("call", "b");
  for (const char* query : {"page_size=1", "pageSize=1&state=1",
                            "pageSize=1&state=ACCEPTED&kind=", "pageSize=1&unknown=7"}) {
    const auto answer = Get(std::string("/v1/jobs?") + query);
    EXPECT_EQ(answer->status, 200) << query;
    EXPECT_THAT(answer->body, AllOf(HasSubstr(two), Not(HasSubstr(one)))) << query;
  }
}

TEST_F(JobPagesTest, RefusesBadParameters) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> table = {
      {"pageSize=x", {"page_size", "a whole number"}},
      {"pageSize=", {"page_size", "a whole number"}},
      {"page_size=x", {"page_size", "a whole number"}},
      {"pageSize=-1", {"pageSize", "0 to 1000"}},
      {"pageSize=1001", {"pageSize", "0 to 1000"}},
      {"state=DONE", {"state", "ACCEPTED"}},
      {"state=9", {"state", "ACCEPTED"}},
      {"state=RUNNING&state=FAILED", {"state", "too many values"}},
      {"kind=nix", {"kind", "greeting, call"}},
      {"pageToken=x", {"pageToken"}},
  };
  for (const auto& [query, texts] : table) {
    const auto answer = Get("/v1/jobs?" + query);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 400) << query;
    EXPECT_THAT(answer->body, HasSubstr("\"code\":3")) << query;
    for (const std::string& text : texts) EXPECT_THAT(answer->body, HasSubstr(text)) << query;
  }
}

TEST_F(JobPagesTest, PageForPeople) {
  const std::string id = Submit("greeting", "a");
  Submit("call", "b");
  Fail("greeting", rpc::Status(absl::StatusCode::kNotFound, "<script>alert('x')</script>"));
  const auto page = Get("/jobs");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_THAT(page->get_header_value("Content-Type"), HasSubstr("text/html"));
  EXPECT_THAT(page->body, AllOf(HasSubstr(id), HasSubstr("class=\"failed\""), HasSubstr("2 min"),
                                HasSubstr("0/10"), HasSubstr("1/10"), HasSubstr("NOT_FOUND"),
                                HasSubstr("&lt;script&gt;alert(&#39;x&#39;)"),
                                HasSubstr("prefers-color-scheme"), HasSubstr("viewport"),
                                HasSubstr("http-equiv=\"refresh\"")));
  EXPECT_THAT(page->body, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("://"))));
}

TEST_F(JobPagesTest, ClosedJobs) {
  pages_.reset();
  EXPECT_EQ(Get("/jobs")->status, 503);
  EXPECT_EQ(Get("/v1/jobs")->status, 503);
}

TEST(AdminHtml, Escapes) {
  EXPECT_EQ(EscapeHtml("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(EscapeHtml("\xc3\xa4\n"), "\xc3\xa4\\x0a");
  EXPECT_EQ(EscapeHtml("\xe9"), "\\xe9");
}

TEST(AdminHtml, LongErrorIsCutBetweenCharacters) {
  JobOverview overview;
  overview.now = kNow;
  overview.newest.emplace_back();
  overview.newest[0].error =
      rpc::Status(absl::StatusCode::kInternal, "x" + std::string(299, 'y') + "\xc3\xa4\xc3\xa4");
  std::string message = "x";
  for (int i = 0; i < 400; ++i) message += "\xc3\xa4";
  overview.newest.emplace_back();
  overview.newest[1].error = rpc::Status(absl::StatusCode::kInternal, message);
  const std::string html = ToHtml(overview);
  EXPECT_THAT(html, AllOf(HasSubstr("y…"), HasSubstr("ä…"), Not(HasSubstr("\\x"))));
}

TEST(AdminHtml, SaysWhenTheStoreDoesNotWrite) {
  JobOverview overview;
  overview.health = absl::UnavailableError("fsync: I/O error");
  EXPECT_THAT(ToHtml(overview), HasSubstr("fsync: I/O error"));
}

TEST(AdminHtml, AgesInOneUnit) {
  EXPECT_EQ(Age(absl::Milliseconds(4200)), "4.2 s");
  EXPECT_EQ(Age(absl::Minutes(12)), "12 min");
  EXPECT_EQ(Age(absl::Hours(3)), "3 h");
  EXPECT_EQ(Age(absl::Hours(24 * 5)), "5 d");
  EXPECT_EQ(Age(-absl::Hours(1)), "0.0 s");
}

}  // namespace
}  // namespace slipway::jobs
