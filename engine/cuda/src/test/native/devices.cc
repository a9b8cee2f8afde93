// SPDX-License-Identifier: Apache-2.0
// The driver API: devices, contexts, events.
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "driver.h"

namespace kiln {

namespace {

bool initialized = false;
// The devices that CUDA_VISIBLE_DEVICES leaves, by their number among all.
std::vector<int>& visible = *new std::vector<int>();

void find_devices() {
  int64_t all = setting(DEVICES);
  const char* wanted = getenv("CUDA_VISIBLE_DEVICES");
  if (wanted == nullptr) {
    for (int d = 0; d < all; d++) {
      visible.push_back(d);
    }
    return;
  }
  for (const char* at = wanted; *at != 0;) {
    char* end = nullptr;
    long d = strtol(at, &end, 10);
    if (end == at || d < 0 || d >= all) {
      return;
    }
    visible.push_back(static_cast<int>(d));
    at = *end == ',' ? end + 1 : end;
  }
}

struct Attribute {
  int number;
  int value;
};

constexpr Attribute ATTRIBUTES[] = {
    {1, 1024},     // threads per block
    {2, 1024},     // block x, y, z
    {3, 1024},
    {4, 64},
    {5, 2147483647},  // grid x, y, z
    {6, 65535},
    {7, 65535},
    {8, 49152},    // shared memory per block
    {9, 65536},    // constant memory
    {10, 32},      // warp
    {11, 2147483647},  // pitch
    {12, 65536},   // registers per block
    {13, 1000000}, // clock, kHz
    {14, 512},     // texture alignment
    {15, 1},       // overlap
    {17, 0},       // kernel timeout
    {18, 0},       // integrated
    {19, 1},       // can map host memory
    {20, 0},       // compute mode
    {31, 1},       // concurrent kernels
    {32, 1},       // ECC
    {36, 1000000}, // memory clock, kHz
    {37, 64},      // memory bus, bits
    {38, 4194304}, // L2 cache
    {39, 2048},    // threads per multiprocessor
    {40, 2},       // async engines
    {41, 1},       // unified addressing
    {78, 1},       // stream priorities
    {81, 233472},  // shared memory per multiprocessor
    {82, 65536},   // registers per multiprocessor
    {83, 1},       // managed memory
    {95, 1},       // cooperative launch
    {97, 232448},  // shared memory per block, opt-in
    {106, 32},     // blocks per multiprocessor
    {111, 1024},   // reserved shared memory per block
    {115, 1},      // memory pools
};

}  // namespace

int device_count() {
  return static_cast<int>(visible.size());
}

}  // namespace kiln

using namespace kiln;

API int cuInit(unsigned flags) {
  CALL(cuInit);
  static std::once_flag once;
  std::call_once(once, [] {
    find_devices();
    start_memory(device_count(), static_cast<uint64_t>(setting(MEMORY_MIB)) << 20);
    install_fault_handler();
    say("no GPU: kernels run on the CPU, to test programs, not to run them");
  });
  if (flags != 0) {
    return INVALID_VALUE;
  }
  initialized = true;
  return visible.empty() ? NO_DEVICE : SUCCESS;
}

API int cuDriverGetVersion(int* to) {
  *to = 12060;
  return SUCCESS;
}

API int cuDeviceGetCount(int* to) {
  CALL(cuDeviceGetCount);
  *to = device_count();
  return initialized ? SUCCESS : NOT_INITIALIZED;
}

API int cuDeviceGet(int* to, int ordinal) {
  CALL(cuDeviceGet);
  *to = ordinal;
  return !initialized ? NOT_INITIALIZED : ordinal >= 0 && ordinal < device_count() ? SUCCESS : INVALID_DEVICE;
}

API int cuDeviceGetName(char* to, int size, int device) {
  snprintf(to, static_cast<size_t>(size), "Kiln test driver %d (no GPU)", visible[static_cast<size_t>(device)]);
  return SUCCESS;
}

API int cuDeviceGetUuid(char* to, int device) {
  memcpy(to, "Kiln-test-driver", 16);
  to[15] = static_cast<char>('0' + visible[static_cast<size_t>(device)]);
  return SUCCESS;
}

