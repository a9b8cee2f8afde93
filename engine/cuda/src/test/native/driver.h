// SPDX-License-Identifier: Apache-2.0
// The test driver: what its libraries share. It stands in for NVIDIA's driver in tests, on a machine without a GPU.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace kiln {

// Codes of CUresult.
enum : int {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  ECC_UNCORRECTABLE = 214,
  PEER_ACCESS_UNSUPPORTED = 217,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  LAUNCH_OUT_OF_RESOURCES = 701,
  LAUNCH_TIMEOUT = 702,
  PEER_ACCESS_ALREADY_ENABLED = 704,
  HOST_MEMORY_ALREADY_REGISTERED = 712,
  HOST_MEMORY_NOT_REGISTERED = 713,
  LAUNCH_FAILED = 719,
  NOT_SUPPORTED = 801,
  CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901,
  CAPTURE_UNMATCHED = 903,
  CAPTURE_UNJOINED = 904,
  CAPTURE_IMPLICIT = 906,
  CAPTURED_EVENT = 907,
  GRAPH_EXEC_UPDATE_FAILURE = 910,
};

enum NodeKind { KERNEL_NODE = 0, MEMCPY_NODE = 1, MEMSET_NODE = 2, HOST_NODE = 3, CHILD_NODE = 4, EMPTY_NODE = 5, LIBRARY_NODE = 6 };

struct Stream;
struct Graph;

struct Context {
  int device = 0;
  bool primary = false;
  int retained = 0;
  int sticky = SUCCESS;
  Stream* legacy = nullptr;
  std::vector<Stream*> streams;
};

// A place in a stream's order of work.
struct Ticket {
  Stream* stream = nullptr;
  uint64_t number = 0;
};

struct Function;

// A kernel with what it was launched with; its arguments are copies, at the function's places.
struct Launch {
  Function* function = nullptr;
  unsigned grid[3] = {1, 1, 1};
  unsigned block[3] = {1, 1, 1};
  unsigned shared = 0;
  std::vector<char> arguments;
};

struct Node {
  NodeKind kind = EMPTY_NODE;
  std::string what;
  std::function<int()> run;
  Launch launch;
  std::vector<Node*> after;
};

struct Graph {
  std::vector<std::unique_ptr<Node>> nodes;
};

struct Capture {
  Graph* graph = nullptr;
  Stream* origin = nullptr;
  int mode = 0;
  uint64_t thread = 0;
  uint64_t id = 0;
  bool invalid = false;
  std::set<Stream*> streams;
};

struct Task {
  uint64_t number = 0;
  std::string what;
  std::vector<Ticket> after;
  std::function<int()> run;
};

struct Stream {
  Context* context = nullptr;
  unsigned flags = 0;
  int priority = 0;
  uint64_t id = 0;
  uint64_t given = 0;
  uint64_t done = 0;
  bool closing = false;
  bool legacy = false;
  std::deque<Task> tasks;
  // For its thread: there is work, it is closed, or "hold" has changed.
  std::condition_variable given_work;
  // For others: it has come to one of the places that they await.
  std::condition_variable passed;
  std::multiset<uint64_t> awaited;
  Capture* capture = nullptr;
  std::vector<Node*> tails;
};

struct Event {
  Context* context = nullptr;
  unsigned flags = 0;
  bool recorded = false;
  Ticket ticket;
  double at = 0;
  Capture* capture = nullptr;
  std::vector<Node*> tails;
};

// One lock for all that is scheduled.
extern std::mutex& lock;

enum Setting {
  DEVICES,
  MEMORY_MIB,
  DELAY_US,
  DELAY_EVERY,
  SEED,
  HOLD,
  FAIL_ALLOC,
  FAIL_LAUNCH,
  LOSE,
  CAPABILITY,
  PROCESSORS,
  PEERS,
  LOG,
  DEADLINE_S,
  RECURRENT,
  GROUPED_CHANNELS_LAST,
  NORM_CHANNELS_LAST,
  POOL_CHANNELS_LAST,
  CUDNN_VERSION,
  NCCL_INIT,
  NCCL_ERROR,
  NCCL_LOSE,
  NCCL_HANG,
  SETTINGS,
};

// memory.cc
void start_memory(int devices, uint64_t bytes);
int allocate(int device, uint64_t size, uint64_t* address);
int release(uint64_t address);
void memory_info(int device, uint64_t* free, uint64_t* total);
// Whether a block holds [address, address + size); says otherwise in words.
bool in_block(uint64_t address, uint64_t size, const char* what);
bool is_device(uint64_t address);
int device_of(uint64_t address);
bool block_of(uint64_t address, uint64_t* start, uint64_t* size);
void* allocate_pinned(uint64_t size);
bool release_pinned(void* address);
int register_host(void* address, uint64_t size);
int unregister_host(void* address);
bool is_pinned(const void* address, uint64_t size);
void open_memory_to_this_thread();
std::string describe(uint64_t address);

// fibres.cc
struct Kernel;
void prepare_thread_for_kernels();
void install_fault_handler();
int run_kernel(const Launch& launch);

// modules.cc
const char* name_of(const Function* function);
uint64_t dynamic_limit(const Function* function);
// Checks a launch and copies its arguments.
int prepare(void* function, const unsigned* grid, const unsigned* block, unsigned shared, void** arguments, void** extra, Launch* to);
std::function<int()> runner(const Launch& launch);

// streams.cc
Context* current();
void enter(Context* context);
void push(Context* context);
Context* primary(int device);
// Lets the threads of a context's streams end, whose work is done.
void close_streams(Context* context);
// Lets streams look at the setting "hold" again.
void wake_streams();
Stream* make_stream(Context* context, unsigned flags, int priority);
// Work in the order of a stream, or a node of the graph that captures it.
int give(Stream* stream, NodeKind kind, const std::string& what, std::function<int()> run, Launch launch = {});
// The same behind a lock that is held, which is not part of a capture.
Ticket give_locked(Stream* stream, const std::string& what, std::function<int()> run);
int wait_for(const std::vector<Ticket>& tickets);
int synchronize(Stream* stream);
int synchronize(Context* context);
bool is_done(const Ticket& ticket);
Stream* stream_of(void* handle, int* code);
// 0, or the code for a call that no capture allows; ends such a capture.
int refuse_in_capture(const char* what);
int fail(Context* context, int code, const std::string& why);
int device_count();

// control.cc
void count(const char* name, uint64_t by = 1);
void note(const char* did, const std::string& what);
void say(const std::string& line);
int64_t setting(Setting which);
// Counts down an injected failure; true when it is due.
bool due(Setting which);
uint64_t chance(uint64_t below);

}  // namespace kiln

#define API extern "C" __attribute__((visibility("default")))

// For the other libraries: work in stream order, run as often as the graph that captures it is launched.
API int kiln_give(void* stream, const char* what, std::function<int()>* run);
API bool kiln_in_block(uint64_t address, uint64_t size, const char* what);
API void kiln_count(const char* name);
API int64_t kiln_setting(const char* name);

#define CALL(name) kiln::count(#name)
#define CONTEXT                              \
  kiln::Context* context = kiln::current(); \
  if (context == nullptr) {                  \
    return kiln::INVALID_CONTEXT;            \
  }                                          \
  if (context->sticky != kiln::SUCCESS) {    \
    return context->sticky;                  \
  }
#define STREAM(handle)                                     \
  int code_ = kiln::SUCCESS;                               \
  kiln::Stream* stream = kiln::stream_of(handle, &code_); \
  if (stream == nullptr) {                                 \
    return code_;                                          \
  }
