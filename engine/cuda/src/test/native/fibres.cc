// SPDX-License-Identifier: Apache-2.0
// Runs a kernel: the threads of a block one after another, each on a stack of its own from the first barrier on, and what a warp exchanges
// when all of its threads have come. A fault of a kernel ends the launch, not the process.
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

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

enum Status { WAITING_TO_START, AT_BARRIER, AT_WARP, RUNNABLE, ENDED };

struct Fibre {
  void* stack = nullptr;
  Status status = WAITING_TO_START;
  unsigned mask = 0;
  unsigned thread = 0;
};

// One kernel runs at a time, so that its indices and shared memory can be plain variables.
std::mutex& device = *new std::mutex();
char* stacks = nullptr;
Fibre fibres[MOST_THREADS];
Fibre* running = nullptr;
void* scheduler = nullptr;
const Function* function = nullptr;
void** arguments = nullptr;
unsigned long long slots[2][MOST_THREADS];
unsigned char parity[MOST_THREADS];

// Initial-exec, since a signal handler reads it: no memory is made for it there.
__attribute__((tls_model("initial-exec"))) thread_local volatile bool in_kernel = false;
volatile int fault = 0;
volatile uint64_t fault_address = 0;
struct sigaction earlier[32];

void yield_as(Status status) {
  running->status = status;
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

[[noreturn]] void body() {
  // A stack is used by one thread after another until one of them waits.
  while (true) {
    function->entry(arguments);
    yield_as(ENDED);
  }
}

void place(Index* index, unsigned t, const unsigned* block) {
  index->thread_x = t % block[0];
  index->thread_y = t / block[0] % block[1];
  index->thread_z = t / block[0] / block[1];
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

// Releases what has all come: a warp's threads, then the block's. False if nothing can go on.
bool advance(unsigned threads, bool* over, std::string* why) {
  bool moved = false;
  for (unsigned w = 0; w < threads; w += 32) {
    unsigned live = 0;
    unsigned there = 0;
    unsigned mask = 0;
    for (unsigned t = w; t < std::min(threads, w + 32); t++) {
      if (fibres[t].status != ENDED) {
        live |= 1u << (t - w);
      }
      if (fibres[t].status == AT_WARP) {
        there |= 1u << (t - w);
      }
    }
    for (unsigned t = w; t < std::min(threads, w + 32); t++) {
      if (fibres[t].status != AT_WARP) {
        continue;
      }
      mask = fibres[t].mask & live;
      if ((mask & there) != mask) {
        continue;
      }
      for (unsigned o = w; o < std::min(threads, w + 32); o++) {
        if ((mask >> (o - w) & 1) != 0) {
          fibres[o].status = RUNNABLE;
          there &= ~(1u << (o - w));
        }
      }
      moved = true;
    }
  }
  if (moved) {
    return true;
  }
  unsigned ended = 0;
  unsigned waiting = 0;
  for (unsigned t = 0; t < threads; t++) {
    ended += fibres[t].status == ENDED;
    waiting += fibres[t].status == AT_BARRIER;
  }
  *over = ended == threads;
  if (*over) {
    return true;
  }
  if (waiting == threads) {
    for (unsigned t = 0; t < threads; t++) {
      fibres[t].status = RUNNABLE;
    }
    return true;
  }
  *why = "the threads of a block part at a barrier: of " + std::to_string(threads) + ", " + std::to_string(waiting) +
         " wait at it, " + std::to_string(ended) + " have ended, " + std::to_string(threads - waiting - ended) + " wait for their warp";
  return false;
}

void resume(unsigned t, Index* index, const unsigned* block) {
  place(index, t, block);
  running = &fibres[t];
  kiln_switch(&scheduler, fibres[t].stack);
}

int run_block(unsigned threads, Index* index, const unsigned* block, std::string* why) {
  void* spare = nullptr;
  unsigned used = 0;
  memset(parity, 0, threads);
  for (unsigned t = 0; t < threads; t++) {
    fibres[t].thread = t;
    fibres[t].status = RUNNABLE;
    fibres[t].stack = spare != nullptr ? spare : fresh_stack(used++);
    spare = nullptr;
    resume(t, index, block);
    if (fault != 0) {
      return ILLEGAL_ADDRESS;
    }
    if (fibres[t].status == ENDED) {
      spare = fibres[t].stack;
    }
  }
  bool over = false;
  while (true) {
    if (!advance(threads, &over, why)) {
      return LAUNCH_FAILED;
    }
    if (over) {
      return SUCCESS;
    }
    for (unsigned t = 0; t < threads; t++) {
      if (fibres[t].status == RUNNABLE) {
        resume(t, index, block);
        if (fault != 0) {
          return ILLEGAL_ADDRESS;
        }
      }
    }
  }
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
  for (const auto& argument : launch.arguments) {
    pointers.push_back(const_cast<char*>(argument.data()));
  }
  arguments = pointers.data();
  unsigned threads = launch.block[0] * launch.block[1] * launch.block[2];
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
        code = run_block(threads, index, launch.block, &why);
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
