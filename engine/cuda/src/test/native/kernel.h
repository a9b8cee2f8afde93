// SPDX-License-Identifier: Apache-2.0
// Between the driver and a compiled kernel.
#pragma once

namespace kiln {

// Where the running thread stands; in the module, written by the driver.
struct Index {
  unsigned thread_x, thread_y, thread_z;
  unsigned block_dim_x, block_dim_y, block_dim_z;
  unsigned block_x, block_y, block_z;
  unsigned grid_x, grid_y, grid_z;
};

// What a kernel calls.
struct Runtime {
  void (*barrier)();
  void (*meet)(unsigned mask);
  unsigned long long (*exchange)(unsigned mask, unsigned long long value, int lane);
  unsigned (*ballot)(unsigned mask, int value);
  void* (*dynamic_shared)();
};

// What a module exports for each kernel: its arguments' sizes, and an entry that takes their addresses.
struct KernelInfo {
  const char* name;
  void (*entry)(void** arguments);
  const unsigned* sizes;
  unsigned count;
};

// And as a whole, by the function kiln_module.
struct ModuleInfo {
  Index* index;
  char* shared;
  unsigned long long shared_size;
  const KernelInfo* kernels;
  unsigned count;
};

}  // namespace kiln
