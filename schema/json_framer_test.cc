#include "schema/json_framer.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace slipway::schema {
namespace {

/// All values of `text`, given in chunks of `chunk` bytes, joined by `|`.
std::string Frames(const std::string& text, size_t chunk, size_t limit = 1000) {
  JsonFramer framer(limit);
  std::string joined;
  const auto drain = [&] {
    while (true) {
      const auto value = framer.Next();
      if (!value.ok()) return joined += "error", false;
      if (!*value) return true;
      joined += std::string(**value) + "|";
    }
  };
  for (size_t i = 0; i < text.size(); i += chunk) {
    framer.Append(text.substr(i, chunk));
    if (!drain()) return joined;
  }
  framer.End();
  drain();
  return joined;
}

TEST(JsonFramer, CutsValuesWhereverTheChunksEnd) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {" \n ", ""},
      {"{}{}", "{}|{}|"},
      {" {\"a\":[1,{\"b\":\"}\"}]} \n{}", "{\"a\":[1,{\"b\":\"}\"}]}|{}|"},
      {R"({"a":"\"}{"}{})", R"({"a":"\"}{"}|{}|)"},
      {R"({"a":"\\"}{})", R"({"a":"\\"}|{}|)"},
      {"1 2\n3", "1|2|3|"},
      {"\"a\"\"b\"", "\"a\"|\"b\"|"},
      {"1{}[2]", "1|{}|[2]|"},
      {"{\"a\":1", "{\"a\":1|"},
      {"}{}", "}|{}|"},
  };
  for (const auto& [text, expected] : cases) {
    for (size_t chunk = 1; chunk <= text.size() + 1; ++chunk) {
      EXPECT_EQ(Frames(text, chunk), expected) << "chunks of " << chunk;
    }
  }
}

TEST(JsonFramer, BoundsOneValue) {
  EXPECT_EQ(Frames("{\"a\":1}{\"a\":2}", 1, 7), "{\"a\":1}|{\"a\":2}|");
  EXPECT_EQ(Frames("{}{\"a\":12}", 1, 7), "{}|error");
  EXPECT_EQ(Frames("{}{\"a\":12}", 100, 7), "{}|error");
}

}  // namespace
}  // namespace slipway::schema
