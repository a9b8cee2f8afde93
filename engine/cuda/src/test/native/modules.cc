// SPDX-License-Identifier: Apache-2.0
// The driver API: modules, functions, launches. A module is a shared object that the test's libnvrtc made.
#include "modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "base64.h"

namespace kiln {

namespace {

constexpr int STATIC_LIMIT = 48 * 1024;
constexpr int OPT_IN_LIMIT = 227 * 1024;
constexpr size_t ALIGNMENT = 16;

uint64_t size_of_image(const char* image) {
  Elf64_Ehdr header;
  memcpy(&header, image, sizeof header);
  return header.e_shoff + uint64_t{header.e_shnum} * header.e_shentsize;
}

int load(Context* context, const void* image, void** to) {
  const char* at = static_cast<const char*>(image);
  std::string bytes;
  if (memcmp(at, ELFMAG, SELFMAG) == 0) {
    bytes.assign(at, size_of_image(at));
  } else {
    const char* mark = strstr(at, PTX_MARK);
    if (mark == nullptr) {
      say("a module that the test's libnvrtc did not make");
      return INVALID_IMAGE;
    }
    bytes = from_base64(mark + strlen(PTX_MARK));
  }
  int file = memfd_create("module", MFD_CLOEXEC);
  size_t written = 0;
  while (written < bytes.size()) {
    ssize_t n = write(file, bytes.data() + written, bytes.size() - written);
    if (n <= 0) {
      close(file);
      return OUT_OF_MEMORY;
    }
    written += static_cast<size_t>(n);
  }
  std::string path = "/proc/self/fd/" + std::to_string(file);
  // The loader knows a library by device and inode, which a memory file that was closed may share with this one: it stays open.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    say(std::string("a module does not load: ") + dlerror());
    close(file);
    return INVALID_IMAGE;
  }
  auto info_of = reinterpret_cast<const ModuleInfo* (*)(Runtime*)>(dlsym(library, "kiln_module"));
  if (info_of == nullptr) {
    say("a module that the test's libnvrtc did not make");
    return INVALID_IMAGE;
  }
  const ModuleInfo* info = info_of(the_runtime());
  std::unique_ptr<Module> module(new Module());
  module->context = context;
  module->library = library;
  module->index = info->index;
  module->shared = info->shared;
  module->shared_size = info->shared_size;
  for (unsigned i = 0; i < info->count; i++) {
    const KernelInfo& kernel = info->kernels[i];
    std::unique_ptr<Function> function(new Function());
    function->module = module.get();
    function->name = kernel.name;
    function->entry = kernel.entry;
    function->sizes.assign(kernel.sizes, kernel.sizes + kernel.count);
    for (unsigned size : function->sizes) {
      function->places.push_back(function->size);
      function->size += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    module->functions.push_back(std::move(function));
  }
  *to = module.release();
  return SUCCESS;
}

int launch(void* function, const unsigned* grid, const unsigned* block, unsigned shared, void* stream_handle, void** arguments,
           void** extra) {
  CONTEXT
  STREAM(stream_handle)
  Launch launch;
  int code = prepare(function, grid, block, shared, arguments, extra, &launch);
  if (code != SUCCESS) {
    return code;
  }
  std::function<int()> run = runner(launch);
  std::string what = "kernel " + launch.function->name;
  return give(stream, KERNEL_NODE, what, std::move(run), std::move(launch));
}

}  // namespace

const char* name_of(const Function* function) {
  return function->name.c_str();
}

int prepare(void* handle, const unsigned* grid, const unsigned* block, unsigned shared, void** arguments, void** extra, Launch* to) {
  Function* function = static_cast<Function*>(handle);
  if (function == nullptr || function->module->unloaded) {
    return INVALID_HANDLE;
  }
  if (extra != nullptr && arguments == nullptr) {
    say("arguments by the EXTRA buffer are not emulated");
    return NOT_SUPPORTED;
  }
  uint64_t threads = uint64_t{block[0]} * block[1] * block[2];
  bool fits = threads > 0 && threads <= 1024 && block[2] <= 64 && grid[0] > 0 && grid[1] > 0 && grid[2] > 0 && grid[0] <= 0x7fffffffu &&
              grid[1] <= 65535 && grid[2] <= 65535;
  if (!fits || shared > static_cast<unsigned>(function->dynamic_limit)) {
    say("kernel " + function->name + ": a launch that no GPU takes: grid " + std::to_string(grid[0]) + " x " + std::to_string(grid[1]) +
        " x " + std::to_string(grid[2]) + ", block " + std::to_string(block[0]) + " x " + std::to_string(block[1]) + " x " +
        std::to_string(block[2]) + ", " + std::to_string(shared) + " bytes of dynamic shared memory, of " +
        std::to_string(function->dynamic_limit));
    return INVALID_VALUE;
  }
  to->function = function;
  std::copy(grid, grid + 3, to->grid);
  std::copy(block, block + 3, to->block);
  to->shared = shared;
  to->arguments.resize(function->size);
  for (size_t i = 0; i < function->sizes.size(); i++) {
    if (arguments == nullptr || arguments[i] == nullptr) {
      return INVALID_VALUE;
    }
    memcpy(to->arguments.data() + function->places[i], arguments[i], function->sizes[i]);
  }
  return SUCCESS;
}

std::function<int()> runner(const Launch& launch) {
  return [launch] {
    count("kernels");
    count(launch.function->name.c_str());
    if (due(FAIL_LAUNCH)) {
      say("kernel " + launch.function->name + " fails, as the test asks");
      return static_cast<int>(LAUNCH_FAILED);
    }
    if (due(LOSE)) {
      say("the device is lost, as the test asks");
      return static_cast<int>(ECC_UNCORRECTABLE);
    }
    return run_kernel(launch);
  };
}

}  // namespace kiln

