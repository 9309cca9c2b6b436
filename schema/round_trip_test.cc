#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/protobuf/util/type_resolver_util.h"
#include "gtest/gtest.h"
#include "schema/json_text.h"
#include "schema/scalar.h"
#include "schema/test_schema.h"

namespace slipway::schema {
namespace {

namespace pb = google::protobuf;
using F = pb::FieldDescriptor;

/// Fills messages with random values that JSON can express.
class RandomMessages {
 public:
  explicit RandomMessages(uint64_t seed, bool negative_zero = true)
      : random_(seed), negative_zero_(negative_zero) {}

  void Fill(const internal::MessagePlan& plan, pb::Message* message, int depth) {
    switch (plan.known) {
      case internal::WellKnown::kTimestamp:
        return SetTime(message, -62135596800, 253402300799);
      case internal::WellKnown::kDuration:
        return SetTime(message, 0, 315575999999);
      case internal::WellKnown::kFieldMask:
        return FillMask(message);
      case internal::WellKnown::kAny:
        return FillAny(plan, message, depth);
      case internal::WellKnown::kValue:
        return FillValue(plan, message, depth);
      default:
        for (const internal::FieldPlan& field : plan.fields) FillField(field, message, depth);
    }
  }

  uint64_t Below(uint64_t bound) { return random_() % bound; }

 private:
  void FillField(const internal::FieldPlan& field, pb::Message* message, int depth) {
    const bool wrapper = field.parent->known == internal::WellKnown::kWrapper;
    // An unset google.protobuf.Value prints as `null`, which reads as one that is set to null.
    const bool value = field.is_known(internal::WellKnown::kValue) && !field.repeated;
    if (!wrapper && !value && Below(3) != 0) return;
    if (field.message != nullptr && !value && depth <= 0) return;
    const int count = field.repeated ? static_cast<int>(Below(4)) : 1;
    for (int i = 0; i < count; ++i) {
      if (field.map) {
        AddEntry(field, message, depth);
      } else if (field.message != nullptr) {
        pb::Message* child = field.repeated
                                 ? message->GetReflection()->AddMessage(message, field.field)
                                 : message->GetReflection()->MutableMessage(message, field.field);
        Fill(*field.message, child, depth - 1);
      } else {
        SetScalar(field, message);
      }
    }
  }

  void AddEntry(const internal::FieldPlan& field, pb::Message* message, int depth) {
    internal::Scalar key;
    const pb::Reflection* reflection = message->GetReflection();
    // Entries of equal keys would be merged on the way.
    const int index = reflection->FieldSize(*message, field.field);
    const internal::FieldPlan& key_field = field.message->map_key();
    if (key_field.cpp_type == F::CPPTYPE_BOOL && index > 1) return;
    pb::Message* entry = reflection->AddMessage(message, field.field);
    key.int64 = index * 7 - 10;
    key.boolean = index == 1;
    key.text = "key " + std::to_string(index);
    internal::StoreScalar(key_field, &key, entry);
    const internal::FieldPlan& value = field.message->map_value();
    if (value.message == nullptr) return SetScalar(value, entry);
    Fill(*value.message, entry->GetReflection()->MutableMessage(entry, value.field), depth - 1);
  }

  void SetScalar(const internal::FieldPlan& field, pb::Message* message) {
    internal::Scalar value;
    const uint64_t bits = RandomBits();
    value.uint64 = field.cpp_type == F::CPPTYPE_UINT32 ? static_cast<uint32_t>(bits) : bits;
    value.int64 = field.cpp_type == F::CPPTYPE_INT32 ? static_cast<int32_t>(bits)
                                                     : static_cast<int64_t>(bits);
    value.boolean = (bits & 1) != 0;
    value.float64 = RandomDouble();
    value.float32 = RandomFloat();
    if (field.cpp_type == F::CPPTYPE_ENUM) {
      const auto* type = field.field->enum_type();
      value.int64 = type->value(static_cast<int>(Below(type->value_count())))->number();
    }
    value.text = field.is_bytes() ? RandomBytes() : RandomText();
    internal::StoreScalar(field, &value, message);
  }