API int cuDeviceGetPCIBusId(char* to, int size, int device) {
  snprintf(to, static_cast<size_t>(size), "0000:%02x:00.0", visible[static_cast<size_t>(device)]);
  return SUCCESS;
}

API int cuDeviceTotalMem_v2(size_t* to, int device) {
  uint64_t free = 0;
  uint64_t total = 0;
  memory_info(device, &free, &total);
  *to = total;
  return SUCCESS;
}

API int cuDeviceGetAttribute(int* to, int attribute, int device) {
  if (device < 0 || device >= device_count()) {
    return INVALID_DEVICE;
  }
  switch (attribute) {
    case 16:
      *to = static_cast<int>(setting(PROCESSORS));
      return SUCCESS;
    case 33:
      *to = visible[static_cast<size_t>(device)];
      return SUCCESS;
    case 75:
      *to = static_cast<int>(setting(CAPABILITY) / 10);
      return SUCCESS;
    case 76:
      *to = static_cast<int>(setting(CAPABILITY) % 10);
      return SUCCESS;
    default:
      *to = 0;
      for (const Attribute& a : ATTRIBUTES) {
        if (a.number == attribute) {
          *to = a.value;
        }
      }
      return SUCCESS;
  }
}

API int cuDeviceComputeCapability(int* major, int* minor, int) {
  *major = static_cast<int>(setting(CAPABILITY) / 10);
  *minor = static_cast<int>(setting(CAPABILITY) % 10);
  return SUCCESS;
}

API int cuDeviceCanAccessPeer(int* to, int device, int peer) {
  *to = device != peer && setting(PEERS) != 0 ? 1 : 0;
  return SUCCESS;
}

API int cuCtxEnablePeerAccess(void* peer, unsigned) {
  CALL(cuCtxEnablePeerAccess);
  CONTEXT
  return peer == nullptr ? INVALID_CONTEXT : setting(PEERS) != 0 ? SUCCESS : PEER_ACCESS_UNSUPPORTED;
}

API int cuCtxDisablePeerAccess(void*) {
  return SUCCESS;
}

API int cuDevicePrimaryCtxRetain(void** to, int device) {
  CALL(cuDevicePrimaryCtxRetain);
  if (!initialized) {
    return NOT_INITIALIZED;
  }
  if (device < 0 || device >= device_count()) {
    return INVALID_DEVICE;
  }
  Context* context = primary(device);
  context->retained++;
  *to = context;
  return SUCCESS;
}

API int cuDevicePrimaryCtxRelease_v2(int device) {
  CALL(cuDevicePrimaryCtxRelease);
  Context* context = primary(device);
  return context->retained-- > 0 ? SUCCESS : INVALID_CONTEXT;
}

// Ends a sticky error; memory stays, unlike NVIDIA's.
API int cuDevicePrimaryCtxReset_v2(int device) {
  CALL(cuDevicePrimaryCtxReset);
  if (device < 0 || device >= device_count()) {
    return INVALID_DEVICE;
  }
  Context* context = primary(device);
  std::lock_guard<std::mutex> held(kiln::lock);
  context->sticky = SUCCESS;
  return SUCCESS;
}

API int cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
  *flags = 0;
  *active = primary(device)->retained > 0;
  return SUCCESS;
}

API int cuDevicePrimaryCtxSetFlags_v2(int, unsigned) {
  return SUCCESS;
}

API int cuCtxCreate_v2(void** to, unsigned, int device) {
  CALL(cuCtxCreate);
  if (device < 0 || device >= device_count()) {
    return INVALID_DEVICE;
  }
  Context* context = new Context();
  context->device = device;
  *to = context;
  return SUCCESS;
}

API int cuCtxDestroy_v2(void* context) {
  CALL(cuCtxDestroy);
  Context* ended = static_cast<Context*>(context);
  int code = synchronize(ended);
  close_streams(ended);
  return code;
}

API int cuCtxSetCurrent(void* context) {
  CALL(cuCtxSetCurrent);
  enter(static_cast<Context*>(context));
  return initialized ? SUCCESS : NOT_INITIALIZED;
}

API int cuCtxGetCurrent(void** to) {
  *to = current();
  return SUCCESS;
}

