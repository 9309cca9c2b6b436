#include "client/data/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/run/random_stream.h"

namespace slipway::client {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

struct TemplateTest : testing::Test {
  std::mt19937_64 random = RandomStream(1, 0, RandomPurpose::kTemplates);
  TemplateNames names{{"id", "full name", "counter"}, "column"};
  std::vector<std::string> row{"7", "a \"b\"/ü\n", "c"};
  TemplateValues values{5, 2, row, &random};

  std::string Fill(std::string_view text) {
    const absl::StatusOr<Template> compiled = Template::Compile(text, names);
    if (!compiled.ok()) return std::string(compiled.status().message());
    std::string out;
    compiled->Render(values, &out);
    return out;
  }
};

TEST_F(TemplateTest, TextWithoutSlotsIsLiteral) {
  for (const std::string text : {"", "abc", "{\"a\":{\"b\":1}}", "a }} b { c"}) {
    const auto compiled = Template::Compile(text, names);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    EXPECT_TRUE(compiled->is_literal());
    EXPECT_EQ(compiled->literal(), text);
    EXPECT_EQ(Fill(text), text);
  }
}

TEST_F(TemplateTest, AnyWhiteSpaceSeparatesWords) {
  EXPECT_EQ(Fill("{{\v\v\v\v\v\v\vcolumn id}}"), "7");
  EXPECT_EQ(Fill("{{\fcolumn\vid \n}}"), "7");
}

TEST_F(TemplateTest, FourBracesAreTwoLiteralOnes) {
  EXPECT_EQ(Fill("a{{{{b}}"), "a{{b}}");
  EXPECT_TRUE(Template::Compile("a{{{{b", names)->is_literal());
}

TEST_F(TemplateTest, SlotWithinJsonBraces) {
  EXPECT_EQ(Fill(R"({"a":{"b":{{counter}}}})"), R"({"a":{"b":5}})");
  EXPECT_EQ(Fill("{{{id}}}"), "{7}");
}

TEST_F(TemplateTest, CounterIsTheNumberOfTheRequest) {
  EXPECT_EQ(Fill("{{counter}} {{ counter 100 }} {{counter -7}}"), "5 105 -2");
}

TEST_F(TemplateTest, ThreadIsItsNumber) { EXPECT_EQ(Fill("{{thread}}"), "2"); }

TEST_F(TemplateTest, NamesAndTheirEscapes) {
  EXPECT_EQ(Fill("{{id}}-{{column id}}-{{column counter}}"), "7-7-c");
  EXPECT_EQ(Fill("{{full name}}|{{json full name}}|{{url full name}}"),
            "a \"b\"/ü\n|a \\\"b\\\"/ü\\n|a%20%22b%22%2F%C3%BC%0A");
}

TEST_F(TemplateTest, RandomCoversItsRangeAndNothingElse) {
  const auto compiled = Template::Compile("{{random -1 2}}", names);
  std::map<std::string, int> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string out;
    compiled->Render(values, &out);
    ++seen[out];
  }
  EXPECT_EQ(seen.size(), 4u);
  for (const char* value : {"-1", "0", "1", "2"}) EXPECT_GT(seen[value], 150) << value;
  EXPECT_EQ(Fill("{{random 9223372036854775807 9223372036854775807}}"), "9223372036854775807");
}

TEST_F(TemplateTest, RandomIsTheSameForTheSameSeedAndThreadOnly) {
  const auto draw = [this](uint64_t seed, int thread) {
    random = RandomStream(seed, thread, RandomPurpose::kTemplates);
    return Fill("{{hex 32}}");
  };
  EXPECT_EQ(draw(1, 0), draw(1, 0));
  EXPECT_NE(draw(1, 0), draw(1, 1));
  EXPECT_NE(draw(1, 0), draw(2, 0));
  EXPECT_NE(draw(1, 0), draw(uint64_t{1} << 32 | 1, 0));
}

TEST_F(TemplateTest, HexAndUuidHaveTheirShape) {
  EXPECT_THAT(Fill("{{hex 21}}"), MatchesRegex("[0-9a-f]{21}"));
  EXPECT_THAT(Fill("{{uuid}}"),
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(Fill("{{uuid}}"), Fill("{{uuid}}"));
}

TEST_F(TemplateTest, TimeIsThatOfTheDay) {
  const absl::Time before = absl::Now() - absl::Milliseconds(1);
  const std::string text = Fill("{{now}}");
  EXPECT_EQ(text.size(), std::string("2026-01-02T03:04:05.678Z").size()) << text;
  absl::Time time;
  std::string error;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << text << error;
  EXPECT_GE(time, before);
  EXPECT_LE(time, absl::Now());
  const int64_t milliseconds = std::stoll(Fill("{{unix_ms}}"));
  EXPECT_GE(milliseconds, absl::ToUnixMillis(before));
  EXPECT_LE(milliseconds, absl::ToUnixMillis(absl::Now()));
}

TEST_F(TemplateTest, ChooseTakesEachWord) {
  std::map<std::string, int> seen;
  for (int i = 0; i < 300; ++i) ++seen[Fill("{{choose red green blue}}")];
  EXPECT_EQ(seen.size(), 3u);
  for (const char* word : {"red", "green", "blue"}) EXPECT_GT(seen[word], 50) << word;
}

TEST_F(TemplateTest, RenderingAppends) {
  std::string out = "a";
  Template::Compile("b{{id}}", names)->Render(values, &out);
  EXPECT_EQ(out, "ab7");
}

TEST_F(TemplateTest, ErrorsNameTextSlotAndWhatIsAllowed) {
  EXPECT_THAT(Fill("/a/{{nmae}}"), HasSubstr("\"/a/{{nmae}}\": the slot {{nmae}} is not known"));
  EXPECT_THAT(Fill("/a/{{nmae}}"), HasSubstr("columns id, full name, counter"));
  EXPECT_THAT(Fill("{{}}"), HasSubstr("the slot {{}} is not known"));
  EXPECT_THAT(Fill("a{{id"), HasSubstr("the slot {{id has no end"));
  EXPECT_THAT(Fill("{{random 2 1}}"), HasSubstr("allowed is {{random MIN MAX}}"));
  EXPECT_THAT(Fill("{{random 1}}"), HasSubstr("allowed is {{random MIN MAX}}"));
  EXPECT_THAT(Fill("{{random 1 99999999999999999999}}"), HasSubstr("integers of 64 bits"));
  EXPECT_THAT(Fill("{{hex 0}}"), HasSubstr("N from 1 to 1048576"));
  EXPECT_THAT(Fill("{{counter x}}"), HasSubstr("allowed is {{counter}} or {{counter FROM}}"));
  EXPECT_THAT(Fill("{{uuid 4}}"), HasSubstr("allowed is {{uuid}}"));
  EXPECT_THAT(Fill("{{choose}}"), HasSubstr("at least one word"));
  names.names.clear();
  EXPECT_THAT(Fill("{{id}}"), HasSubstr("there is no column here"));
}

}  // namespace
}  // namespace slipway::client
