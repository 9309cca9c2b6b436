#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "schema/json_cursor.h"
#include "schema/plan.h"
#include "schema/scalar.h"

namespace slipway::schema::internal {

/// Reads JSON into messages in one pass, after protobuf's JSON mapping and as strictly as Go's
/// protojson: duplicate fields, two members of a oneof and values that do not fit are errors. Made
/// for one text; one thread. A read that answers false leaves the reason in error() and the message
/// half-filled.
class JsonReader {
 public:
  JsonReader(std::string_view json, bool ignore_unknown)
      : cursor_(json), ignore_unknown_(ignore_unknown) {}

  /// The next value into `message`.
  bool ReadMessage(const MessagePlan& plan, pb::Message* message);
  /// The next value into a field of `parent`: array, object or scalar, as the field's type wants.
  /// `null` leaves the field unset.
  bool ReadField(const FieldPlan& field, pb::Message* parent);

  /// The next value into the field that a binding's `body` names: as ReadField, but a message must
  /// not be `null`, and errors name the field.
  bool ReadBodyField(const FieldPlan& field, pb::Message* parent);

  JsonCursor& cursor() { return cursor_; }
  const absl::Status& error() const { return cursor_.error(); }

 private:
  /// Where in the message the reader is, for error messages; a chain on the stack.
  struct Place {
    const Place* outer;
    const FieldPlan* field;
    std::string_view key;
    size_t index;
    enum Kind { kField, kIndex, kKey } kind;
  };
  /// Makes a place current for the life of this object.
  class At {
   public:
    At(JsonReader* reader, Place place) : reader_(reader), place_(place) {
      place_.outer = reader->place_;
      reader->place_ = &place_;
    }
    At(const At&) = delete;
    At& operator=(const At&) = delete;
    ~At() { reader_->place_ = place_.outer; }
    Place* operator->() { return &place_; }

   private:
    JsonReader* reader_;
    Place place_;
  };
  class Seen;

  enum class Outcome { kStored, kDropped, kFailed };

  bool ReadObject(const MessagePlan& plan, std::string_view ignored_key, pb::Message* message);
  bool ReadMember(const MessagePlan& plan, const FieldPlan& field, Seen* seen,
                  pb::Message* message);
  bool ReadArray(const FieldPlan& field, pb::Message* parent);
  bool ReadMap(const FieldPlan& field, pb::Message* parent);
  bool ReadElement(const FieldPlan& field, pb::Message* parent);
  Outcome ReadMapValue(const MessagePlan& entry_plan, pb::Message* entry);

  Outcome ReadScalar(const FieldPlan& field, Scalar* value);
  Outcome ReadEnum(const FieldPlan& field, Scalar* value);
  bool ReadNumeric(const FieldPlan& field, Scalar* value);
  bool ReadNumberText(const FieldPlan& field, std::string_view text, bool quoted, Scalar* value);
  bool ReadText(const FieldPlan& field, Scalar* value);
  bool ReadBool(Scalar* value);

  bool ReadTime(const MessagePlan& plan, pb::Message* message);
  bool ReadFieldMask(const MessagePlan& plan, pb::Message* message);
  bool ReadWrapper(const MessagePlan& plan, pb::Message* message);
  bool ReadValue(const MessagePlan& plan, pb::Message* message);
  bool ReadAny(const MessagePlan& plan, pb::Message* message);
  bool ReadAnyContent(const MessagePlan& plan, pb::Message* message);
  bool FindTypeUrl(std::string* url, bool* empty);

  /// Fails because the value at `at` is not what the field or message takes.
  bool BadValue(const JsonCursor& at, const std::string& allowed);
  bool FailHere(const std::string& problem);
  std::string PlaceText() const;

  JsonCursor cursor_;
  bool ignore_unknown_;
  const Place* place_ = nullptr;
};

/// `field user.tags[2]`, or `the message` for an empty path.
std::string FieldLabel(std::string_view path);

}  // namespace slipway::schema::internal
