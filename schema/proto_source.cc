#include "schema/proto_source.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "google/api/http.pb.h"
#include "google/protobuf/descriptor.pb.h"
#include "schema/pool_builder.h"
#include "slipway/v1/options.pb.h"

extern char** environ;

namespace slipway::schema {

namespace {

namespace fs = std::filesystem;
namespace pb = google::protobuf;

/// A file in memory, given to protoc as one of its descriptors.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("slipway", MFD_CLOEXEC)) {}
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() {
    if (fd_ >= 0) close(fd_);
  }

  int fd() const { return fd_; }
  bool Write(const std::string& bytes) {
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t count =
          pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
      if (count <= 0) return false;
      done += static_cast<size_t>(count);
    }
    return fd_ >= 0;
  }
  std::string Read() const {
    std::string bytes;
    char buffer[16 * 1024];
    ssize_t count = 0;
    while ((count = pread(fd_, buffer, sizeof(buffer), static_cast<off_t>(bytes.size()))) > 0) {
      bytes.append(buffer, static_cast<size_t>(count));
    }
    return bytes;
  }

 private:
  int fd_;
};

/// The descriptor number under which protoc finds the linked messages.
constexpr int kLinkedFd = 3;

/// What imports may name without a file on disk: the files that every schema has, and the options.
std::string LinkedFiles() {
  pb::DescriptorPool pool;
  std::vector<std::string> warnings;
  internal::PoolBuilder builder(&pool, &warnings);
  const absl::Status built =
      builder.Build({internal::CopyFile(google::api::HttpRule::descriptor()->file()),
                     internal::CopyFile(pb::DescriptorPool::generated_pool()->FindFileByName(
                         "google/api/annotations.proto")),
                     internal::CopyFile(slipway::v1::HttpResponse::descriptor()->file())});
  pb::FileDescriptorSet set;
  if (built.ok()) {
    for (const pb::FileDescriptor* file : builder.files()) {
      *set.add_file() = internal::CopyFile(file);
    }
  }
  return set.SerializeAsString();
}

bool IsBelow(const fs::path& file, const fs::path& dir) {
  const fs::path relative = fs::absolute(file).lexically_normal().lexically_relative(
      fs::absolute(dir).lexically_normal());
  return !relative.empty() && *relative.begin() != "..";
}

std::vector<std::string> Arguments(const std::vector<std::string>& paths,
                                   const std::vector<std::string>& import_dirs) {
  std::vector<std::string> dirs = import_dirs;
  for (const std::string& path : paths) {
    const auto holds = [&](const std::string& dir) {
      return IsBelow(path, dir) || fs::exists(fs::path(dir) / path);
    };
    if (std::any_of(dirs.begin(), dirs.end(), holds)) continue;
    const fs::path parent = fs::path(path).parent_path();
    dirs.push_back(parent.empty() ? "." : parent.string());
  }
  std::vector<std::string> arguments = {"protoc", "--include_imports",
                                        "--descriptor_set_in=/dev/fd/" + std::to_string(kLinkedFd),
                                        "--descriptor_set_out=/dev/stdout"};
  for (const std::string& dir : dirs) arguments.push_back("--proto_path=" + dir);
  for (const std::string& path : paths) {
    arguments.push_back(path.compare(0, 1, "-") == 0 ? "./" + path : path);
  }
  return arguments;
}

/// Runs protoc to its end. The exit code, or -1 with errno.
int RunProtoc(std::vector<std::string> arguments, int in, int out, int err) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, in, kLinkedFd);
  pid_t child = 0;
  const int error = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  errno = error;
  if (error != 0) return -1;
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Schema>> FromProtoFiles(
    const std::vector<std::string>& paths, const std::vector<std::string>& import_dirs,
    const LoadOptions& options) {
  MemoryFile linked;
  MemoryFile set;
  MemoryFile mistakes;
  if (!linked.Write(LinkedFiles()) || set.fd() < 0 || mistakes.fd() < 0) {
    return absl::FailedPreconditionError("cannot run protoc: no memory for its input");
  }
  const int exit_code =
      RunProtoc(Arguments(paths, import_dirs), linked.fd(), set.fd(), mistakes.fd());
  if (exit_code < 0) {
    return absl::FailedPreconditionError(std::string("cannot run protoc: ") + std::strerror(errno));
  }
  if (exit_code != 0) return absl::InvalidArgumentError(mistakes.Read());
  return FromDescriptorSet(set.Read(), options);
}

}  // namespace slipway::schema
