#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/status.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "gtest/gtest.h"
#include "jobs/work/call_target.h"
#include "rpc/in_process.h"
#include "rpc/status.h"
#include "schema/loader.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs::testing {

/// A service of all sorts of methods. On the wire a Note is a slipway.v1.Greeting as far as `text`
/// goes, so that handlers need no generated class. `more` lines are added to the service.
inline google::protobuf::FileDescriptorProto NotesFile(const std::string& more = "") {
  google::protobuf::FileDescriptorProto file;
  const bool parsed = google::protobuf::TextFormat::ParseFromString(R"(
      name: "test/notes.proto" package: "test" syntax: "proto3"
      dependency: "google/api/annotations.proto"
      dependency: "google/api/httpbody.proto"
      dependency: "google/protobuf/timestamp.proto"
      message_type {
        name: "Note"
        field { name: "text" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL json_name: "text" }
        field { name: "big_count" number: 2 type: TYPE_INT64 label: LABEL_OPTIONAL
                json_name: "bigCount" }
        field { name: "replies" number: 3 type: TYPE_MESSAGE type_name: ".test.Note"
                label: LABEL_REPEATED json_name: "replies" }
      }
      service {
        name: "Notes"
        method { name: "Echo" input_type: ".test.Note" output_type: ".test.Note"
                 options { [google.api.http] { post: "/echo" body: "*" } } }
        method { name: "Page" input_type: ".test.Note" output_type: ".google.api.HttpBody"
                 options { [google.api.http] { get: "/page" } } }
        method { name: "At" input_type: ".google.protobuf.Timestamp" output_type: ".test.Note"
                 options { [google.api.http] { get: "/at" } } }
        method { name: "Follow" input_type: ".test.Note" output_type: ".test.Note"
                 server_streaming: true options { [google.api.http] { get: "/follow" } } }
        method { name: "Collect" input_type: ".test.Note" output_type: ".test.Note"
                 client_streaming: true options { [google.api.http] { post: "/all" body: "*" } } }
        method { name: "Hidden" input_type: ".test.Note" output_type: ".test.Note" }
        )" + more + "}",
                                                                    &file);
  EXPECT_TRUE(parsed);
  return file;
}

inline CallTarget::Snapshot NotesSchema() {
  auto schema = schema::FromFiles({NotesFile()});
  EXPECT_TRUE(schema.ok()) << schema.status();
  return *schema;
}

inline v1::Greeting Note(const std::string& text) {
  v1::Greeting note;
  note.set_name(text);
  return note;
}

/// Serves Echo, which does what the note's text says, Page, and reflection of NotesFile.
class NotesServer {
 public:
  rpc::Dispatcher::Builder Methods() {
    rpc::Dispatcher::Builder builder;
    builder.Add({"/test.Notes/Echo", rpc::MethodKind::kUnary,
                 [this](rpc::CallContext& context, rpc::ServerStream& stream) {
                   return Echo(this, context, stream);
                 }});
    builder.Add({"/test.Notes/Page", rpc::MethodKind::kUnary,
                 [](rpc::CallContext&, rpc::ServerStream& stream) { return Page(stream); }});
    builder.Add(
        {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
         rpc::MethodKind::kBidiStreaming,
         [this](rpc::CallContext&, rpc::ServerStream& stream) { return Reflect(this, stream); }});
    return builder;
  }

  google::protobuf::FileDescriptorProto file = NotesFile();
  /// What reflection answers; OK: the file.
  rpc::Status reflection;
  std::atomic<int> reflected{0};
  // Of Echo's calls.
  std::vector<std::string> correlation_ids;
  std::atomic<int> begun{0};
  std::atomic<int> cancelled{0};

 private:
  static rpc::Task<rpc::Status> Echo(NotesServer* self, rpc::CallContext& context,
                                     rpc::ServerStream& stream) {
    ++self->begun;
    self->correlation_ids.push_back(context.correlation_id());
    std::optional<std::string> request = co_await stream.Read();
    v1::Greeting note;
    if (!request || !note.ParseFromString(*request)) {
      co_return rpc::Status(absl::StatusCode::kInvalidArgument, "no note");
    }
    context.AddInitialMetadata("x-early", "1");
    context.AddInitialMetadata("content-type", "application/grpc");
    context.AddTrailer("x-late", "2");
    if (note.name() == "hang") {
      const rpc::Status alive = co_await context.Sleep(std::chrono::hours(1));
      if (context.cancelled()) ++self->cancelled;
      co_return alive;
    }
    if (note.name() == "missing") co_return Missing();
    constexpr std::string_view kExhausted = "exhausted: ";
    if (note.name().starts_with(kExhausted)) {
      co_return rpc::Status(absl::StatusCode::kResourceExhausted,
                            note.name().substr(kExhausted.size()));
    }
    if (note.name() == "busy") co_return rpc::Status(absl::StatusCode::kUnavailable, "busy");
    const bool written = co_await stream.Write(*std::move(request));
    co_return written ? rpc::Status() : rpc::Status(absl::StatusCode::kCancelled, "gone");
  }

  static rpc::Status Missing() {
    google::rpc::Status details;
    details.set_code(5);
    details.set_message("no such note");
    details.add_details()->PackFrom(Note("detail"));
    return rpc::Status(absl::StatusCode::kNotFound, "no such note", details.SerializeAsString());
  }

  static rpc::Task<rpc::Status> Page(rpc::ServerStream& stream) {
    std::optional<std::string> request = co_await stream.Read();
    // google.api.HttpBody{content_type: "text/html", data: "<p>"}
    std::string page("\x0a\x09text/html\x12\x03<p>");
    co_await stream.Write(std::move(page));
    co_return rpc::Status();
  }

  static rpc::Task<rpc::Status> Reflect(NotesServer* self, rpc::ServerStream& stream) {
    ++self->reflected;
    if (!self->reflection.ok()) co_return self->reflection;
    for (;;) {
      std::optional<std::string> bytes = co_await stream.Read();
      if (!bytes) co_return rpc::Status();
      std::string answer = self->Describe(*bytes);
      const bool written = co_await stream.Write(std::move(answer));
      if (!written) co_return rpc::Status();
    }
  }

  std::string Describe(const std::string& bytes) const {
    grpc::reflection::v1::ServerReflectionRequest request;
    request.ParseFromString(bytes);
    grpc::reflection::v1::ServerReflectionResponse response;
    if (request.has_list_services()) {
      response.mutable_list_services_response()->add_service()->set_name("test.Notes");
    } else if (request.has_file_containing_symbol()) {
      file.SerializeToString(
          response.mutable_file_descriptor_response()->add_file_descriptor_proto());
    } else {
      // Imports are linked into this program.
      response.mutable_error_response()->set_error_code(5);
    }
    return response.SerializeAsString();
  }
};

}  // namespace slipway::jobs::testing
