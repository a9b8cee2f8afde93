// SPDX-License-Identifier: Apache-2.0
// Runs a kernel: the threads of a block one after another, each on a stack of its own from the first barrier on, and what a warp exchanges
// when all of its threads have come. A fault of a kernel ends the launch, not the process.
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstring>

#include "driver.h"
#include "kernel.h"
#include "modules.h"

// Saves the registers that a call keeps and the stack, and goes on where another stack was left.
asm(R"(
.text
.globl kiln_switch
.hidden kiln_switch
.globl kiln_resume
.hidden kiln_resume
.type kiln_switch, @function
kiln_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
kiln_resume:
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");

extern "C" void kiln_switch(void** save, void* to);
extern "C" void kiln_resume();

namespace kiln {

namespace {

constexpr size_t STACK = 96 * 1024;
constexpr size_t STRIDE = STACK + 4096;
constexpr unsigned MOST_THREADS = 1024;

enum Status { AT_BARRIER, AT_WARP, RUNNABLE, ENDED };

struct Fibre {
  void* stack = nullptr;
  Status status = RUNNABLE;
  unsigned mask = 0;
  unsigned thread = 0;
  unsigned x = 0, y = 0, z = 0;
};

// One kernel runs at a time, so that its indices and shared memory can be plain variables.
std::mutex& device = *new std::mutex();
char* stacks = nullptr;
Fibre fibres[MOST_THREADS];
Fibre* running = nullptr;
void* scheduler = nullptr;
// Of the block that runs: its threads, those that have begun, and where they are.
unsigned threads = 0;
unsigned begun = 0;
unsigned count_of[4];
const Function* function = nullptr;
void** arguments = nullptr;
unsigned long long slots[2][MOST_THREADS];
unsigned char parity[MOST_THREADS];

// Initial-exec, since a signal handler reads it: no memory is made for it there.
__attribute__((tls_model("initial-exec"))) thread_local volatile bool in_kernel = false;
volatile int fault = 0;
volatile uint64_t fault_address = 0;
struct sigaction earlier[32];

void become(Fibre* fibre, Status status) {
  count_of[fibre->status]--;
  count_of[status]++;
  fibre->status = status;
}

void yield_as(Status status) {
  become(running, status);
  kiln_switch(&running->stack, scheduler);
}

void barrier() {
  yield_as(AT_BARRIER);
}

void meet(unsigned mask) {
  running->mask = mask;
  yield_as(AT_WARP);
}

// The value that a thread of the warp gives; its own where that thread has ended or is not asked.
unsigned long long exchange(unsigned mask, unsigned long long value, int lane) {
  unsigned t = running->thread;
  unsigned char p = parity[t];
  parity[t] = p ^ 1;
  slots[p][t] = value;
  meet(mask);
  return lane < 0 || lane > 31 || (mask >> lane & 1) == 0 ? value : slots[p][(t & ~31u) + static_cast<unsigned>(lane)];
}

unsigned ballot(unsigned mask, int value) {
  unsigned t = running->thread;
  unsigned char p = parity[t];
  parity[t] = p ^ 1;
  slots[p][t] = value != 0;
  meet(mask);
  unsigned all = 0;
  for (unsigned lane = 0; lane < 32; lane++) {
    unsigned other = (t & ~31u) + lane;
    if ((mask >> lane & 1) != 0 && other < MOST_THREADS && slots[p][other] != 0) {
      all |= 1u << lane;
    }
  }
  return all;
}

void* dynamic_shared() {
  return function->module->dynamic;
}

// The indices of the fibre that goes on.
void place() {
  Index* index = function->module->index;
  index->thread_x = running->x;
  index->thread_y = running->y;
  index->thread_z = running->z;
}

// The next thread of the block goes on where this is called.
void begin() {
  const Index* index = function->module->index;
  Fibre* next = &fibres[begun];
  next->thread = begun;
  next->status = RUNNABLE;
  parity[begun] = 0;
  next->x = next->y = next->z = 0;
  if (begun > 0) {
    const Fibre& last = fibres[begun - 1];
    next->x = last.x + 1 == index->block_dim_x ? 0 : last.x + 1;
    next->y = next->x > 0 ? last.y : last.y + 1 == index->block_dim_y ? 0 : last.y + 1;
    next->z = next->x > 0 || next->y > 0 ? last.z : last.z + 1;
  }
  begun++;
  count_of[RUNNABLE]++;
  running = next;
  place();
}

[[noreturn]] void body() {
  // A stack is used by one thread after another until one of them waits.
  while (true) {
    function->entry(arguments);
    if (begun < threads) {
      become(running, ENDED);
      begin();
    } else {
      yield_as(ENDED);
    }
  }
}

void* fresh_stack(unsigned slot) {
  uint64_t top = reinterpret_cast<uint64_t>(stacks) + (slot + 1) * STRIDE;
  // As after a call: 8 bytes off a multiple of 16, the return address above six registers.
  uint64_t* at = reinterpret_cast<uint64_t*>(top - 8);
  *--at = reinterpret_cast<uint64_t>(&body);
  for (int i = 0; i < 6; i++) {
    *--at = 0;
  }
  return at;
}

// Releases the warps whose threads have all come. False if there are none.
bool release_warps() {
  bool moved = false;
  for (unsigned w = 0; w < threads; w += 32) {
    unsigned end = std::min(threads, w + 32);
    unsigned live = 0;
    unsigned there = 0;
    for (unsigned t = w; t < end; t++) {
      live |= fibres[t].status != ENDED ? 1u << (t - w) : 0;
      there |= fibres[t].status == AT_WARP ? 1u << (t - w) : 0;
    }
    for (unsigned t = w; t < end; t++) {
      unsigned mask = fibres[t].mask & live;
      if (fibres[t].status != AT_WARP || (mask & there) != mask) {
        continue;
      }
      for (unsigned o = w; o < end; o++) {
        if ((mask >> (o - w) & 1) != 0) {
          become(&fibres[o], RUNNABLE);
          there &= ~(1u << (o - w));
        }
      }
      moved = true;
    }
  }
  return moved;
}

// Lets the threads go on for which all others have come: those of a warp, then those of the block. False if there are none.
bool advance(std::string* why) {
  if (count_of[AT_WARP] > 0 && release_warps()) {
    return true;
  }
  if (count_of[AT_BARRIER] == threads) {
    for (unsigned t = 0; t < threads; t++) {
      become(&fibres[t], RUNNABLE);
    }
    return true;
  }
  *why = "the threads of a block part at a barrier: of " + std::to_string(threads) + ", " + std::to_string(count_of[AT_BARRIER]) +
         " wait at it, " + std::to_string(count_of[ENDED]) + " have ended, " + std::to_string(count_of[AT_WARP]) + " wait for their warp";
  return false;
}

int run_block(std::string* why) {
  begun = 0;
  std::fill(std::begin(count_of), std::end(count_of), 0u);
  for (unsigned used = 0; begun < threads; used++) {
    void* stack = fresh_stack(used);
    begin();
    kiln_switch(&scheduler, stack);
    if (fault != 0) {
      return ILLEGAL_ADDRESS;
    }
  }
  while (count_of[ENDED] < threads) {
    if (!advance(why)) {
      return LAUNCH_FAILED;
    }
    for (unsigned t = 0; t < threads; t++) {
      if (fibres[t].status == RUNNABLE) {
        running = &fibres[t];
        place();
        kiln_switch(&scheduler, running->stack);
        if (fault != 0) {
          return ILLEGAL_ADDRESS;
        }
      }
    }
  }
  return SUCCESS;
}

void on_fault(int number, siginfo_t* info, void* state) {
  if (in_kernel) {
    ucontext_t* context = static_cast<ucontext_t*>(state);
    fault = number;
    fault_address = reinterpret_cast<uint64_t>(info->si_addr);
    context->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(&kiln_resume);
    context->uc_mcontext.gregs[REG_RSP] = reinterpret_cast<greg_t>(scheduler);
    return;
  }
  uint64_t address = reinterpret_cast<uint64_t>(info->si_addr);
  if (number == SIGSEGV && is_device(address)) {
    fprintf(stderr, "Kiln's test driver: the host touches device memory at 0x%llx\n", static_cast<unsigned long long>(address));
  }
  const struct sigaction& other = earlier[number];
  if ((other.sa_flags & SA_SIGINFO) != 0 && other.sa_sigaction != nullptr) {
    other.sa_sigaction(number, info, state);
  } else if (other.sa_handler != SIG_DFL && other.sa_handler != SIG_IGN) {
    other.sa_handler(number);
  } else {
    signal(number, SIG_DFL);
  }
}

std::string words(int number, uint64_t address) {
  switch (number) {
    case SIGILL:
      return "an array of a fixed size is used outside of it, or an address is not a multiple of its type's size";
    case SIGFPE:
      return "an integer is divided by zero";
    default:
      if (address >= reinterpret_cast<uint64_t>(stacks) && address < reinterpret_cast<uint64_t>(stacks) + MOST_THREADS * STRIDE) {
        return "a thread uses more than " + std::to_string(STACK) + " bytes of stack";
      }
      return "it touches what it may not: " + describe(address);
  }
}

Runtime runtime = {barrier, meet, exchange, ballot, dynamic_shared};

}  // namespace

Runtime* the_runtime() {
  return &runtime;
}

void prepare_thread_for_kernels() {
  // A fault may come on a stack that has run out.
  stack_t alternative = {};
  alternative.ss_size = 64 * 1024;
  alternative.ss_sp = mmap(nullptr, alternative.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  sigaltstack(&alternative, nullptr);
  sigset_t faults;
  sigemptyset(&faults);
  for (int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) {
    sigaddset(&faults, number);
  }
  pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
}

void install_fault_handler() {
  stacks = static_cast<char*>(
      mmap(nullptr, MOST_THREADS * STRIDE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  for (unsigned i = 0; i < MOST_THREADS; i++) {
    mprotect(stacks + i * STRIDE, 4096, PROT_NONE);
  }
  struct sigaction ours = {};
  ours.sa_sigaction = on_fault;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigfillset(&ours.sa_mask);
  for (int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) {
    sigaction(number, &ours, &earlier[number]);
  }
}

int run_kernel(const Launch& launch) {
  std::lock_guard<std::mutex> held(device);
  function = launch.function;
  std::vector<void*> pointers;
  for (size_t place : function->places) {
    pointers.push_back(const_cast<char*>(launch.arguments.data() + place));
  }
  arguments = pointers.data();
  threads = launch.block[0] * launch.block[1] * launch.block[2];
  Index* index = function->module->index;
  *index = {0, 0, 0, launch.block[0], launch.block[1], launch.block[2], 0, 0, 0, launch.grid[0], launch.grid[1], launch.grid[2]};
  std::vector<char> dynamic(launch.shared + 64);
  function->module->dynamic = reinterpret_cast<void*>((reinterpret_cast<uint64_t>(dynamic.data()) + 63) / 64 * 64);
  fault = 0;
  in_kernel = true;
  int code = SUCCESS;
  std::string why;
  for (unsigned z = 0; z < launch.grid[2] && code == SUCCESS; z++) {
    for (unsigned y = 0; y < launch.grid[1] && code == SUCCESS; y++) {
      for (unsigned x = 0; x < launch.grid[0] && code == SUCCESS; x++) {
        index->block_x = x;
        index->block_y = y;
        index->block_z = z;
        memset(function->module->dynamic, 0xFF, launch.shared);
        memset(function->module->shared, 0xFF, function->module->shared_size);
        code = run_block(&why);
      }
    }
  }
  in_kernel = false;
  if (code != SUCCESS) {
    say(std::string("kernel ") + name_of(function) + ", block (" + std::to_string(index->block_x) + ", " +
        std::to_string(index->block_y) + ", " + std::to_string(index->block_z) + "), thread (" + std::to_string(index->thread_x) + ", " +
        std::to_string(index->thread_y) + ", " + std::to_string(index->thread_z) + "): " +
        (fault != 0 ? words(fault, fault_address) : why));
  }
  return code;
}

}  // namespace kiln
