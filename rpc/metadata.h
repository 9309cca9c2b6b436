#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::rpc {

/// Metadata of one direction of a call: an ordered multimap from lower-case keys to values. Values
/// of keys that end in `-bin` are raw bytes here; transports encode them. A value type.
class Metadata {
 public:
  using Entry = std::pair<std::string, std::string>;

  Metadata() = default;
  Metadata(std::initializer_list<Entry> entries) : entries_(entries) {}

  /// `key` must be lower case already.
  void Add(std::string key, std::string value) {
    entries_.emplace_back(std::move(key), std::move(value));
  }
  void Reserve(size_t count) { entries_.reserve(count); }

  /// The first value of `key`; valid until the metadata changes.
  std::optional<std::string_view> Find(std::string_view key) const {
    for (const Entry& entry : entries_) {
      if (entry.first == key) return entry.second;
    }
    return std::nullopt;
  }

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

}  // namespace slipway::rpc
