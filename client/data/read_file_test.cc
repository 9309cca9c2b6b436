#include "client/data/read_file.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace slipway::client {
namespace {

using ::testing::HasSubstr;

TEST(ReadFile, AnswersEveryByte) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/read.", getpid());
  const std::string bytes("a\0\r\n\xff", 5);
  std::ofstream(path, std::ios::binary) << bytes;
  const auto text = ReadFile(path);
  std::remove(path.c_str());
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, bytes);
}

TEST(ReadFile, SaysWhatCannotBeReadAndWhy) {
  EXPECT_THAT(std::string(ReadFile("/nowhere/x").status().message()),
              HasSubstr("cannot read /nowhere/x: No such file"));
  EXPECT_THAT(std::string(ReadFile("/tmp").status().message()),
              HasSubstr("cannot read /tmp: it is a directory"));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadFile("/tmp").status()));
}

}  // namespace
}  // namespace slipway::client
