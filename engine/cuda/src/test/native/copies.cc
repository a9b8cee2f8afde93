// SPDX-License-Identifier: Apache-2.0
// The driver API: memory. An asynchronous copy reads pinned memory when the stream gets there; other memory of the host is read at once
// and written after a wait, as NVIDIA's driver may do.
#include <cstring>

#include "driver.h"

using namespace kiln;

namespace {

enum Direction { TO_DEVICE, TO_HOST, ON_DEVICE };

std::function<int()> copier(uint64_t to, uint64_t from, size_t size) {
  return [=] {
    bool inside = (!is_device(to) || in_block(to, size, "the target of a copy")) &&
                  (!is_device(from) || in_block(from, size, "the source of a copy"));
    if (!inside) {
      return static_cast<int>(ILLEGAL_ADDRESS);
    }
    memmove(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), size);
    count("copies");
    count("bytes_copied", size);
    return static_cast<int>(SUCCESS);
  };
}

bool valid(uint64_t address, size_t size, const char* what) {
  return !is_device(address) || in_block(address, size, what);
}

int copy(uint64_t to, uint64_t from, size_t size, Stream* stream, bool async, Direction direction) {
  if (size == 0) {
    return SUCCESS;
  }
  if (to == 0 || from == 0 || !valid(to, size, "the target of a copy") || !valid(from, size, "the source of a copy") ||
      (direction != TO_HOST && !is_device(to)) || (direction != TO_DEVICE && !is_device(from))) {
    return INVALID_VALUE;
  }
  if (!async) {
    int code = give(stream, MEMCPY_NODE, "a copy", copier(to, from, size));
    count("synchronizations");
    return code != SUCCESS ? code : synchronize(stream);
  }
  uint64_t host = direction == TO_DEVICE ? from : to;
  if (direction == ON_DEVICE || is_pinned(reinterpret_cast<void*>(host), size)) {
    return give(stream, MEMCPY_NODE, "a copy", copier(to, from, size));
  }
  {
    std::lock_guard<std::mutex> held(kiln::lock);
    if (stream->capture != nullptr) {
      stream->capture->invalid = true;
      say("a copy of memory that is not pinned, in a stream that is captured");
      return CAPTURE_UNSUPPORTED;
    }
  }
  count("pageable");
  if (direction == TO_DEVICE) {
    std::shared_ptr<std::vector<char>> staged(new std::vector<char>(size));
    memcpy(staged->data(), reinterpret_cast<const void*>(from), size);
    return give(stream, MEMCPY_NODE, "a copy", [=] { return copier(to, reinterpret_cast<uint64_t>(staged->data()), size)(); });
  }
  int code = give(stream, MEMCPY_NODE, "a copy", copier(to, from, size));
  count("synchronizations");
  return code != SUCCESS ? code : synchronize(stream);
}

int copy_now(const char* name, uint64_t to, uint64_t from, size_t size, Direction direction) {
  CONTEXT
  int refused = refuse_in_capture(name);
  if (refused != SUCCESS) {
    return refused;
  }
  STREAM(nullptr)
  return copy(to, from, size, stream, false, direction);
}

int copy_later(uint64_t to, uint64_t from, size_t size, void* handle, Direction direction) {
  CONTEXT
  STREAM(handle)
  return copy(to, from, size, stream, true, direction);
}

Direction direction_of(uint64_t to, uint64_t from) {
  return !is_device(to) ? TO_HOST : !is_device(from) ? TO_DEVICE : ON_DEVICE;
}

template <class E>
int fill(uint64_t to, E value, size_t size, Stream* stream) {
  if (size == 0) {
    return SUCCESS;
  }
  if (!is_device(to) || to % sizeof(E) != 0 || !in_block(to, size * sizeof(E), "a fill")) {
    return INVALID_VALUE;
  }
  return give(stream, MEMSET_NODE, "a fill", [=] {
    if (!in_block(to, size * sizeof(E), "a fill")) {
      return static_cast<int>(ILLEGAL_ADDRESS);
    }
    E* at = reinterpret_cast<E*>(to);
    for (size_t i = 0; i < size; i++) {
      at[i] = value;
    }
    count("fills");
    return static_cast<int>(SUCCESS);
  });
}

