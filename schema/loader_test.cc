#include "schema/loader.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "schema/test_schema.h"

namespace slipway::schema {
namespace {

namespace pb = google::protobuf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using SchemaPtr = std::shared_ptr<const Schema>;

pb::FileDescriptorProto File(const std::string& text) {
  pb::FileDescriptorProto file;
  EXPECT_TRUE(pb::TextFormat::ParseFromString(text, &file)) << text;
  return file;
}

/// A file with one service `pkg.Echo` of one method `Say`, and `extra` in text format.
pb::FileDescriptorProto EchoFile(const std::string& extra = "") {
  return File(R"(name: 'echo.proto' package: 'pkg' syntax: 'proto3'
                 message_type { name: 'Text' field { name: 'text' number: 1 label: LABEL_OPTIONAL
                                                     type: TYPE_STRING } }
                 service { name: 'Echo' method { name: 'Say' input_type: '.pkg.Text'
                                                 output_type: '.pkg.Text' } } )" +
              extra);
}

std::vector<std::string> Rules(const Schema& schema, std::string_view method) {
  std::vector<std::string> rules;
  for (const HttpRule& rule : schema.FindMethod(method)->rules) {
    rules.push_back(rule.method + " " + rule.path_template + " body=" + rule.body +
                    " response=" + rule.response_body);
  }
  return rules;
}

SchemaPtr WithYaml(const std::string& yaml) {
  LoadOptions options;
  options.http_rules_yaml = yaml;
  auto schema = FromFiles({EchoFile()}, options);
  EXPECT_TRUE(schema.ok()) << schema.status();
  return schema.ok() ? *schema : nullptr;
}

std::string YamlError(const std::string& yaml) {
  LoadOptions options;
  options.http_rules_yaml = yaml;
  return std::string(FromFiles({EchoFile()}, options).status().message());
}

TEST(Loader, ServicesMethodsAndRules) {
  const Schema& schema = testing::TestSchema();
  ASSERT_EQ(schema.services().size(), 2u);
  const Service& things = schema.services()[0];
  EXPECT_EQ(things.name, "test.v1.Things");
  EXPECT_FALSE(things.infrastructure);
  ASSERT_EQ(things.methods.size(), 4u);
  const MethodInfo& upload = things.methods[2];
  EXPECT_EQ(upload.path, "/test.v1.Things/Upload");
  EXPECT_TRUE(upload.client_streaming);
  EXPECT_FALSE(upload.server_streaming);
  EXPECT_EQ(schema.input(upload).full_name(), "test.v1.Everything");
  EXPECT_EQ(schema.output(upload).full_name(), "test.v1.Page");
  EXPECT_EQ(schema.FindMethod("/test.v1.Things/Upload"), &upload);
  EXPECT_EQ(schema.FindMethod("/test.v1.Things/Nope"), nullptr);
  EXPECT_EQ(schema.FindMessage("no.Such"), nullptr);
  EXPECT_THAT(Rules(schema, "/test.v1.Things/Get"),
              ElementsAre("GET /v1/things/{scalars.string_value} body= response=",
                          "GET /v1/alias/{maybe} body= response=",
                          "HEAD /v1/things/{maybe} body= response="));
  EXPECT_THAT(Rules(schema, "/test.v1.Things/Update"),
              ElementsAre("PATCH /v1/things/{id} body=thing response=inners"));
  EXPECT_THAT(Rules(schema, "/test.v1.Things/Unbound"), IsEmpty());
  const HttpResponseOption& response = things.methods[0].http_response;
  EXPECT_TRUE(response.status_from_metadata);
  EXPECT_THAT(response.plain_headers, ElementsAre("location"));
  EXPECT_FALSE(upload.http_response.status_from_metadata);
}

TEST(Loader, BadRulesAreLeftOutWithAWarning) {
  const Schema& schema = testing::TestSchema();
  for (const MethodInfo& method : schema.services()[1].methods) {
    if (method.path == "/test.v1.Broken/Good") continue;
    EXPECT_THAT(method.rules, IsEmpty()) << method.path;
  }
  EXPECT_THAT(Rules(schema, "/test.v1.Broken/Good"), ElementsAre("GET /v1/good body= response="));
  EXPECT_THAT(
      schema.warnings(),
      ElementsAre(
          "binding GET /v1/broken/a of test.v1.Broken.GetWithBody is left out: GET takes no body",
          "binding DELETE /v1/broken/b of test.v1.Broken.DeleteWithBody is left out: DELETE takes "
          "no body",
          "binding POST /v1/broken/c of test.v1.Broken.UnknownBody is left out: body: there is no "
          "field \"nope\" in test.v1.Everything",
          HasSubstr("path variable: there is no field \"nope\" in test.v1.Everything"),
          HasSubstr("path variable: field inner of test.v1.Everything is a test.v1.Inner"),
          HasSubstr("a client-streaming method takes no path variables"),
          HasSubstr("the service has a binding of the same method and path already"),
          HasSubstr("response_body: there is no field \"nope\"")));
}

TEST(Loader, StandardMessagesAreAlwaysThere) {
  auto schema = FromFiles({EchoFile()});
  ASSERT_TRUE(schema.ok()) << schema.status();
  for (const char* name :
       {"google.protobuf.Any", "google.protobuf.Timestamp", "google.protobuf.Int64Value",
        "google.protobuf.ListValue", "google.api.HttpBody", "google.rpc.Status",
        "google.rpc.ErrorInfo", "google.rpc.BadRequest.FieldViolation"}) {
    EXPECT_NE((*schema)->FindMessage(name), nullptr) << name;
  }
  EXPECT_THAT((*schema)->warnings(), IsEmpty());
  EXPECT_EQ((*schema)->services().size(), 1u);
}

TEST(Loader, MissingImportsAreTolerated) {
  // An unknown option of an import that is not there, as from other tools' annotations.
  auto schema = FromFiles({EchoFile(
      R"(dependency: 'openapi/annotations.proto' dependency: 'google/protobuf/timestamp.proto'
         service { name: 'Other' method { name: 'Do' input_type: '.openapi.Missing'
                                          output_type: '.pkg.Text' } })")});
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_THAT((*schema)->warnings(),
              ElementsAre("file openapi/annotations.proto, which echo.proto imports, is missing"));
  const MethodInfo* broken = (*schema)->FindMethod("/pkg.Other/Do");
  ASSERT_NE(broken, nullptr);
  EXPECT_EQ((*schema)->input(*broken).full_name(), "openapi.Missing");
}

TEST(Loader, UnknownOptionsAreIgnored) {
  pb::FileDescriptorProto file = EchoFile();
  auto* options = file.mutable_service(0)->mutable_method(0)->mutable_options();
  pb::UnknownFieldSet* unknown = options->GetReflection()->MutableUnknownFields(options);
  unknown->AddLengthDelimited(1042, "openapi");
  // The HTTP rule as a reader without the extension sees it: `get: "/x"`.
  unknown->AddLengthDelimited(72295728, std::string("\x12\x02/x", 4));
  auto schema = FromFiles({file});
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_THAT(Rules(**schema, "/pkg.Echo/Say"), ElementsAre("GET /x body= response="));
}

TEST(Loader, ServicesInTheGivenOrder) {
  const pb::FileDescriptorProto file =
      EchoFile(R"(service { name: 'Second' } service { name: 'Third' })");
  LoadOptions options;
  options.services = {"pkg.Third", "pkg.Echo"};
  auto schema = FromFiles({file}, options);
  ASSERT_TRUE(schema.ok());
  ASSERT_EQ((*schema)->services().size(), 2u);
  EXPECT_EQ((*schema)->services()[0].name, "pkg.Third");
  EXPECT_EQ((*schema)->services()[1].name, "pkg.Echo");
  options.services = {"pkg.Nope"};
  EXPECT_EQ(FromFiles({file}, options).status().message(), "there is no service pkg.Nope");
}

TEST(Loader, FromDescriptorSet) {
  pb::FileDescriptorSet set;
  *set.add_file() = EchoFile();
  auto schema = FromDescriptorSet(set.SerializeAsString());
  ASSERT_TRUE(schema.ok());
  EXPECT_NE((*schema)->FindMethod("/pkg.Echo/Say"), nullptr);
  EXPECT_FALSE(FromDescriptorSet("").ok());
  EXPECT_FALSE(FromDescriptorSet("no set").ok());
  EXPECT_EQ(FromDescriptorFile("/nonexistent/set.pb").status().message(),
            "cannot read descriptor set /nonexistent/set.pb");
}

TEST(Loader, ContradictionsNameTheFile) {
  pb::FileDescriptorProto file = EchoFile();
  *file.add_message_type() = file.message_type(0);
  EXPECT_THAT(std::string(FromFiles({file}).status().message()), HasSubstr("echo.proto: pkg.Text"));
  pb::FileDescriptorProto cycle = EchoFile("dependency: 'echo.proto'");
  EXPECT_FALSE(FromFiles({cycle}).ok());
}

TEST(Loader, FromLinkedPool) {
  auto schema = FromLinkedPool({"slipway.v1.Jobs", "grpc.health.v1.Health"});
  ASSERT_TRUE(schema.ok()) << schema.status();
  ASSERT_EQ((*schema)->services().size(), 2u);
  EXPECT_EQ((*schema)->services()[0].name, "slipway.v1.Jobs");
  EXPECT_FALSE((*schema)->services()[0].infrastructure);
  EXPECT_TRUE((*schema)->services()[1].infrastructure);
  EXPECT_FALSE((*schema)->services()[1].methods.empty());
  EXPECT_THAT((*schema)->warnings(), IsEmpty());
  EXPECT_EQ(FromLinkedPool({"no.Such"}).status().message(),
            "service no.Such is not linked into this program");
}

TEST(HttpRules, FromYaml) {
  const SchemaPtr schema = WithYaml(R"(
type: google.api.Service
config_version: 3
unknown: {a: 1}
http:
  fully_decode_reserved_expansion: true
  rules:
  - selector: " pkg.Echo.Say "
    post: /v1/say
    body: "*"
    response_body: text
    additional_bindings:
    - get: /v1/say/{text=a/*}
    - custom: {kind: "*", path: /v1/any}
      responseBody: "*"
  - selector: pkg.Echo.Say
    put: /v1/again
    body: text
  - selector: pkg.Echo.Say
  - selector: pkg.Echo.Nope
    get: /v1/nope
)");
  ASSERT_NE(schema, nullptr);
  EXPECT_THAT(
      Rules(*schema, "/pkg.Echo/Say"),
      ElementsAre("POST /v1/say body=* response=text", "GET /v1/say/{text=a/*} body= response=",
                  "* /v1/any body= response=", "PUT /v1/again body=text response="));
  EXPECT_THAT(schema->warnings(),
              ElementsAre("HTTP rules: selector \"pkg.Echo.Nope\" names no method"));
}

TEST(HttpRules, YamlStandsBesideTheAnnotation) {
  pb::FileDescriptorProto file = EchoFile();
  auto* options = file.mutable_service(0)->mutable_method(0)->mutable_options();
  options->GetReflection()->MutableUnknownFields(options)->AddLengthDelimited(
      72295728, std::string("\x12\x02/x", 4));
  LoadOptions load;
  load.http_rules_yaml = "http: {rules: [{selector: pkg.Echo.Say, get: /yaml}]}";
  auto schema = FromFiles({file}, load);
  ASSERT_TRUE(schema.ok());
  EXPECT_THAT(Rules(**schema, "/pkg.Echo/Say"),
              ElementsAre("GET /yaml body= response=", "GET /x body= response="));
}

TEST(HttpRules, YamlThatDoesNotParse) {
  EXPECT_THAT(YamlError("a: ["), HasSubstr("HTTP rules: "));
  EXPECT_THAT(YamlError("- a"), HasSubstr("expected a google.api.Service document"));
  EXPECT_THAT(YamlError("http: {rules: [{selector: 'pkg.*', get: /x}]}"),
              HasSubstr("selector \"pkg.*\" is not allowed"));
  EXPECT_THAT(YamlError("http: {rules: [{selector: 'a, b', get: /x}]}"),
              HasSubstr("selector \"a, b\" is not allowed"));
  EXPECT_THAT(YamlError("http: {rules: [{get: /x}]}"), HasSubstr("selector \"\" is not allowed"));
  EXPECT_THAT(YamlError("http: {rules: [{selector: pkg.Echo.Say, get: [1]}]}"),
              HasSubstr("HTTP rules: "));
  LoadOptions missing;
  missing.http_rules_path = "/nonexistent/rules.yaml";
  EXPECT_EQ(FromFiles({EchoFile()}, missing).status().message(),
            "HTTP rules: cannot read /nonexistent/rules.yaml");
}

TEST(HttpRules, RulesThatCannotBeServed) {
  const auto warnings = [](const std::string& rule) {
    return WithYaml("http: {rules: [{selector: pkg.Echo.Say, " + rule + "}]}")->warnings();
  };
  EXPECT_THAT(warnings("get: v1/x"), ElementsAre(HasSubstr("a path begins with '/'")));
  EXPECT_THAT(warnings("get: ''"), ElementsAre(HasSubstr("a path begins with '/'")));
  EXPECT_THAT(warnings("custom: {path: /x}"), ElementsAre(HasSubstr("needs a kind")));
  EXPECT_THAT(
      warnings("get: /x, additional_bindings: [{get: /y, additional_bindings: [{get: /z}]}]"),
      ElementsAre(HasSubstr("only one level is allowed")));
}

TEST(HttpRules, DeleteMayHaveABodyWhenAllowed) {
  LoadOptions options;
  options.http_rules_yaml = "http: {rules: [{selector: pkg.Echo.Say, delete: /x, body: '*'}]}";
  options.allow_delete_body = true;
  auto schema = FromFiles({EchoFile()}, options);
  ASSERT_TRUE(schema.ok());
  EXPECT_THAT(Rules(**schema, "/pkg.Echo/Say"), ElementsAre("DELETE /x body=* response="));
}

TEST(ProtoSource, MistakesNameFileLineAndColumn) {
  const std::string path = ::testing::TempDir() + "/mistake.proto";
  FILE* file = fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  fputs("syntax = \"proto3\";\nmessage A {\n  Nope a = 1;\n}\n", file);
  fclose(file);
  const auto schema = FromProtoFiles({path}, {});
  EXPECT_EQ(schema.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(schema.status().message()), HasSubstr("mistake.proto:3:3: \"Nope\""));
  EXPECT_FALSE(FromProtoFiles({"/nonexistent/a.proto"}, {}).ok());
}

TEST(ProtoSource, FindsFilesByImportFolder) {
  const std::string dir = SLIPWAY_SCHEMA_TESTDATA;
  auto by_folder = FromProtoFiles({"legacy.proto"}, {dir});
  ASSERT_TRUE(by_folder.ok()) << by_folder.status();
  EXPECT_NE((*by_folder)->FindMessage("test.v1.Legacy"), nullptr);
  auto by_path = FromProtoFiles({dir + "/legacy.proto"}, {});
  ASSERT_TRUE(by_path.ok()) << by_path.status();
  EXPECT_NE((*by_path)->FindMessage("test.v1.Legacy"), nullptr);
}

}  // namespace
}  // namespace slipway::schema
