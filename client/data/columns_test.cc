#include "client/data/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/testing/temporary_directory.h"

namespace slipway::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string CsvError(std::string_view text) {
  return std::string(Columns::ParseCsv(text, "users.csv").status().message());
}
std::string JsonError(std::string_view text) {
  return std::string(Columns::ParseJsonLines(text, "users.jsonl").status().message());
}

TEST(ColumnsCsv, RowsAreInTheOrderOfTheFile) {
  const auto columns = Columns::ParseCsv("id,name\n1,Ann\r\n\n2,Bob", "f");
  ASSERT_TRUE(columns.ok()) << columns.status();
  EXPECT_THAT(columns->names(), ElementsAre("id", "name"));
  ASSERT_EQ(columns->rows(), 2u);
  EXPECT_THAT(columns->row(0), ElementsAre("1", "Ann"));
  EXPECT_THAT(columns->row(1), ElementsAre("2", "Bob"));
}

TEST(ColumnsCsv, QuotedFieldsHaveCommasQuotesAndLineEnds) {
  const auto columns = Columns::ParseCsv("\xEF\xBB\xBF\"a\",b\n\"x,\"\"y\"\"\r\nz\",\"\"\n,", "f");
  ASSERT_TRUE(columns.ok()) << columns.status();
  EXPECT_THAT(columns->names(), ElementsAre("a", "b"));
  ASSERT_EQ(columns->rows(), 2u);
  EXPECT_THAT(columns->row(0), ElementsAre("x,\"y\"\r\nz", ""));
  EXPECT_THAT(columns->row(1), ElementsAre("", ""));
}

TEST(ColumnsCsv, ErrorsNameFileAndLine) {
  EXPECT_EQ(CsvError("a,b\n1,2\n\n3"), "users.csv:4: 1 fields; the header line has 2");
  EXPECT_THAT(CsvError("a\n\"x\ny\"\n\"z"), HasSubstr("users.csv:4: a quoted field has no end"));
  EXPECT_THAT(CsvError("a\nx\"y"), HasSubstr("users.csv:2: a quote within a field"));
  EXPECT_THAT(CsvError("a\n\"x\"y"), HasSubstr("users.csv:2: text after a quoted field"));
  EXPECT_THAT(CsvError("a,a\n1,2"), HasSubstr("two columns have the name \"a\""));
  EXPECT_EQ(CsvError(""), "users.csv: there are no rows");
  EXPECT_EQ(CsvError("a,b\n"), "users.csv: there are no rows");
}

TEST(ColumnsJson, ScalarsAreTextAndTheRestIsJson) {
  const auto columns = Columns::ParseJsonLines(
      "{\"n\":100000,\"s\":\"a\\\"b\",\"o\":{\"y\":[1,null],\"x\":true},\"d\":1.5}\r\n\n"
      "{\"s\":\"t\",\"o\":null,\"n\":-3,\"d\":0,\"more\":1}\n",
      "f");
  ASSERT_TRUE(columns.ok()) << columns.status();
  EXPECT_THAT(columns->names(), ElementsAre("d", "n", "o", "s"));
  ASSERT_EQ(columns->rows(), 2u);
  EXPECT_THAT(columns->row(0), ElementsAre("1.5", "100000", R"({"x":true,"y":[1,null]})", "a\"b"));
  EXPECT_THAT(columns->row(1), ElementsAre("0", "-3", "null", "t"));
}

TEST(ColumnsJson, ErrorsNameFileAndLine) {
  EXPECT_THAT(JsonError("{\"a\":1}\n{\"a\":"), HasSubstr("users.jsonl:2: no JSON"));
  EXPECT_EQ(JsonError("[1]"), "users.jsonl:1: allowed is a JSON object");
  EXPECT_EQ(JsonError("{\"a\":1}\n\n{\"b\":1}"),
            "users.jsonl:3: there is no \"a\", which the first object has");
  EXPECT_THAT(JsonError("{\"a\":9007199254740993}"),
              HasSubstr("users.jsonl:1: \"a\": numbers from"));
  EXPECT_EQ(JsonError("{}\n"), "users.jsonl: there are no rows");
}

TEST(ColumnsFile, IsReadWholeAndItsAbsenceIsNamed) {
  const base::TemporaryDirectory directory;
  const std::string path = directory.path() + "/u.csv";
  std::ofstream(path) << "id\n1\n2\n";
  const auto columns = Columns::LoadCsv(path);
  ASSERT_TRUE(columns.ok()) << columns.status();
  EXPECT_EQ((*columns)->rows(), 2u);
  EXPECT_THAT(std::string(Columns::LoadJsonLines(path).status().message()), HasSubstr("u.csv:1: "));
  EXPECT_EQ(Columns::LoadCsv("/none").status().message(),
            "cannot read /none: No such file or directory");
  EXPECT_EQ(Columns::LoadCsv(directory.path()).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::client
