// SPDX-License-Identifier: Apache-2.0
// The test's libnccl: ranks of one process, each a device. A rank's part of an operation waits in its stream for those of the others, as a
// kernel of NCCL's does, until they have come or the communicator is aborted. Sums are added along a ring, so that with more than two
// ranks their order is not that of the ranks.
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "numbers.h"

using namespace kiln;

#define API extern "C" __attribute__((visibility("default")))

API int kiln_give(void* stream, const char* what, std::function<int()>* run);
API bool kiln_in_block(uint64_t address, uint64_t size, const char* what);
API void kiln_count(const char* name);
API int64_t kiln_setting(const char* name);
API int kiln_test_driver_set(const char* name, int64_t value);

namespace {

enum Result : int {
  SUCCESS = 0,
  UNHANDLED_CUDA_ERROR = 1,
  SYSTEM_ERROR = 2,
  INVALID_ARGUMENT = 4,
  INVALID_USAGE = 5,
  REMOTE_ERROR = 6,
};

constexpr int VERSION = 22703;
constexpr int ECC_UNCORRECTABLE = 214;
constexpr int ILLEGAL_ADDRESS = 700;

struct Part {
  uint64_t send = 0;
  uint64_t receive = 0;
  uint64_t count = 0;
  int type = 0;
  int root = 0;
  bool reduces = false;
};

struct Operation {
  std::vector<Part> parts;
  int arrived = 0;
  bool done = false;
  int code = SUCCESS;
};

// The communicators that one call has made.
struct Clique {
  std::mutex guard;
  std::condition_variable changed;
  int ranks = 0;
  int alive = 0;
  std::map<uint64_t, std::shared_ptr<Operation>> operations;
};

struct Comm {
  std::shared_ptr<Clique> clique;
  int rank = 0;
  int device = 0;
  uint64_t given = 0;
  int error = SUCCESS;
  bool aborted = false;
};

struct Call {
  Comm* comm = nullptr;
  void* stream = nullptr;
  Part part;
};

thread_local int depth = 0;
thread_local std::vector<Call> group;
thread_local int refused = SUCCESS;

// Counts down an injected failure; true when it is due.
bool due(const char* name) {
  int64_t left = kiln_setting(name);
  if (left > 0) {
    kiln_test_driver_set(name, left - 1);
  }
  return left == 1;
}

int driver_type(int type) {
  switch (type) {
    case 6:
      return R_16F;
    case 7:
      return R_32F;
    case 8:
      return R_64F;
    case 9:
      return R_16BF;
    default:
      return -1;
  }
}

template <class T>
void add_along_ring(const std::vector<Part>& parts, int root, int type) {
  int ranks = static_cast<int>(parts.size());
  const Part& to = parts[static_cast<size_t>(root)];
  std::vector<char> step(size_of(type));
  for (int64_t i = 0; i < static_cast<int64_t>(to.count); i++) {
    T sum = 0;
    for (int hop = 1; hop <= ranks; hop++) {
      T mine = get<T>(reinterpret_cast<const void*>(parts[static_cast<size_t>((root + hop) % ranks)].send), i, type);
      // Each device hands a number of the type on to the next.
      put<T>(step.data(), 0, type, hop == 1 ? mine : static_cast<T>(sum + mine));
      sum = get<T>(step.data(), 0, type);
    }
    put<T>(reinterpret_cast<void*>(to.receive), i, type, sum);
  }
}

bool inside(uint64_t at, const Part& part, const char* what) {
  return kiln_in_block(at, part.count * size_of(driver_type(part.type)), what);
}

int compute(const std::vector<Part>& parts) {
  const Part& first = parts[0];
  for (const Part& p : parts) {
    if (p.count != first.count || p.type != first.type || p.root != first.root || p.reduces != first.reduces) {
      return INVALID_USAGE;
    }
  }
  int type = driver_type(first.type);
  const Part& root = parts[static_cast<size_t>(first.root)];
  bool fits = true;
  if (first.reduces) {
    fits = inside(root.receive, root, "the sum of ncclReduce");
    for (const Part& p : parts) {
      fits = fits && inside(p.send, p, "an array of ncclReduce");
    }
    if (fits) {
      type == R_64F ? add_along_ring<double>(parts, first.root, type) : add_along_ring<float>(parts, first.root, type);
    }
    return fits ? SUCCESS : ILLEGAL_ADDRESS;
  }
  fits = inside(root.send, root, "the array of ncclBroadcast");
  for (const Part& p : parts) {
    fits = fits && inside(p.receive, p, "a copy of ncclBroadcast");
    if (fits) {
      memcpy(reinterpret_cast<void*>(p.receive), reinterpret_cast<const void*>(root.send), p.count * size_of(type));
    }
  }
  return fits ? SUCCESS : ILLEGAL_ADDRESS;
}

// A rank's part, on its stream.
int run(Comm* comm, uint64_t number, const Part& part) {
  Clique& clique = *comm->clique;
  bool last = comm->rank == clique.ranks - 1;
  std::unique_lock<std::mutex> held(clique.guard);
  if (last && due("nccl_lose")) {
    return ECC_UNCORRECTABLE;
  }
  bool missing = false;
  if (last && due("nccl_error")) {
    comm->error = REMOTE_ERROR;
    missing = true;
  }
  if (last && due("nccl_hang")) {
    missing = true;
  }
  std::shared_ptr<Operation>& entry = clique.operations[number];
  if (entry == nullptr) {
    entry = std::make_shared<Operation>();
    entry->parts.resize(static_cast<size_t>(clique.ranks));
  }
  std::shared_ptr<Operation> operation = entry;
  operation->parts[static_cast<size_t>(comm->rank)] = part;
  if (!missing && ++operation->arrived == clique.ranks) {
    operation->code = compute(operation->parts);
    operation->done = true;
    clique.operations.erase(number);
    clique.changed.notify_all();
  }
  clique.changed.wait(held, [&] { return operation->done || comm->aborted; });
  return operation->code;
}

int give(const Call& call) {
  Comm* comm = call.comm;
  uint64_t number = ++comm->given;
  Part part = call.part;
  std::function<int()> task = [comm, number, part] { return run(comm, number, part); };
  return kiln_give(call.stream, part.reduces ? "ncclReduce" : "ncclBroadcast", &task) == 0 ? SUCCESS : UNHANDLED_CUDA_ERROR;
}

int add(Comm* comm, void* stream, const Part& part) {
  int code = comm == nullptr || comm->aborted || driver_type(part.type) < 0 || part.root < 0 || part.root >= comm->clique->ranks
                 ? INVALID_ARGUMENT
             : depth == 0 && comm->clique->ranks > 1 ? INVALID_USAGE  // the next rank's call would never come
                                                     : SUCCESS;
  if (code == SUCCESS) {
    group.push_back({comm, stream, part});
  } else {
    refused = code;
  }
  return code;
}

}  // namespace

