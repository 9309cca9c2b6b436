#include "client/data/read_file.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace slipway::client {
namespace {

/// Devices such as /dev/zero have no end.
constexpr size_t kLargestFile = size_t{1} << 30;

absl::Status CannotRead(const std::string& path, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("cannot read ", path, ": ", why));
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) return CannotRead(path, "it is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file) return CannotRead(path, std::strerror(errno));
  std::string text;
  std::array<char, 64 * 1024> part;  // NOLINT: read fills it
  while (file.read(part.data(), part.size()) || file.gcount() > 0) {
    text.append(part.data(), static_cast<size_t>(file.gcount()));
    if (text.size() > kLargestFile) return CannotRead(path, "it is larger than 1 GiB");
  }
  if (file.bad()) return CannotRead(path, "the disk reports an error");
  return text;
}

}  // namespace slipway::client
