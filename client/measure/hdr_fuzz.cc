// Any bytes as an encoded histogram: as they are, and as the payload within a right envelope
// (lengths, zlib, base64), where mutations would else never come. What decodes is the same when it
// is encoded and decoded again, and its parts fit each other.
#include <zlib.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client/measure/hdr.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::client {
namespace {

using fuzz::Check;

void AppendUint32(uint32_t value, std::string* out) {
  for (int shift = 24; shift >= 0; shift -= 8) *out += static_cast<char>(value >> shift);
}

/// The compressed V2 encoding around what stands in it.
std::string Envelope(std::string_view payload) {
  constexpr uint32_t kCompressedV2 = 0x1c849304;
  uLongf size = compressBound(payload.size());
  std::string compressed(size, '\0');
  compress(reinterpret_cast<Bytef*>(compressed.data()), &size,
           reinterpret_cast<const Bytef*>(payload.data()), payload.size());
  compressed.resize(size);
  std::string bytes;
  AppendUint32(kCompressedV2, &bytes);
  AppendUint32(static_cast<uint32_t>(size), &bytes);
  return absl::Base64Escape(bytes + compressed);
}

void CheckText(std::string_view text) {
  const auto histogram = DecodeHdr(text);
  if (!histogram.ok()) {
    Check(histogram.status().code() == absl::StatusCode::kInvalidArgument, "the text is to blame");
    return;
  }
  Check(Histogram::IsPossible(histogram->range()), "a histogram has a possible range");
  // Slots go a little beyond the range's highest value.
  Check(histogram->min() <= histogram->max() &&
            histogram->max() <= histogram->HighestOfSlot(histogram->slots() - 1),
        "values are in slots", absl::StrCat(histogram->min(), " to ", histogram->max()));
  Check(histogram->ValueAt(0) <= histogram->ValueAt(50) &&
            histogram->ValueAt(50) <= histogram->ValueAt(100),
        "percentiles grow");
  const auto again = DecodeHdr(EncodeHdr(*histogram));
  Check(again.ok() && again->range() == histogram->range() && again->count() == histogram->count(),
        "what was encoded decodes");
  for (size_t i = 0; i < histogram->slots(); ++i) {
    Check(histogram->CountOfSlot(i) == again->CountOfSlot(i), "slots are the same");
  }
}

}  // namespace
}  // namespace slipway::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::client;
  const std::string_view bytes = slipway::fuzz::Text(data, size);
  CheckText(bytes);
  CheckText(Envelope(bytes));
  return 0;
}