API int ncclGetVersion(int* to) {
  *to = VERSION;
  return SUCCESS;
}

API const char* ncclGetErrorString(int code) {
  switch (code) {
    case SUCCESS:
      return "no error";
    case UNHANDLED_CUDA_ERROR:
      return "unhandled cuda error";
    case SYSTEM_ERROR:
      return "unhandled system error";
    case REMOTE_ERROR:
      return "remote process exited or there was a network error";
    default:
      return "invalid argument or usage";
  }
}

API const char* ncclGetLastError(void*) { return "the test driver's last words"; }

API int ncclCommInitAll(Comm** comms, int ranks, const int* devices) {
  kiln_count("ncclCommInitAll");
  if (due("nccl_init")) {
    return SYSTEM_ERROR;
  }
  std::shared_ptr<Clique> clique = std::make_shared<Clique>();
  clique->ranks = ranks;
  clique->alive = ranks;
  for (int rank = 0; rank < ranks; rank++) {
    for (int other = 0; other < rank; other++) {
      if (devices[other] == devices[rank]) {
        return INVALID_USAGE;
      }
    }
    Comm* comm = new Comm();
    comm->clique = clique;
    comm->rank = rank;
    comm->device = devices[rank];
    comms[rank] = comm;
  }
  return SUCCESS;
}

API int ncclGroupStart() {
  depth++;
  return SUCCESS;
}

API int ncclGroupEnd() {
  if (depth == 0) {
    return INVALID_USAGE;
  }
  if (--depth > 0) {
    return SUCCESS;
  }
  std::vector<Call> calls;
  calls.swap(group);
  int code = refused;
  refused = SUCCESS;
  for (size_t i = 0; i < calls.size() && code == SUCCESS; i++) {
    code = give(calls[i]);
  }
  return code;
}

API int ncclReduce(const void* send, void* receive, size_t count, int type, int sum, int root, Comm* comm, void* stream) {
  kiln_count("ncclReduce");
  if (sum != 0) {
    return INVALID_ARGUMENT;
  }
  return add(comm, stream, {reinterpret_cast<uint64_t>(send), reinterpret_cast<uint64_t>(receive), count, type, root, true});
}

API int ncclBroadcast(const void* send, void* receive, size_t count, int type, int root, Comm* comm, void* stream) {
  kiln_count("ncclBroadcast");
  return add(comm, stream, {reinterpret_cast<uint64_t>(send), reinterpret_cast<uint64_t>(receive), count, type, root, false});
}

API int ncclCommGetAsyncError(Comm* comm, int* to) {
  std::lock_guard<std::mutex> held(comm->clique->guard);
  *to = comm->error;
  return SUCCESS;
}

API int ncclCommDestroy(Comm* comm) {
  kiln_count("ncclCommDestroy");
  std::unique_lock<std::mutex> held(comm->clique->guard);
  bool busy = !comm->clique->operations.empty();
  comm->clique->alive--;
  return busy ? INVALID_USAGE : SUCCESS;
}

API int ncclCommAbort(Comm* comm) {
  kiln_count("ncclCommAbort");
  std::unique_lock<std::mutex> held(comm->clique->guard);
  comm->aborted = true;
  comm->clique->alive--;
  comm->clique->changed.notify_all();
  // It may wait for the others, so that aborts one after the other would hang.
  comm->clique->changed.wait(held, [&] { return comm->clique->alive == 0; });
  return SUCCESS;
}