  void SetTime(pb::Message* message, int64_t low, int64_t high) {
    const auto* descriptor = message->GetDescriptor();
    const auto seconds = low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low) + 1));
    message->GetReflection()->SetInt64(message, descriptor->FindFieldByNumber(1), seconds);
    const int32_t steps[] = {0, 1'000'000, 1000, 1};
    message->GetReflection()->SetInt32(message, descriptor->FindFieldByNumber(2),
                                       static_cast<int32_t>(Below(1000)) * steps[Below(4)]);
  }

  void FillMask(pb::Message* message) {
    for (uint64_t i = Below(3); i > 0; --i) {
      message->GetReflection()->AddString(message, message->GetDescriptor()->field(0),
                                          i == 1 ? "foo_bar.baz" : "x");
    }
  }

  void FillAny(const internal::MessagePlan& plan, pb::Message* message, int depth) {
    const char* const names[] = {"test.v1.Inner", "google.protobuf.Duration",
                                 "google.protobuf.Struct", "google.protobuf.StringValue"};
    const std::string name = names[Below(4)];
    const internal::MessagePlan& content = *plan.set->Find(name);
    std::unique_ptr<pb::Message> inner(content.prototype->New());
    Fill(content, inner.get(), depth - 1);
    const auto* reflection = message->GetReflection();
    reflection->SetString(message, plan.FindNumber(1)->field, "type.googleapis.com/" + name);
    reflection->SetString(message, plan.FindNumber(2)->field, inner->SerializeAsString());
  }

  void FillValue(const internal::MessagePlan& plan, pb::Message* message, int depth) {
    const auto* reflection = message->GetReflection();
    const int kind = 1 + static_cast<int>(Below(depth > 0 ? 6 : 4));
    const internal::FieldPlan& field = *plan.FindNumber(kind);
    if (kind == 2) return reflection->SetDouble(message, field.field, RandomFinite());
    if (field.message == nullptr) return SetScalar(field, message);
    Fill(*field.message, reflection->MutableMessage(message, field.field), depth - 1);
  }

  uint64_t RandomBits() {
    const uint64_t edges[] = {0,
                              1,
                              ~uint64_t{0},
                              uint64_t{1} << 63,
                              (uint64_t{1} << 63) - 1,
                              uint64_t{1} << 31,
                              (uint64_t{1} << 31) - 1};
    return Below(4) == 0 ? edges[Below(7)] : random_() >> Below(64);
  }
  double RandomFinite() {
    while (true) {
      const uint64_t bits = random_();
      double value;
      static_assert(sizeof(value) == sizeof(bits));
      std::memcpy(&value, &bits, sizeof(value));
      if (!std::isfinite(value)) continue;
      if (Below(3) == 0) value = std::round(value / 1e290);
      return value == 0 && !negative_zero_ ? 0 : value;
    }
  }
  double RandomDouble() {
    const double edges[] = {0,
                            -0.0,
                            0.1,
                            1e21,
                            1e-7,
                            5e-324,
                            std::numeric_limits<double>::max(),
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity()};
    const double value = Below(3) == 0 ? edges[Below(9)] : RandomFinite();
    return value == 0 && !negative_zero_ ? 0 : value;
  }
  float RandomFloat() {
    const float edges[] = {0,
                           0.1f,
                           1e21f,
                           1e-7f,
                           std::numeric_limits<float>::denorm_min(),
                           std::numeric_limits<float>::max(),
                           std::numeric_limits<float>::infinity()};
    if (Below(3) == 0) return edges[Below(7)];
    while (true) {
      const auto bits = static_cast<uint32_t>(random_());
      float value;
      std::memcpy(&value, &bits, sizeof(value));
      if (std::isfinite(value)) return value == 0 && !negative_zero_ ? 0 : value;
    }
  }
  std::string RandomBytes() {
    std::string bytes(Below(20), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    return bytes;
  }
  std::string RandomText() {
    const uint32_t ranges[] = {0x20, 0x80, 0x800, 0xD800, 0x10000};
    std::string text;
    for (uint64_t i = Below(12); i > 0; --i) {
      uint32_t c = static_cast<uint32_t>(Below(ranges[Below(5)]));
      if (c >= 0xD800 && c < 0xE000) c = 0x1F600;
      internal::AppendUtf8(c, &text);
    }
    return text;
  }

  std::mt19937_64 random_;
  bool negative_zero_;
};

