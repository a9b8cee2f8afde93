// SPDX-License-Identifier: Apache-2.0
// Device memory: filled with NaNs, between pages that no one may touch, and closed to the threads of the host where the processor has
// protection keys. Memory of the host that is pinned.
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "driver.h"

namespace kiln {

namespace {

constexpr uint64_t PAGE = 4096;
constexpr uint64_t REGION = uint64_t{1} << 40;
constexpr uint64_t POISON = uint64_t{4} << 20;
constexpr uint64_t ALIGNMENT = 512;

struct Block {
  uint64_t start;
  uint64_t size;
  uint64_t mapped;
  uint64_t pages;
};

struct Device {
  uint64_t base = 0;
  uint64_t next = 0;
  uint64_t total = 0;
  uint64_t used = 0;
};

// Never destroyed: streams may still run when the process ends.
std::mutex& guard = *new std::mutex();
std::vector<Device>& devices = *new std::vector<Device>();
std::map<uint64_t, Block>& blocks = *new std::map<uint64_t, Block>();
std::map<uint64_t, uint64_t>& pinned = *new std::map<uint64_t, uint64_t>();
std::map<uint64_t, uint64_t>& registered = *new std::map<uint64_t, uint64_t>();
int poison = -1;
int key = -1;
// Blocks of either kind that there may be: each takes two of the mappings that a process may have, and Java needs some, too.
size_t most_blocks = 0;

size_t mappings_allowed() {
  size_t count = 65530;
  if (FILE* file = fopen("/proc/sys/vm/max_map_count", "r")) {
    if (fscanf(file, "%zu", &count) != 1) {
      say("cannot read the number of mappings that a process may have");
    }
    fclose(file);
  }
  return count;
}

const Block* find(uint64_t address) {
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin()) {
    return nullptr;
  }
  const Block& block = std::prev(after)->second;
  return address < block.start + block.size ? &block : nullptr;
}

bool covers(const std::map<uint64_t, uint64_t>& ranges, uint64_t address, uint64_t size) {
  auto after = ranges.upper_bound(address);
  if (after == ranges.begin()) {
    return false;
  }
  auto range = std::prev(after);
  return address + size <= range->first + range->second;
}

}  // namespace

