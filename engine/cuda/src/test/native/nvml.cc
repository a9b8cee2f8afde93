// SPDX-License-Identifier: Apache-2.0
// The test's libnvidia-ml: made-up samples of how busy a device is.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#define API extern "C" __attribute__((visibility("default")))

namespace {

enum : int { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7 };

constexpr unsigned UINT = 1;
constexpr uint64_t SAMPLES[][2] = {{1000, 20}, {2000, 60}, {3000, 70}};
constexpr unsigned COUNT = 3;

struct Sample {
  uint64_t at;
  uint64_t value;
};

int handle;

}  // namespace

API int nvmlInit_v2() { return SUCCESS; }

API int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
  // "Kiln-test-driv" in hexadecimal digits, as in cuDeviceGetUuid.
  if (strncmp(uuid, "GPU-4b696c6e-2d74-6573-742d-6472697", 35) != 0) {
    return NOT_FOUND;
  }
  *device = &handle;
  return SUCCESS;
}

API int nvmlDeviceGetMemoryInfo(void* device, uint64_t* memory) {
  memory[0] = 1024u << 20;
  memory[1] = 768u << 20;
  memory[2] = 256u << 20;
  return device == &handle ? SUCCESS : INVALID_ARGUMENT;
}

API int nvmlDeviceGetSamples(void* device, int kind, uint64_t since, unsigned* type, unsigned* count, Sample* to) {
  if (device != &handle || kind != 1) {
    return INVALID_ARGUMENT;
  }
  if (getenv("KILN_TEST_DRIVER_NO_SAMPLES") != nullptr) {
    return NOT_SUPPORTED;
  }
  *type = UINT;
  if (to == nullptr) {
    *count = COUNT;
    return SUCCESS;
  }
  unsigned given = 0;
  for (const auto& sample : SAMPLES) {
    if (sample[0] > since) {
      if (given == *count) {
        return INSUFFICIENT_SIZE;
      }
      // Beyond the 32 bits of the type is what memory held before.
      to[given++] = {sample[0], sample[1] | 0xabcd00000000u};
    }
  }
  *count = given;
  return given == 0 ? NOT_FOUND : SUCCESS;
}

API int nvmlDeviceGetUtilizationRates(void* device, unsigned* rates) {
  rates[0] = 30;
  rates[1] = 10;
  return device == &handle ? SUCCESS : INVALID_ARGUMENT;
}
