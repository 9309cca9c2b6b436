// Runs a fuzz target over its corpus as an ordinary test: every file of the given folders as it is,
// then mutations of them, bounded in number and time. Where clang's libFuzzer is the main program
// (scripts/fuzz), this one is left out.
//
//   fuzz_TARGET [--mutations N] [--seconds N] [--seed N] FOLDER|FILE...
//
//   --mutations N   of each file at most; 200. 0: only the files
//   --seconds N     at most, for all mutations; 1. With it and without --mutations there is no
//                   other bound
//   --seed N        of the mutations; else SLIPWAY_TEST_SEED, else 1: a test does the same each
//   time,
//                   as far as its time goes, and looking for news is what scripts/fuzz is for
//
// An input that ends the program is left in the working directory as crash-TARGET.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// The sanitizers' last words, where there are any.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

/// An input that takes longer hangs.
constexpr unsigned kLongestSeconds = 60;
/// Mutations grow up to here, or to twice the file.
constexpr size_t kMostBytes = 4096;

struct Options {
  uint64_t mutations = 200;
  double seconds = 1;
  uint64_t seed = 1;
  std::vector<std::string> paths;
};

// What the handler needs when the program ends: the input that runs, and where it goes.
const uint8_t* current_data = nullptr;
size_t current_size = 0;
char crash_path[256];

/// Async-signal-safe.
void KeepInput() {
  const int file = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return;
  const bool whole = write(file, current_data, current_size) == static_cast<ssize_t>(current_size);
  close(file);
  constexpr std::string_view kKept = "\nthe input is in ";
  if (!whole || write(STDERR_FILENO, kKept.data(), kKept.size()) < 0 ||
      write(STDERR_FILENO, crash_path, std::strlen(crash_path)) < 0 ||
      write(STDERR_FILENO, "\n", 1) < 0) {
    return;
  }
}

void OnSignal(int number) {
  constexpr std::string_view kHangs = "\nthe input takes too long";
  if (number == SIGALRM && write(STDERR_FILENO, kHangs.data(), kHangs.size()) < 0) _exit(1);
  KeepInput();
  signal(number == SIGALRM ? SIGABRT : number, SIG_DFL);
  raise(number == SIGALRM ? SIGABRT : number);
}

void KeepInputAtTheEnd(std::string_view program) {
  program.remove_prefix(program.rfind('/') + 1);
  std::snprintf(crash_path, sizeof crash_path, "crash-%.*s", static_cast<int>(program.size()),
                program.data());
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(KeepInput);
  signal(SIGABRT, OnSignal);
  signal(SIGALRM, OnSignal);
  if (__sanitizer_set_death_callback == nullptr) {  // else they are the sanitizer's
    signal(SIGSEGV, OnSignal);
    signal(SIGFPE, OnSignal);
  }
}

void Run(const std::string& input) {
  // A copy of just this size, so that the first byte beyond it is noticed.
  const auto bytes = std::make_unique<uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), bytes.get());
  current_data = bytes.get();
  current_size = input.size();
  alarm(kLongestSeconds);
  LLVMFuzzerTestOneInput(bytes.get(), input.size());
  alarm(0);
}

/// Makes inputs that are nearly like those of the corpus.
class Mutator {
 public:
  Mutator(uint64_t seed, const std::vector<std::string>& corpus) : random_(seed), corpus_(corpus) {}

  std::string Mutate(std::string input) {
    const size_t most = std::max(kMostBytes, input.size() * 2);
    for (uint64_t changes = 1 + Below(4); changes > 0; --changes) Change(&input);
    if (input.size() > most) input.resize(most);
    return input;
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }

  void Change(std::string* input) {
    const size_t at = Below(input->size() + 1);
    const size_t length = 1 + Below(Below(8) == 0 ? 256 : 8);
    switch (Below(8)) {
      case 0:
        if (at < input->size()) (*input)[at] ^= static_cast<char>(1 << Below(8));
        return;
      case 1:
        if (at < input->size()) (*input)[at] = OneByte();
        return;
      case 2:
        input->erase(at, length);
        return;
      case 3:
        input->insert(at, 1, OneByte());
        return;
      case 4:
        input->insert(at, length, OneByte());
        return;
      case 5:
        input->insert(at, Part(*input, length));
        return;
      case 6:
        input->replace(at, length, Part(corpus_[Below(corpus_.size())], length));
        return;
      default:
        input->insert(at, Part(corpus_[Below(corpus_.size())], 4 * length));
        return;
    }
  }

  /// Half of them are such that parsers look for.
  char OneByte() {
    static constexpr char kSpecial[] = "\0\x01\x7f\x80\xff\r\n\t :;,.=&%+-*/{}[]()\"'\\09aAe$<>";
    return Below(2) == 0 ? kSpecial[Below(sizeof kSpecial - 1)] : static_cast<char>(Below(256));
  }

  std::string Part(const std::string& text, size_t length) {
    return text.substr(Below(text.size() + 1), length);
  }

  std::mt19937_64 random_;
  const std::vector<std::string>& corpus_;
};

[[noreturn]] void Refuse(std::string_view what) {
  std::fprintf(stderr,
               "%.*s; allowed are --mutations N, --seconds N, --seed N, and folders and files\n",
               static_cast<int>(what.size()), what.data());
  std::exit(2);
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  const char* seed = std::getenv("SLIPWAY_TEST_SEED");
  if (seed != nullptr) options.seed = std::strtoull(seed, nullptr, 10);
  bool counted = false;
  bool timed = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      options.paths.push_back(word);
      continue;
    }
    if (++i == argc) Refuse(word + " has no value");
    char* end = nullptr;
    const double number = std::strtod(argv[i], &end);
    if (*end != '\0' || !(number >= 0)) Refuse(word + " " + argv[i] + " is not a number");
    if (word == "--mutations") {
      options.mutations = static_cast<uint64_t>(number);
      counted = true;
    } else if (word == "--seconds") {
      options.seconds = number;
      timed = true;
    } else if (word == "--seed") {
      options.seed = std::strtoull(argv[i], nullptr, 10);
    } else {
      Refuse("no switch " + word);
    }
  }
  if (options.paths.empty()) Refuse("no folder is given");
  if (timed && !counted) options.mutations = UINT64_MAX;
  return options;
}

/// Sorted by their names, so that a seed means the same everywhere.
std::vector<std::string> ReadCorpus(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (const std::string& path : paths) {
    if (!fs::is_directory(path)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const fs::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    if (!file) Refuse("cannot read " + path.string());
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) Refuse("there is no file in the folders");
  return corpus;
}

/// Answers how many there were.
uint64_t RunMutations(const Options& options, const std::vector<std::string>& corpus) {
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(options.seconds);
  Mutator mutator(options.seed, corpus);
  uint64_t runs = 0;
  for (uint64_t round = 0; round < options.mutations; ++round) {
    for (const std::string& input : corpus) {
      if (std::chrono::steady_clock::now() >= end) return runs;
      Run(mutator.Mutate(input));
      ++runs;
    }
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  const std::vector<std::string> corpus = ReadCorpus(options.paths);
  KeepInputAtTheEnd(argv[0]);
  std::printf("%zu files, seed %llu\n", corpus.size(),
              static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  Run(std::string());
  for (const std::string& input : corpus) Run(input);
  const uint64_t mutations = RunMutations(options, corpus);
  std::printf("%llu mutations\n", static_cast<unsigned long long>(mutations));
  return 0;
}