void start_memory(int count, uint64_t bytes) {
  std::lock_guard<std::mutex> held(guard);
  most_blocks = mappings_allowed() / 8 * 3;
  poison = memfd_create("poison", MFD_CLOEXEC);
  std::vector<char> nan(POISON, static_cast<char>(0xFF));
  if (poison < 0 || write(poison, nan.data(), POISON) != static_cast<ssize_t>(POISON)) {
    say("cannot make the memory that device memory starts as");
  }
  key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
  if (key < 0) {
    say("this processor has no protection keys: reads of device memory by the host are not noticed");
  }
  for (int d = 0; d < count; d++) {
    void* base = mmap(nullptr, REGION, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    Device device;
    device.base = base == MAP_FAILED ? 0 : reinterpret_cast<uint64_t>(base);
    device.next = device.base + PAGE;
    device.total = base == MAP_FAILED ? 0 : bytes;
    if (base == MAP_FAILED) {
      say("cannot reserve addresses for device memory: the limit of virtual memory (ulimit -v) is too low");
    }
    devices.push_back(device);
  }
}

void open_memory_to_this_thread() {
  if (key >= 0) {
    pkey_set(key, 0);
  }
}

int allocate(int device, uint64_t size, uint64_t* address) {
  std::lock_guard<std::mutex> held(guard);
  Device& d = devices[static_cast<size_t>(device)];
  uint64_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  uint64_t pages = (rounded + PAGE - 1) / PAGE * PAGE;
  if (size == 0) {
    return INVALID_VALUE;
  }
  if (blocks.size() + pinned.size() >= most_blocks || rounded < size || d.used + rounded > d.total || d.next + pages + PAGE > d.base + REGION) {
    return OUT_OF_MEMORY;
  }
  uint64_t at = d.next;
  for (uint64_t done = 0; done < pages; done += POISON) {
    uint64_t part = std::min(POISON, pages - done);
    void* place = reinterpret_cast<void*>(at + done);
    if (mmap(place, part, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, poison, 0) == MAP_FAILED) {
      return OUT_OF_MEMORY;
    }
  }
  if (key >= 0) {
    pkey_mprotect(reinterpret_cast<void*>(at), pages, PROT_READ | PROT_WRITE, key);
  }
  d.next = at + pages + PAGE;
  d.used += rounded;
  // The block ends where the next page is closed.
  uint64_t start = at + pages - rounded;
  blocks[start] = {start, size, at, pages};
  *address = start;
  return SUCCESS;
}

int release(uint64_t address) {
  std::lock_guard<std::mutex> held(guard);
  auto found = blocks.find(address);
  if (found == blocks.end()) {
    return INVALID_VALUE;
  }
  Block block = found->second;
  blocks.erase(found);
  for (Device& d : devices) {
    if (block.start >= d.base && block.start < d.base + REGION) {
      d.used -= (block.size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
  }
  mmap(reinterpret_cast<void*>(block.mapped), block.pages, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  return SUCCESS;
}

void memory_info(int device, uint64_t* free, uint64_t* total) {
  std::lock_guard<std::mutex> held(guard);
  const Device& d = devices[static_cast<size_t>(device)];
  *total = d.total;
  *free = d.total - d.used;
}

bool is_device(uint64_t address) {
  for (const Device& d : devices) {
    if (address >= d.base && address < d.base + REGION) {
      return true;
    }
  }
  return false;
}

int device_of(uint64_t address) {
  for (size_t i = 0; i < devices.size(); i++) {
    if (address >= devices[i].base && address < devices[i].base + REGION) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

bool block_of(uint64_t address, uint64_t* start, uint64_t* size) {
  std::lock_guard<std::mutex> held(guard);
  const Block* block = find(address);
  if (block == nullptr) {
    return false;
  }
  *start = block->start;
  *size = block->size;
  return true;
}

std::string describe(uint64_t address) {
  std::lock_guard<std::mutex> held(guard);
  char text[200];
  auto after = blocks.upper_bound(address);
  if (after != blocks.begin()) {
    const Block& block = std::prev(after)->second;
    snprintf(text, sizeof text, "address 0x%llx, byte %llu of the block at 0x%llx that has %llu",
             static_cast<unsigned long long>(address), static_cast<unsigned long long>(address - block.start),
             static_cast<unsigned long long>(block.start), static_cast<unsigned long long>(block.size));
  } else {
    snprintf(text, sizeof text, "address 0x%llx, which no block holds", static_cast<unsigned long long>(address));
  }
  return text;
}

bool in_block(uint64_t address, uint64_t size, const char* what) {
  {
    std::lock_guard<std::mutex> held(guard);
    const Block* block = find(address);
    if (size == 0 || (block != nullptr && address + size <= block->start + block->size)) {
      return true;
    }
  }
  say(std::string(what) + " of " + std::to_string(size) + " bytes leaves its block: " + describe(address));
  return false;
}

void* allocate_pinned(uint64_t size) {
  std::lock_guard<std::mutex> held(guard);
  if (size == 0 || blocks.size() + pinned.size() >= most_blocks) {
    return nullptr;
  }
  uint64_t pages = (size + PAGE - 1) / PAGE * PAGE;
  void* base = mmap(nullptr, pages + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    return nullptr;
  }
  char* start = static_cast<char*>(base) + PAGE;
  if (mprotect(start, pages, PROT_READ | PROT_WRITE) != 0) {
    munmap(base, pages + 2 * PAGE);
    return nullptr;
  }
  memset(start, 0xFF, pages);
  pinned[reinterpret_cast<uint64_t>(start)] = pages;
  return start;
}

bool release_pinned(void* address) {
  std::lock_guard<std::mutex> held(guard);
  auto found = pinned.find(reinterpret_cast<uint64_t>(address));
  if (found == pinned.end()) {
    return false;
  }
  munmap(static_cast<char*>(address) - PAGE, found->second + 2 * PAGE);
  pinned.erase(found);
  return true;
}

int register_host(void* address, uint64_t size) {
  std::lock_guard<std::mutex> held(guard);
  if (address == nullptr || size == 0) {
    return INVALID_VALUE;
  }
  if (covers(registered, reinterpret_cast<uint64_t>(address), 1)) {
    return HOST_MEMORY_ALREADY_REGISTERED;
  }
  registered[reinterpret_cast<uint64_t>(address)] = size;
  return SUCCESS;
}

int unregister_host(void* address) {
  std::lock_guard<std::mutex> held(guard);
  return registered.erase(reinterpret_cast<uint64_t>(address)) == 1 ? SUCCESS : HOST_MEMORY_NOT_REGISTERED;
}

bool is_pinned(const void* address, uint64_t size) {
  std::lock_guard<std::mutex> held(guard);
  uint64_t at = reinterpret_cast<uint64_t>(address);
  return covers(pinned, at, size) || covers(registered, at, size);
}

}  // namespace kiln

API bool kiln_in_block(uint64_t address, uint64_t size, const char* what) {
  return kiln::in_block(address, size, what);
}
