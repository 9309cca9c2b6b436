// Part (b): the calls of ten random sales people, in a row and at once.
#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "client/command/reproduce_http.h"
#include "client/command/reproduce_json.h"
#include "client/command/reproduce_run.h"
#include "client/data/template.h"
#include "client/report/format.h"

namespace slipway::client {
namespace {

constexpr size_t kDraws = 10;
constexpr auto kDelay = std::chrono::milliseconds(500);
constexpr char kPublishedInARow[] = "10.165 s";
constexpr char kPublishedAtOnce[] = "1.546 s";

/// A draw: what is asked for, and what came.
struct Person {
  std::string id;
  std::string name;
};
struct Answers {
  std::string users;
  std::string customers;
  absl::Status status;

  friend bool operator==(const Answers& a, const Answers& b) {
    return a.users == b.users && a.customers == b.customers;
  }
};

/// The body of a 200; OK in `status` until something has failed.
rpc::Task<std::string> FetchBody(HttpSession* session, std::string path, absl::Status* status) {
  const Request request = HttpGet(std::move(path));
  rpc::Task<absl::StatusOr<Response>> fetching = session->Fetch(request);
  absl::StatusOr<Response> answer = co_await std::move(fetching);
  status->Update(answer.ok() ? ExpectStatus(request, *answer, 200) : answer.status());
  co_return answer.ok() ? std::move(answer->body) : std::string();
}

/// Both questions about one draw, the second after the first, as a program does that needs the
/// first answer.
rpc::Task<void> Ask(HttpSession* session, Person person, Answers* answers) {
  std::string path = "/users?name=";
  AppendPercentEncoded(person.name, &path);
  rpc::Task<std::string> users = FetchBody(session, std::move(path), &answers->status);
  answers->users = co_await std::move(users);
  path = "/customers?salesId=";
  AppendPercentEncoded(person.id, &path);
  rpc::Task<std::string> customers = FetchBody(session, std::move(path), &answers->status);
  answers->customers = co_await std::move(customers);
}

rpc::Task<void> AskInARow(HttpSession* session, const std::vector<Person>* draws,
                          std::vector<Answers>* answers) {
  for (size_t i = 0; i < draws->size(); ++i) {
    rpc::Task<void> asking = Ask(session, (*draws)[i], &(*answers)[i]);
    co_await std::move(asking);
  }
}

absl::Status FirstError(const std::vector<Answers>& answers) {
  absl::Status first;
  for (const Answers& answer : answers) first.Update(answer.status);
  return first;
}

rpc::Task<void> AskForSales(HttpSession* session, std::string* body, absl::Status* status) {
  rpc::Task<std::string> fetching = FetchBody(session, "/users?role=sales", status);
  *body = co_await std::move(fetching);
}

absl::StatusOr<std::vector<Person>> SalesPeople(HttpSession& session) {
  std::string body;
  absl::Status status;
  SLIPWAY_RETURN_IF_ERROR(
      session.RunAll(1, [&](size_t) { return AskForSales(&session, &body, &status); }));
  SLIPWAY_RETURN_IF_ERROR(status);
  SLIPWAY_ASSIGN_OR_RETURN(const JsonArray list, ParseJsonArray(body));
  std::vector<Person> people;
  for (const JsonValue& user : list.values()) {
    people.push_back({MemberText(user, "id"), MemberText(user, "name")});
  }
  if (people.empty()) return absl::UnavailableError("/users?role=sales answered nobody");
  return people;
}

std::vector<Person> Draw(const std::vector<Person>& people, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Person> draws;
  for (size_t i = 0; i < kDraws; ++i) draws.push_back(people[random() % people.size()]);
  return draws;
}

/// Every customer that was answered is one of the person that was asked for.
absl::Status CheckAnswers(const Person& person, const Answers& answers) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto users, ParseJsonArray(answers.users));
  const bool found =
      std::any_of(users.values().begin(), users.values().end(),
                  [&](const auto& user) { return MemberText(user, "id") == person.id; });
  if (!found) {
    return absl::UnavailableError(
        absl::StrCat("/users?name=", person.name, " answered without user ", person.id));
  }
  SLIPWAY_ASSIGN_OR_RETURN(const auto customers, ParseJsonArray(answers.customers));
  for (const JsonValue& customer : customers.values()) {
    if (MemberText(customer, "salesId") == person.id) continue;
    return absl::UnavailableError(
        absl::StrCat("/customers?salesId=", person.id, " answered a customer of somebody else"));
  }
  return absl::OkStatus();
}

/// All draws by one way; how long it took.
absl::StatusOr<rpc::Duration> Measure(HttpSession& session, bool at_once,
                                      const std::vector<Person>& draws,
                                      std::vector<Answers>* answers) {
  answers->resize(draws.size());
  const rpc::Time begin = session.Now();
  absl::Status ended;
  if (at_once) {
    ended = session.RunAll(draws.size(),
                           [&](size_t i) { return Ask(&session, draws[i], &(*answers)[i]); });
  } else {
    ended = session.RunAll(1, [&](size_t) { return AskInARow(&session, &draws, answers); });
  }
  const rpc::Duration elapsed = session.Now() - begin;
  SLIPWAY_RETURN_IF_ERROR(ended);
  SLIPWAY_RETURN_IF_ERROR(FirstError(*answers));
  return elapsed;
}

}  // namespace

absl::Status ReproduceDocking(ReproduceRun& run, ReportTable* table) {
  const auto delay = run.Scaled(kDelay);
  table->title =
      absl::StrFormat("(b) Docking: 10 random sales people, 2 calls each, %s a call (seed %d)",
                      FormatDuration(delay), run.seed());
  table->columns = {"", "calls", "time", "published, 500 ms a call", "answers"};
  SLIPWAY_ASSIGN_OR_RETURN(const LocalServer server,
                           run.StartServer({"--docking-delay", DurationText(delay)}));
  SLIPWAY_ASSIGN_OR_RETURN(const auto session,
                           HttpSession::Open({.port = server.rest_port, .slots = kDraws}));
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<Person> people, SalesPeople(*session));
  const std::vector<Person> draws = Draw(people, run.seed());

  std::vector<Answers> in_a_row, at_once;
  SLIPWAY_ASSIGN_OR_RETURN(const auto row_time, Measure(*session, false, draws, &in_a_row));
  table->rows.push_back({"in a row", absl::StrCat(2 * kDraws), FormatDuration(row_time),
                         kPublishedInARow, "as the contract says"});
  SLIPWAY_ASSIGN_OR_RETURN(const auto once_time, Measure(*session, true, draws, &at_once));
  if (in_a_row != at_once) {
    return absl::UnavailableError("the answers in a row and those at once differ");
  }
  for (size_t i = 0; i < draws.size(); ++i) {
    SLIPWAY_RETURN_IF_ERROR(CheckAnswers(draws[i], in_a_row[i]));
  }
  table->rows.push_back({"at once", absl::StrCat(2 * kDraws), FormatDuration(once_time),
                         kPublishedAtOnce, "equal to those in a row"});
  return absl::OkStatus();
}

}  // namespace slipway::client
