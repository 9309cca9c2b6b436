#include "gateway/router/path_template.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

/// The template as a text that shows how it was understood.
std::string Describe(const PathTemplate& pattern) {
  std::string out;
  for (const PathTemplate::Segment& segment : pattern.segments()) {
    switch (segment.kind) {
      case PathTemplate::Segment::Kind::kLiteral:
        absl::StrAppend(&out, "/", segment.literal);
        break;
      case PathTemplate::Segment::Kind::kStar:
        absl::StrAppend(&out, "/<*>");
        break;
      case PathTemplate::Segment::Kind::kDoubleStar:
        absl::StrAppend(&out, "/<**>");
        break;
    }
  }
  for (const PathTemplate::Variable& variable : pattern.variables()) {
    absl::StrAppend(&out, " ", variable.field_path, "=[", variable.begin, ",", variable.end, ")");
  }
  if (!pattern.verb().empty()) absl::StrAppend(&out, " verb ", pattern.verb());
  return out;
}

struct Good {
  const char* text;
  const char* meaning;
};

class PathTemplateGood : public ::testing::TestWithParam<Good> {};

TEST_P(PathTemplateGood, Parses) {
  auto pattern = PathTemplate::Parse(GetParam().text);
  ASSERT_TRUE(pattern.ok()) << pattern.status();
  EXPECT_EQ(Describe(*pattern), GetParam().meaning);
}

INSTANTIATE_TEST_SUITE_P(
    Table, PathTemplateGood,
    ::testing::Values(Good{"/", "/"}, Good{"/users", "/users"},
                      Good{"/users/{id}", "/users/<*> id=[1,2)"},
                      Good{"/v1/{a.b_c=x/*/y}/z", "/v1/x/<*>/y/z a.b_c=[1,4)"},
                      Good{"/v1/*/b", "/v1/<*>/b"}, Good{"/v1/{name=**}", "/v1/<**> name=[1,2)"},
                      Good{"/v1/{name=a/**/b}/c", "/v1/a/<**>/b/c name=[1,4)"},
                      Good{"/v1/users:list", "/v1/users verb list"}, Good{"/x:y:z", "/x:y verb z"},
                      Good{"/v1/{id}:a:b", "/v1/<*> id=[1,2) verb a:b"},
                      Good{"/v1/{name=a/**}:copy", "/v1/a/<**> name=[1,3) verb copy"},
                      Good{"/v1/**:go", "/v1/<**> verb go"}, Good{"/:go", "/ verb go"},
                      Good{"/v1/{id=a:b}/c", "/v1/a:b/c id=[1,2)"},
                      Good{"/{id}/x:y", "/<*>/x id=[0,1) verb y"},
                      Good{"/a%20b/c;d=e&f,@", "/a%20b/c;d=e&f,@"},
                      Good{"/{id}/{id}", "/<*>/<*> id=[0,1) id=[1,2)"}));

struct Bad {
  const char* text;
  const char* complaint;
};

class PathTemplateBad : public ::testing::TestWithParam<Bad> {};

TEST_P(PathTemplateBad, NamesTheTemplateAndTheFault) {
  auto pattern = PathTemplate::Parse(GetParam().text);
  ASSERT_FALSE(pattern.ok());
  EXPECT_EQ(pattern.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(pattern.status().message()), ::testing::HasSubstr(GetParam().complaint));
  EXPECT_THAT(std::string(pattern.status().message()), ::testing::HasSubstr(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Table, PathTemplateBad,
    ::testing::Values(Bad{"", "begin with '/'"}, Bad{"users", "begin with '/'"},
                      Bad{"/users/", "empty segment"}, Bad{"/a//b", "empty segment"},
                      Bad{"//", "empty segment"}, Bad{"/{a={b}}", "variable inside a variable"},
                      Bad{"/{a", "not closed"}, Bad{"/{a=b/*", "not closed"},
                      Bad{"/{a/b}", "not closed"}, Bad{"/{}", "not the path of a field"},
                      Bad{"/{1a}", "not the path of a field"},
                      Bad{"/{a..b}", "not the path of a field"},
                      Bad{"/**/x/**", "more than one '**'"}, Bad{"/x{a}", "whole segment"},
                      Bad{"/{a}b", "whole segment"}, Bad{"/{a}b:c", "whole segment"},
                      Bad{"/{a=}", "empty segment"}, Bad{"/a b", "not a literal"},
                      Bad{"/a%2", "not a literal"}, Bad{"/a%zz", "not a literal"},
                      Bad{"/a}", "not a literal"}, Bad{"/a?b", "not a literal"}));

}  // namespace
}  // namespace slipway::gateway