using namespace kiln;

API int cuModuleLoadData(void** to, const void* image) {
  CALL(cuModuleLoadData);
  CONTEXT
  int refused = refuse_in_capture("cuModuleLoadData");
  return refused != SUCCESS ? refused : load(context, image, to);
}

API int cuModuleLoadDataEx(void** to, const void* image, unsigned, int*, void**) {
  return cuModuleLoadData(to, image);
}

API int cuModuleUnload(void* handle) {
  CALL(cuModuleUnload);
  CONTEXT
  int code = synchronize(context);
  static_cast<Module*>(handle)->unloaded = true;
  return code;
}

API int cuModuleGetFunction(void** to, void* handle, const char* name) {
  CALL(cuModuleGetFunction);
  CONTEXT
  for (const auto& function : static_cast<Module*>(handle)->functions) {
    if (function->name == name) {
      *to = function.get();
      return SUCCESS;
    }
  }
  return NOT_FOUND;
}

API int cuModuleGetGlobal_v2(uint64_t*, size_t*, void*, const char*) {
  say("variables of modules are not emulated");
  return NOT_SUPPORTED;
}

API int cuFuncGetModule(void** to, void* function) {
  *to = static_cast<Function*>(function)->module;
  return SUCCESS;
}

API int cuFuncGetAttribute(int* to, int attribute, void* handle) {
  CALL(cuFuncGetAttribute);
  Function* function = static_cast<Function*>(handle);
  switch (attribute) {
    case 0:
      *to = 1024;
      return SUCCESS;
    case 1:
      *to = static_cast<int>(function->module->shared_size);
      return SUCCESS;
    case 2:
    case 3:
      *to = 0;
      return SUCCESS;
    case 4:
      *to = 32;
      return SUCCESS;
    case 5:
    case 6:
      *to = static_cast<int>(setting(CAPABILITY));
      return SUCCESS;
    case 8:
      *to = function->dynamic_limit;
      return SUCCESS;
    default:
      return INVALID_VALUE;
  }
}

API int cuFuncSetAttribute(void* handle, int attribute, int value) {
  CALL(cuFuncSetAttribute);
  Function* function = static_cast<Function*>(handle);
  if (attribute == 8) {
    if (value < 0 || value > OPT_IN_LIMIT - static_cast<int>(std::min<uint64_t>(function->module->shared_size, STATIC_LIMIT))) {
      return INVALID_VALUE;
    }
    function->dynamic_limit = value;
    return SUCCESS;
  }
  return attribute == 9 ? SUCCESS : INVALID_VALUE;
}

API int cuFuncSetCacheConfig(void*, int) {
  return SUCCESS;
}

API int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* to, void*, int block, size_t shared) {
  if (block <= 0 || block > 1024) {
    return INVALID_VALUE;
  }
  int by_shared = shared == 0 ? 32 : static_cast<int>(228 * 1024 / (shared + 1024));
  *to = std::max(0, std::min({32, 2048 / block, by_shared}));
  return SUCCESS;
}

API int cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* to, void* function, int block, size_t shared, unsigned) {
  return cuOccupancyMaxActiveBlocksPerMultiprocessor(to, function, block, shared);
}

API int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                       void* stream, void** arguments, void** extra) {
  CALL(cuLaunchKernel);
  unsigned grid[] = {gx, gy, gz};
  unsigned block[] = {bx, by, bz};
  return launch(function, grid, block, shared, stream, arguments, extra);
}