API int cuCtxPushCurrent_v2(void* context) {
  if (context == nullptr) {
    return INVALID_CONTEXT;
  }
  push(static_cast<Context*>(context));
  return SUCCESS;
}

API int cuCtxPopCurrent_v2(void** to) {
  Context* context = current();
  if (context == nullptr) {
    return INVALID_CONTEXT;
  }
  if (to != nullptr) {
    *to = context;
  }
  enter(nullptr);
  return SUCCESS;
}

API int cuCtxGetDevice(int* to) {
  CONTEXT
  *to = context->device;
  return SUCCESS;
}

API int cuCtxSynchronize() {
  CALL(cuCtxSynchronize);
  CONTEXT
  int refused = refuse_in_capture("cuCtxSynchronize");
  if (refused != SUCCESS) {
    return refused;
  }
  count("synchronizations");
  return synchronize(context);
}

API int cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return SUCCESS;
}

API int cuCtxSetLimit(int, size_t) {
  return SUCCESS;
}

API int cuCtxSetCacheConfig(int) {
  return SUCCESS;
}

API int cuEventCreate(void** to, unsigned flags) {
  CALL(cuEventCreate);
  CONTEXT
  Event* event = new Event();
  event->context = context;
  event->flags = flags;
  *to = event;
  return SUCCESS;
}

API int cuEventDestroy_v2(void* handle) {
  CALL(cuEventDestroy);
  Event* event = static_cast<Event*>(handle);
  std::lock_guard<std::mutex> held(kiln::lock);
  if (event->context == nullptr) {
    return INVALID_HANDLE;
  }
  // Work that was given may still set its time: the object stays.
  event->context = nullptr;
  return SUCCESS;
}

static double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

API int cuEventRecord(void* handle, void* stream_handle) {
  CALL(cuEventRecord);
  CONTEXT
  STREAM(stream_handle)
  Event* event = static_cast<Event*>(handle);
  std::lock_guard<std::mutex> held(kiln::lock);
  if (event->context == nullptr) {
    return INVALID_HANDLE;
  }
  event->recorded = true;
  event->capture = stream->capture;
  if (stream->capture != nullptr) {
    event->tails = stream->tails;
    return stream->capture->invalid ? CAPTURE_INVALIDATED : SUCCESS;
  }
  event->ticket = give_locked(stream, "an event", [event] {
    double at = now();
    std::lock_guard<std::mutex> guarded(kiln::lock);
    event->at = at;
    return SUCCESS;
  });
  return SUCCESS;
}

API int cuEventRecordWithFlags(void* handle, void* stream, unsigned) {
  return cuEventRecord(handle, stream);
}

API int cuEventQuery(void* handle) {
  CALL(cuEventQuery);
  CONTEXT
  Event* event = static_cast<Event*>(handle);
  {
    std::lock_guard<std::mutex> held(kiln::lock);
    if (event->capture != nullptr) {
      event->capture->invalid = true;
      return CAPTURED_EVENT;
    }
  }
  int refused = refuse_in_capture("cuEventQuery");
  if (refused != SUCCESS) {
    return refused;
  }
  std::lock_guard<std::mutex> held(kiln::lock);
  return is_done(event->ticket) ? context->sticky : NOT_READY;
}

API int cuEventSynchronize(void* handle) {
  CALL(cuEventSynchronize);
  CONTEXT
  Event* event = static_cast<Event*>(handle);
  {
    std::lock_guard<std::mutex> held(kiln::lock);
    if (event->capture != nullptr) {
      event->capture->invalid = true;
      return CAPTURED_EVENT;
    }
  }
  int refused = refuse_in_capture("cuEventSynchronize");
  if (refused != SUCCESS) {
    return refused;
  }
  count("synchronizations");
  return wait_for({event->ticket});
}

API int cuEventElapsedTime(float* to, void* from, void* until) {
  Event* a = static_cast<Event*>(from);
  Event* b = static_cast<Event*>(until);
  std::lock_guard<std::mutex> held(kiln::lock);
  if ((a->flags & 2) != 0 || (b->flags & 2) != 0 || !a->recorded || !b->recorded) {
    return INVALID_HANDLE;
  }
  if (!is_done(a->ticket) || !is_done(b->ticket)) {
    return NOT_READY;
  }
  *to = static_cast<float>(b->at - a->at);
  return SUCCESS;
}