template <class E>
int fill_later(uint64_t to, E value, size_t size, void* handle) {
  CONTEXT
  STREAM(handle)
  return fill(to, value, size, stream);
}

int reserve(const char* name, uint64_t* to, size_t size, bool ordered) {
  CONTEXT
  int refused = ordered ? static_cast<int>(SUCCESS) : refuse_in_capture(name);
  if (refused != SUCCESS) {
    return refused;
  }
  if (due(FAIL_ALLOC)) {
    return OUT_OF_MEMORY;
  }
  int code = allocate(context->device, size, to);
  if (code == SUCCESS) {
    count("allocations");
    count("bytes_allocated", size);
  }
  return code;
}

int pin(const char* name, void** to, size_t size) {
  CONTEXT
  int refused = refuse_in_capture(name);
  if (refused != SUCCESS) {
    return refused;
  }
  *to = allocate_pinned(size);
  return *to == nullptr ? OUT_OF_MEMORY : SUCCESS;
}

}  // namespace

API int cuMemGetInfo_v2(size_t* free, size_t* total) {
  CALL(cuMemGetInfo);
  CONTEXT
  memory_info(context->device, free, total);
  return SUCCESS;
}

API int cuMemAlloc_v2(uint64_t* to, size_t size) {
  CALL(cuMemAlloc);
  return reserve("cuMemAlloc", to, size, false);
}

API int cuMemAllocAsync(uint64_t* to, size_t size, void*) {
  CALL(cuMemAllocAsync);
  return reserve("cuMemAllocAsync", to, size, true);
}

API int cuMemFree_v2(uint64_t address) {
  CALL(cuMemFree);
  CONTEXT
  if (address == 0) {
    return SUCCESS;
  }
  int refused = refuse_in_capture("cuMemFree");
  if (refused != SUCCESS) {
    return refused;
  }
  count("implicit_synchronizations");
  int code = synchronize(context);
  return code != SUCCESS ? code : release(address);
}

API int cuMemFreeAsync(uint64_t address, void* handle) {
  CALL(cuMemFreeAsync);
  CONTEXT
  STREAM(handle)
  return give(stream, EMPTY_NODE, "a release of memory", [=] { return release(address); });
}

API int cuMemAllocHost_v2(void** to, size_t size) {
  CALL(cuMemAllocHost);
  return pin("cuMemAllocHost", to, size);
}

API int cuMemHostAlloc(void** to, size_t size, unsigned) {
  CALL(cuMemHostAlloc);
  return pin("cuMemHostAlloc", to, size);
}

API int cuMemFreeHost(void* address) {
  CALL(cuMemFreeHost);
  CONTEXT
  int refused = refuse_in_capture("cuMemFreeHost");
  if (refused != SUCCESS) {
    return refused;
  }
  int code = synchronize(context);
  return code != SUCCESS ? code : release_pinned(address) ? SUCCESS : INVALID_VALUE;
}

API int cuMemHostRegister_v2(void* address, size_t size, unsigned) {
  CALL(cuMemHostRegister);
  CONTEXT
  return register_host(address, size);
}

API int cuMemHostUnregister(void* address) {
  CALL(cuMemHostUnregister);
  CONTEXT
  return unregister_host(address);
}

API int cuMemHostGetFlags(unsigned* to, void* address) {
  *to = 0;
  return is_pinned(address, 1) ? SUCCESS : INVALID_VALUE;
}

API int cuMemHostGetDevicePointer_v2(uint64_t* to, void* address, unsigned) {
  *to = reinterpret_cast<uint64_t>(address);
  return is_pinned(address, 1) ? SUCCESS : INVALID_VALUE;
}

API int cuMemGetAddressRange_v2(uint64_t* start, size_t* size, uint64_t address) {
  uint64_t from = 0;
  uint64_t bytes = 0;
  if (!block_of(address, &from, &bytes)) {
    return INVALID_VALUE;
  }
  if (start != nullptr) {
    *start = from;
  }
  if (size != nullptr) {
    *size = bytes;
  }
  return SUCCESS;
}

