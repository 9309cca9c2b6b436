// Linked into the test programs of ThreadSanitizer builds. The sanitizer prints what it finds and
// goes on, and only the program's exit status tells in the end; this makes the test case during
// which a race was found fail, so that it has a name and its output is shown.
#include <gtest/gtest.h>

#include <atomic>

namespace {

std::atomic<int> reports{0};

/// Told from within the sanitizer, on any thread and with its locks held, so it only counts.
void CountReport() { reports.fetch_add(1, std::memory_order_relaxed); }

class FailAtRace : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo&) override {
    const int found = reports.exchange(0, std::memory_order_relaxed);
    if (found != 0) ADD_FAILURE() << "ThreadSanitizer reported " << found << " times";
  }
};

// gtest_main has the main function; the list of listeners exists before it.
[[maybe_unused]] const bool appended = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new FailAtRace);
  return true;
}();

}  // namespace

/// Called by ThreadSanitizer after each report that no suppression matches.
extern "C" void __tsan_on_report(void*) { CountReport(); }