API int cuStreamWaitEvent(void* stream_handle, void* handle, unsigned) {
  CALL(cuStreamWaitEvent);
  CONTEXT
  STREAM(stream_handle)
  Event* event = static_cast<Event*>(handle);
  std::lock_guard<std::mutex> held(kiln::lock);
  if (event->context == nullptr) {
    return INVALID_HANDLE;
  }
  if (event->capture != nullptr) {
    if (stream->capture != nullptr && stream->capture != event->capture) {
      return CAPTURE_UNMATCHED;
    }
    if (stream->capture == nullptr) {
      stream->capture = event->capture;
      event->capture->streams.insert(stream);
      stream->tails.clear();
    }
    for (Node* node : event->tails) {
      stream->tails.push_back(node);
    }
    return SUCCESS;
  }
  if (stream->capture != nullptr) {
    // What a captured stream waits for has to be part of the capture, unless it is over.
    if (event->recorded && !is_done(event->ticket)) {
      stream->capture->invalid = true;
      return CAPTURE_UNSUPPORTED;
    }
    return SUCCESS;
  }
  if (event->recorded && !is_done(event->ticket)) {
    give_locked(stream, "a wait for an event", [] { return SUCCESS; });
    stream->tasks.back().after.push_back(event->ticket);
  }
  return SUCCESS;
}

API int cuGetErrorName(int code, const char** to);
API int cuGetErrorString(int code, const char** to) {
  return cuGetErrorName(code, to);
}

API int cuGetErrorName(int code, const char** to) {
  switch (code) {
    case SUCCESS: *to = "CUDA_SUCCESS"; break;
    case INVALID_VALUE: *to = "CUDA_ERROR_INVALID_VALUE"; break;
    case OUT_OF_MEMORY: *to = "CUDA_ERROR_OUT_OF_MEMORY"; break;
    case NOT_INITIALIZED: *to = "CUDA_ERROR_NOT_INITIALIZED"; break;
    case NO_DEVICE: *to = "CUDA_ERROR_NO_DEVICE"; break;
    case INVALID_DEVICE: *to = "CUDA_ERROR_INVALID_DEVICE"; break;
    case INVALID_IMAGE: *to = "CUDA_ERROR_INVALID_IMAGE"; break;
    case INVALID_CONTEXT: *to = "CUDA_ERROR_INVALID_CONTEXT"; break;
    case ECC_UNCORRECTABLE: *to = "CUDA_ERROR_ECC_UNCORRECTABLE"; break;
    case INVALID_HANDLE: *to = "CUDA_ERROR_INVALID_HANDLE"; break;
    case NOT_FOUND: *to = "CUDA_ERROR_NOT_FOUND"; break;
    case NOT_READY: *to = "CUDA_ERROR_NOT_READY"; break;
    case ILLEGAL_ADDRESS: *to = "CUDA_ERROR_ILLEGAL_ADDRESS"; break;
    case LAUNCH_OUT_OF_RESOURCES: *to = "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"; break;
    case LAUNCH_TIMEOUT: *to = "CUDA_ERROR_LAUNCH_TIMEOUT"; break;
    case LAUNCH_FAILED: *to = "CUDA_ERROR_LAUNCH_FAILED"; break;
    case NOT_SUPPORTED: *to = "CUDA_ERROR_NOT_SUPPORTED"; break;
    case CAPTURE_UNSUPPORTED: *to = "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"; break;
    case CAPTURE_INVALIDATED: *to = "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"; break;
    case CAPTURE_UNMATCHED: *to = "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED"; break;
    case CAPTURE_UNJOINED: *to = "CUDA_ERROR_STREAM_CAPTURE_UNJOINED"; break;
    case CAPTURE_IMPLICIT: *to = "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT"; break;
    case CAPTURED_EVENT: *to = "CUDA_ERROR_CAPTURED_EVENT"; break;
    default: *to = "CUDA_ERROR_UNKNOWN"; return INVALID_VALUE;
  }
  return SUCCESS;
}