API int cuPointerGetAttribute(void* to, int attribute, uint64_t address) {
  bool on_device = is_device(address);
  if (!on_device && !is_pinned(reinterpret_cast<void*>(address), 1)) {
    return INVALID_VALUE;
  }
  switch (attribute) {
    case 2:
      *static_cast<int*>(to) = on_device ? 2 : 1;
      return SUCCESS;
    case 3:
    case 4:
      *static_cast<uint64_t*>(to) = address;
      return SUCCESS;
    case 9:
      *static_cast<int*>(to) = on_device ? device_of(address) : 0;
      return SUCCESS;
    default:
      return NOT_SUPPORTED;
  }
}

API int cuMemcpyHtoD_v2(uint64_t to, const void* from, size_t size) {
  CALL(cuMemcpyHtoD);
  return copy_now("cuMemcpyHtoD", to, reinterpret_cast<uint64_t>(from), size, TO_DEVICE);
}

API int cuMemcpyDtoH_v2(void* to, uint64_t from, size_t size) {
  CALL(cuMemcpyDtoH);
  return copy_now("cuMemcpyDtoH", reinterpret_cast<uint64_t>(to), from, size, TO_HOST);
}

API int cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t size) {
  CALL(cuMemcpyDtoD);
  return copy_now("cuMemcpyDtoD", to, from, size, ON_DEVICE);
}

API int cuMemcpy(uint64_t to, uint64_t from, size_t size) {
  CALL(cuMemcpy);
  return copy_now("cuMemcpy", to, from, size, direction_of(to, from));
}

API int cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t size, void* stream) {
  CALL(cuMemcpyHtoDAsync);
  return copy_later(to, reinterpret_cast<uint64_t>(from), size, stream, TO_DEVICE);
}

API int cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t size, void* stream) {
  CALL(cuMemcpyDtoHAsync);
  return copy_later(reinterpret_cast<uint64_t>(to), from, size, stream, TO_HOST);
}

API int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t size, void* stream) {
  CALL(cuMemcpyDtoDAsync);
  return copy_later(to, from, size, stream, ON_DEVICE);
}

API int cuMemcpyAsync(uint64_t to, uint64_t from, size_t size, void* stream) {
  CALL(cuMemcpyAsync);
  return copy_later(to, from, size, stream, direction_of(to, from));
}

API int cuMemcpyPeer(uint64_t to, void*, uint64_t from, void*, size_t size) {
  CALL(cuMemcpyPeer);
  return copy_now("cuMemcpyPeer", to, from, size, ON_DEVICE);
}

API int cuMemcpyPeerAsync(uint64_t to, void*, uint64_t from, void*, size_t size, void* stream) {
  CALL(cuMemcpyPeerAsync);
  return copy_later(to, from, size, stream, ON_DEVICE);
}

API int cuMemsetD8Async(uint64_t to, unsigned char value, size_t size, void* stream) {
  CALL(cuMemsetD8Async);
  return fill_later(to, value, size, stream);
}

API int cuMemsetD16Async(uint64_t to, unsigned short value, size_t size, void* stream) {
  CALL(cuMemsetD16Async);
  return fill_later(to, value, size, stream);
}

API int cuMemsetD32Async(uint64_t to, unsigned value, size_t size, void* stream) {
  CALL(cuMemsetD32Async);
  return fill_later(to, value, size, stream);
}

API int cuMemsetD8_v2(uint64_t to, unsigned char value, size_t size) {
  CALL(cuMemsetD8);
  int refused = refuse_in_capture("cuMemsetD8");
  return refused != SUCCESS ? refused : fill_later(to, value, size, nullptr);
}

API int cuMemsetD16_v2(uint64_t to, unsigned short value, size_t size) {
  CALL(cuMemsetD16);
  int refused = refuse_in_capture("cuMemsetD16");
  return refused != SUCCESS ? refused : fill_later(to, value, size, nullptr);
}

API int cuMemsetD32_v2(uint64_t to, unsigned value, size_t size) {
  CALL(cuMemsetD32);
  int refused = refuse_in_capture("cuMemsetD32");
  return refused != SUCCESS ? refused : fill_later(to, value, size, nullptr);
}
