// SPDX-License-Identifier: Apache-2.0
// Modules and their kernels.
#pragma once

#include <string>
#include <vector>

#include "driver.h"
#include "kernel.h"

namespace kiln {

struct Module;

struct Function {
  Module* module = nullptr;
  std::string name;
  void (*entry)(void** arguments) = nullptr;
  std::vector<unsigned> sizes;
  // Of the arguments in one block, and its size.
  std::vector<size_t> places;
  size_t size = 0;
  int dynamic_limit = 48 * 1024;
};

struct Module {
  Context* context = nullptr;
  void* library = nullptr;
  Index* index = nullptr;
  char* shared = nullptr;
  uint64_t shared_size = 0;
  void* dynamic = nullptr;
  bool unloaded = false;
  std::vector<std::unique_ptr<Function>> functions;
};

Runtime* the_runtime();

}  // namespace kiln