uint64_t Seed() {
  const char* given = std::getenv("SLIPWAY_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

bool SameMessage(const internal::MessagePlan& plan, const std::string& a, const std::string& b) {
  std::unique_ptr<pb::Message> left(plan.prototype->New());
  std::unique_ptr<pb::Message> right(plan.prototype->New());
  EXPECT_TRUE(left->ParseFromString(a) && right->ParseFromString(b));
  pb::util::MessageDifferencer differencer;
  differencer.set_repeated_field_comparison(pb::util::MessageDifferencer::AS_LIST);
  return differencer.Compare(*left, *right);
}

TEST(RoundTrip, OurWriterOurReader) {
  const uint64_t seed = Seed();
  SCOPED_TRACE("SLIPWAY_TEST_SEED=" + std::to_string(seed));
  RandomMessages messages(seed);
  const MessageType& type = testing::EverythingType();
  for (int i = 0; i < 3000; ++i) {
    std::unique_ptr<pb::Message> message(type.plan().prototype->New());
    messages.Fill(type.plan(), message.get(), 4);
    const std::string wire = message->SerializeAsString();
    const auto json = JsonFromWire(type, wire);
    ASSERT_TRUE(json.ok()) << json.status() << message->DebugString();
    const auto back = WireFromJson(type, *json);
    ASSERT_TRUE(back.ok()) << back.status() << *json;
    ASSERT_TRUE(SameMessage(type.plan(), wire, *back)) << *json;
    // Equal messages print alike, so what equality overlooks (-0, presence) shows here.
    ASSERT_EQ(*JsonFromWire(type, *back), *json);
  }
}

TEST(RoundTrip, ProtobufReadsOurJson) {
  const uint64_t seed = Seed();
  SCOPED_TRACE("SLIPWAY_TEST_SEED=" + std::to_string(seed));
  RandomMessages messages(seed, /*negative_zero=*/false);  // protobuf reads `-0` as 0
  const MessageType& type = testing::EverythingType();
  const std::unique_ptr<pb::util::TypeResolver> resolver(pb::util::NewTypeResolverForDescriptorPool(
      "type.googleapis.com", &testing::TestSchema().pool()));
  int read = 0;
  for (int i = 0; i < 1000; ++i) {
    std::unique_ptr<pb::Message> message(type.plan().prototype->New());
    messages.Fill(type.plan(), message.get(), 3);
    const std::string wire = message->SerializeAsString();
    const auto json = JsonFromWire(type, wire);
    ASSERT_TRUE(json.ok()) << json.status();
    std::string back;
    const auto status = pb::util::JsonToBinaryString(
        resolver.get(), "type.googleapis.com/test.v1.Everything", *json, &back);
    ASSERT_TRUE(status.ok()) << status.ToString() << *json;
    ASSERT_TRUE(SameMessage(type.plan(), wire, back)) << *json;
    ++read;
  }
  EXPECT_EQ(read, 1000);
}

TEST(RoundTrip, DamagedJsonIsReadOrRefused) {
  const uint64_t seed = Seed();
  SCOPED_TRACE("SLIPWAY_TEST_SEED=" + std::to_string(seed));
  RandomMessages messages(seed);
  const MessageType& type = testing::EverythingType();
  for (int i = 0; i < 3000; ++i) {
    std::unique_ptr<pb::Message> message(type.plan().prototype->New());
    messages.Fill(type.plan(), message.get(), 3);
    std::string json = *JsonFromWire(type, message->SerializeAsString());
    for (int damage = 0; damage < 3; ++damage) {
      const std::string bits = "{}[]\",:0e.-nt\\u\xFF ";
      json[messages.Below(json.size())] = bits[messages.Below(bits.size())];
    }
    const auto wire = WireFromJson(type, json, {messages.Below(2) == 0});
    if (!wire.ok()) {
      EXPECT_EQ(wire.status().code(), absl::StatusCode::kInvalidArgument);
      continue;
    }
    const auto again = JsonFromWire(type, *wire);
    EXPECT_TRUE(again.ok()) << again.status() << json;
  }
}

TEST(RoundTrip, DamagedWireIsReadOrRefused) {
  const pb::LogSilencer silencer;  // protobuf logs each text that is not valid UTF-8
  const uint64_t seed = Seed();
  SCOPED_TRACE("SLIPWAY_TEST_SEED=" + std::to_string(seed));
  RandomMessages messages(seed);
  const MessageType& type = testing::EverythingType();
  for (int i = 0; i < 3000; ++i) {
    std::unique_ptr<pb::Message> message(type.plan().prototype->New());
    messages.Fill(type.plan(), message.get(), 3);
    std::string wire = message->SerializeAsString();
    if (wire.empty()) continue;
    for (int damage = 0; damage < 3; ++damage) {
      wire[messages.Below(wire.size())] = static_cast<char>(messages.Below(256));
    }
    const auto json = JsonFromWire(type, wire);
    if (json.ok()) {
      EXPECT_TRUE(internal::IsValidUtf8(*json));
    } else {
      EXPECT_EQ(json.status().code(), absl::StatusCode::kInternal);
    }
  }
}

}  // namespace
}  // namespace slipway::schema
