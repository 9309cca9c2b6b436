#include "schema/field_mask.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/json_cursor.h"
#include "schema/json_text.h"

namespace slipway::schema::internal {

namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Goes through one body a second time, for the names only.
class MaskCollector {
 public:
  MaskCollector(std::string_view json, std::vector<std::string>* paths)
      : cursor_(json), paths_(paths) {}

  /// An object; adds the paths below `prefix`, which ends in a dot or is empty.
  absl::Status Collect(const MessagePlan* plan, const std::string& prefix) {
    if (cursor_.Peek() != '{') return Skip();
    cursor_.Consume('{');
    bool first = true;
    bool more = false;
    std::string_view key;
    while (cursor_.NextKey(&first, &more, &key) && more) {
      const absl::Status status = CollectMember(plan, prefix, std::string(key));
      if (!status.ok()) return status;
    }
    return cursor_.error();
  }

 private:
  absl::Status CollectMember(const MessagePlan* plan, const std::string& prefix,
                             const std::string& key) {
    if (plan == nullptr) return CollectValue(nullptr, prefix + key, /*descend=*/true);
    const FieldPlan* field = plan->Find(key);
    if (field == nullptr) {
      return absl::InvalidArgumentError("the update mask cannot name " + QuoteShort(prefix + key) +
                                        ": there is no such field in " +
                                        plan->descriptor->full_name());
    }
    const std::string path = prefix + std::string(field->name());
    if (field->repeated || field->message == nullptr) return CollectValue(nullptr, path, false);
    const WellKnown known = field->message->known;
    if (known == WellKnown::kStruct || known == WellKnown::kValue) {
      return CollectValue(nullptr, path, true);
    }
    return CollectValue(field->message, path, known == WellKnown::kNone);
  }

  absl::Status CollectValue(const MessagePlan* plan, const std::string& path, bool descend) {
    if (!descend || cursor_.Peek() != '{' || EmptyObjectAhead()) {
      paths_->push_back(path);
      return Skip();
    }
    return Collect(plan, path + ".");
  }

  bool EmptyObjectAhead() {
    JsonCursor ahead = cursor_;
    return ahead.Consume('{') && ahead.Consume('}');
  }
  absl::Status Skip() {
    cursor_.SkipValue();
    return cursor_.error();
  }

  JsonCursor cursor_;
  std::vector<std::string>* paths_;
};

}  // namespace

bool MaskPathFromJson(std::string_view json, std::string* path) {
  path->clear();
  if (json.empty()) return false;
  for (const char c : json) {
    if (IsUpper(c)) {
      path->push_back('_');
      path->push_back(static_cast<char>(c | 0x20));
    } else if (IsLower(c) || IsDigit(c) || c == '.') {
      path->push_back(c);
    } else {
      return false;
    }
  }
  return json.front() != '.' && json.back() != '.' && json.find("..") == json.npos;
}

bool AppendMaskPathAsJson(std::string_view path, std::string* out) {
  bool after_underscore = false;
  for (const char c : path) {
    if (after_underscore) {
      if (!IsLower(c)) return false;
      out->push_back(static_cast<char>(c & ~0x20));
      after_underscore = false;
    } else if (c == '_') {
      after_underscore = true;
    } else if (IsUpper(c)) {
      return false;
    } else {
      out->push_back(c);
    }
  }
  return !after_underscore;
}

absl::Status CollectMaskPaths(const MessagePlan& plan, std::string_view json,
                              std::vector<std::string>* paths) {
  const absl::Status status = MaskCollector(json, paths).Collect(&plan, "");
  if (!status.ok()) return status;
  std::sort(paths->begin(), paths->end());
  paths->erase(std::unique(paths->begin(), paths->end()), paths->end());
  return absl::OkStatus();
}

}  // namespace slipway::schema::internal
