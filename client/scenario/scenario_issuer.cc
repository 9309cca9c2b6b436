#include "client/scenario/scenario_issuer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "client/data/template.h"
#include "client/run/random_stream.h"

namespace slipway::client {
namespace {

int64_t TotalWeight(const std::vector<Scenario>& scenarios) {
  int64_t total = 0;
  for (const Scenario& scenario : scenarios) total += scenario.weight;
  return total;
}

}  // namespace

ScenarioIssuer::ScenarioIssuer(const std::vector<Scenario>& scenarios, RequestNumbers& numbers,
                               const IssuerContext& context)
    : scenarios_(scenarios),
      executor_(context.executor),
      engines_(context.engines),
      thread_(context.thread),
      numbers_(numbers),
      random_(RandomStream(context.seed, context.thread, RandomPurpose::kTemplates)),
      choices_(RandomStream(context.seed, context.thread, RandomPurpose::kScenarios)),
      weights_(0, TotalWeight(scenarios) - 1),
      refusals_(context.executor) {
  for (uint32_t i = 0; i < context.slots; ++i) users_.emplace_back(executor_);
}

void ScenarioIssuer::Stop() {
  for (Engine* engine : engines_) engine->Listen(NobodyListens());
  for (User& user : users_) user.timer.Cancel();
}

absl::StatusOr<std::unique_ptr<ScenarioIssuer>> ScenarioIssuer::Make(
    const std::vector<Scenario>& scenarios, RequestNumbers& numbers, const IssuerContext& context) {
  std::unique_ptr<ScenarioIssuer> issuer(new ScenarioIssuer(scenarios, numbers, context));
  SLIPWAY_RETURN_IF_ERROR(issuer->EncodeLiterals());
  return issuer;
}

absl::Status ScenarioIssuer::EncodeLiterals() {
  for (const Scenario& scenario : scenarios_) {
    for (const ScenarioStep& step : scenario.steps) {
      literals_.emplace_back();
      if (!step.request.is_literal()) continue;
      absl::Status status = step.request.Render({}, &request_);
      if (status.ok()) {
        auto encoded = engines_[step.origin]->Encode(request_);
        if (encoded.ok()) literals_.back() = *std::move(encoded);
        status = encoded.status();
      }
      if (!status.ok()) {
        return absl::InvalidArgumentError(absl::StrFormat("line %d: the step \"%s\": %s", step.line,
                                                          step.name, status.message()));
      }
    }
  }
  return absl::OkStatus();
}

void ScenarioIssuer::Listen(Issuer::Listener* listener) {
  listener_ = listener;
  for (Engine* engine : engines_) engine->Listen(this);
}

void ScenarioIssuer::Issue(uint32_t slot, rpc::Time now) {
  User& user = users_[slot];
  const size_t chosen = Choose();
  user.scenario = &scenarios_[chosen];
  user.first_step = 0;
  for (size_t i = 0; i < chosen; ++i) user.first_step += scenarios_[i].steps.size();
  user.step = 0;
  user.repeats_left = user.scenario->steps[0].repeat;
  user.number = numbers_.Take();
  user.bytes_received = 0;
  user.stream_wait = rpc::Duration(0);
  user.values = user.scenario->values;  // of the last iteration nothing is left
  StartStep(slot, now);
}

size_t ScenarioIssuer::Choose() {
  if (scenarios_.size() == 1) return 0;
  int64_t drawn = weights_(choices_);
  size_t chosen = 0;
  while (drawn >= scenarios_[chosen].weight) drawn -= scenarios_[chosen++].weight;
  return chosen;
}

void ScenarioIssuer::StartStep(uint32_t slot, rpc::Time now) {
  User& user = users_[slot];
  user.step_start = now;
  const absl::StatusOr<const Engine::Encoded*> request = EncodeStep(user);
  if (request.ok()) {
    return engines_[user.scenario->steps[user.step].origin]->Issue(slot, **request, now);
  }
  refusals_.Report(*this, slot, absl::StrCat("not sent: ", request.status().message()));
}

absl::StatusOr<const Engine::Encoded*> ScenarioIssuer::EncodeStep(User& user) {
  const auto& literal = literals_[user.first_step + user.step];
  if (literal != nullptr) return literal.get();
  const ScenarioStep& step = user.scenario->steps[user.step];
  TemplateValues values;
  values.number = user.number;
  values.thread = thread_;
  values.named = user.values;
  values.random = &random_;
  SLIPWAY_RETURN_IF_ERROR(step.request.Render(values, &request_));
  SLIPWAY_ASSIGN_OR_RETURN(user.encoded, engines_[step.origin]->Encode(request_));
  return user.encoded.get();
}

void ScenarioIssuer::Done(uint32_t slot, const Outcome& outcome, rpc::Time now) {
  User& user = users_[slot];
  const ScenarioStep& step = user.scenario->steps[user.step];
  user.bytes_received += outcome.bytes_received;
  user.stream_wait += outcome.stream_wait;
  Outcome judged = outcome;
  Answer answer(outcome, step.request.grpc());
  step.expectations.Judge(answer, &judged, &message_);
  const absl::Status extracted = judged.ok ? Extract(step, answer, &user) : absl::OkStatus();
  if (!extracted.ok()) {
    message_ = std::string(extracted.message());
    judged.kind = OutcomeKind::kUnexpected;
    judged.code = 0;
    judged.ok = false;
    judged.message = message_;
  }
  listener_->Step(slot, user.first_step + user.step, judged, now - user.step_start);
  if (judged.ok) return GoOn(slot, judged, now);
  end_message_ = absl::StrCat(user.scenario->name, "/", step.name,
                              judged.message.empty() ? "" : ": ", std::string(judged.message));
  judged.message = end_message_;
  End(slot, judged, now);
}

absl::Status ScenarioIssuer::Extract(const ScenarioStep& step, Answer& answer, User* user) {
  for (const Extraction& extraction : step.extractions) {
    const auto missing = [&extraction](const std::string& what) {
      return absl::NotFoundError(absl::StrFormat("extract %s: %s", extraction.name, what));
    };
    std::string& value = user->values[extraction.value];
    if (extraction.from == Extraction::From::kStatus) {
      value = absl::StrCat(answer.status());
    } else if (extraction.from == Extraction::From::kHeader) {
      const std::string* header = answer.FindHeader(extraction.header);
      if (header == nullptr) {
        return missing(absl::StrFormat("the answer has no header %s", extraction.header));
      }
      value = *header;
    } else {
      const absl::StatusOr<const JsonValue*> document = answer.json();
      if (!document.ok()) return missing(std::string(document.status().message()));
      const JsonValue* found = extraction.path.Find(**document);
      if (found == nullptr) {
        return missing(absl::StrFormat("the answer has no json:%s", extraction.path.text()));
      }
      absl::StatusOr<std::string> text = TextOf(*found);
      if (!text.ok()) return missing(std::string(text.status().message()));
      value = *std::move(text);
    }
  }
  return absl::OkStatus();
}

void ScenarioIssuer::GoOn(uint32_t slot, const Outcome& outcome, rpc::Time now) {
  User& user = users_[slot];
  const auto& steps = user.scenario->steps;
  const rpc::Duration think = steps[user.step].think;
  if (--user.repeats_left == 0) {
    if (++user.step == steps.size()) return End(slot, outcome, now);
    user.repeats_left = steps[user.step].repeat;
  }
  if (think.count() == 0) return StartStep(slot, now);
  user.timer.Start(now + think, [this, slot] { StartStep(slot, executor_.Now()); });
}

void ScenarioIssuer::End(uint32_t slot, Outcome outcome, rpc::Time now) {
  const User& user = users_[slot];
  outcome.bytes_received = user.bytes_received;
  outcome.stream_wait = user.stream_wait;
  outcome.response = nullptr;
  listener_->Done(slot, outcome, now);
}

}  // namespace slipway::client
