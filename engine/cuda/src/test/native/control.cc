// SPDX-License-Identifier: Apache-2.0
// What a test reads and sets: counts of calls, injected failures, delays. Settings come from KILN_TEST_DRIVER_<NAME>, then from calls.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <random>

#include "driver.h"

namespace kiln {

namespace {

struct Named {
  const char* name;
  std::atomic<int64_t> value;
};

// In the order of Setting.
Named named[SETTINGS] = {
    {"devices", {1}},     {"memory_mib", {4096}}, {"delay_us", {200}}, {"delay_every", {8}}, {"seed", {1}},
    {"hold", {0}},        {"fail_alloc", {0}},    {"fail_launch", {0}}, {"lose", {0}},       {"capability", {90}},
    {"processors", {4}},  {"peers", {1}},         {"log", {0}},        {"deadline_s", {120}}, {"recurrent", {1}},
    {"grouped_channels_last", {1}}, {"norm_channels_last", {2}}, {"pool_channels_last", {1}},
    {"cudnn_version", {90500}}, {"nccl_init", {0}}, {"nccl_error", {0}}, {"nccl_lose", {0}}, {"nccl_hang", {0}},
};

struct State {
  std::mutex guard;
  std::map<std::string, uint64_t, std::less<>> counts;
  std::deque<std::string> lines;
  std::mt19937_64 random;

  State() {
    for (Named& entry : named) {
      std::string name = "KILN_TEST_DRIVER_";
      for (const char* c = entry.name; *c != 0; c++) {
        name += static_cast<char>(toupper(*c));
      }
      const char* value = getenv(name.c_str());
      if (value != nullptr && *value != 0) {
        entry.value = atoll(value);
      }
    }
    random.seed(static_cast<uint64_t>(named[SEED].value));
  }
};

std::atomic<int64_t>* find(const char* name) {
  for (Named& entry : named) {
    if (strcmp(entry.name, name) == 0) {
      return &entry.value;
    }
  }
  return nullptr;
}

State& state() {
  static State* state = new State();
  return *state;
}

}  // namespace

void count(const char* name, uint64_t by) {
  State& s = state();
  std::lock_guard<std::mutex> held(s.guard);
  auto found = s.counts.find(name);
  if (found == s.counts.end()) {
    s.counts.emplace(name, by);
  } else {
    found->second += by;
  }
  if (named[LOG].value != 0) {
    s.lines.push_back(name);
    if (s.lines.size() > 100000) {
      s.lines.pop_front();
    }
  }
}

void note(const char* did, const std::string& what) {
  if (setting(LOG) != 0) {
    State& s = state();
    std::lock_guard<std::mutex> held(s.guard);
    s.lines.push_back(std::string("  ") + did + what);
  }
}

void say(const std::string& line) {
  fprintf(stderr, "Kiln's test driver: %s\n", line.c_str());
  State& s = state();
  std::lock_guard<std::mutex> held(s.guard);
  s.lines.push_back("! " + line);
}

int64_t setting(Setting which) {
  state();
  return named[which].value;
}

bool due(Setting which) {
  std::atomic<int64_t>& left = named[which].value;
  return left > 0 && left.fetch_sub(1) == 1;
}

uint64_t chance(uint64_t below) {
  State& s = state();
  std::lock_guard<std::mutex> held(s.guard);
  return s.random() % below;
}

}  // namespace kiln

// The count of a call or of "kernels", "copies", "fills", "library", "host", each as executed, "bytes" allocated; reset by name "".
API int64_t kiln_test_driver_count(const char* name) {
  kiln::State& s = kiln::state();
  std::lock_guard<std::mutex> held(s.guard);
  if (*name == 0) {
    s.counts.clear();
    return 0;
  }
  auto found = s.counts.find(name);
  return found == s.counts.end() ? 0 : static_cast<int64_t>(found->second);
}

// Sets a setting; returns 0, or 1 for a name that there is not.
API int kiln_test_driver_set(const char* name, int64_t value) {
  kiln::State& s = kiln::state();
  std::atomic<int64_t>* setting = kiln::find(name);
  if (setting == nullptr) {
    return 1;
  }
  *setting = value;
  if (setting == &kiln::named[kiln::SEED].value) {
    std::lock_guard<std::mutex> held(s.guard);
    s.random.seed(static_cast<uint64_t>(value));
  } else if (setting == &kiln::named[kiln::HOLD].value) {
    kiln::wake_streams();
  }
  return 0;
}

// Takes the lines logged since the last call, as much as fits, and a 0; returns what they take.
API int64_t kiln_test_driver_log(char* to, int64_t size) {
  kiln::State& s = kiln::state();
  std::lock_guard<std::mutex> held(s.guard);
  std::string text;
  while (!s.lines.empty() && static_cast<int64_t>(text.size() + s.lines.front().size() + 2) < size) {
    text += s.lines.front() + "\n";
    s.lines.pop_front();
  }
  memcpy(to, text.c_str(), text.size() + 1);
  return static_cast<int64_t>(text.size());
}

API const char* kiln_test_driver_version() {
  return "Kiln's test driver: not NVIDIA's, runs on the CPU";
}

API void kiln_count(const char* name) {
  kiln::count(name);
}

API int64_t kiln_setting(const char* name) {
  const std::atomic<int64_t>* value = kiln::find(name);
  return value == nullptr ? 0 : value->load();
}
