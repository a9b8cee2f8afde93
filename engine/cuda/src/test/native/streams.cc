// SPDX-License-Identifier: Apache-2.0
// Contexts and streams. Each stream is a thread that takes its work late: in order, when what it waits for is done, after a pause that
// chance decides, and never while the setting "hold" is on.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "driver.h"

namespace kiln {

std::mutex& lock = *new std::mutex();

namespace {

std::set<Stream*>& streams = *new std::set<Stream*>();
std::vector<Context*>& primaries = *new std::vector<Context*>();
std::set<Context*>& contexts = *new std::set<Context*>();
thread_local std::vector<Context*> entered;
uint64_t stream_ids = 0;

// Waits, with the lock, until a stream has come to a place; false after the deadline, if there is one.
bool await(std::unique_lock<std::mutex>* held, const Ticket& ticket, const std::chrono::steady_clock::time_point* until) {
  Stream* stream = ticket.stream;
  if (is_done(ticket)) {
    return true;
  }
  auto mine = stream->awaited.insert(ticket.number);
  bool done = true;
  while (done && !is_done(ticket)) {
    if (until == nullptr) {
      stream->passed.wait(*held);
    } else {
      done = stream->passed.wait_until(*held, *until) == std::cv_status::no_timeout || is_done(ticket);
    }
  }
  stream->awaited.erase(mine);
  return done;
}

void work(Stream* stream) {
  open_memory_to_this_thread();
  prepare_thread_for_kernels();
  std::unique_lock<std::mutex> held(lock);
  while (true) {
    stream->given_work.wait(held, [&] { return !stream->tasks.empty() || stream->closing; });
    if (stream->tasks.empty()) {
      // The object stays for those who waited for it; calls that look at all streams are not to meet it any more.
      streams.erase(stream);
      return;
    }
    for (const Ticket& before : stream->tasks.front().after) {
      await(&held, before, nullptr);
    }
    stream->given_work.wait(held, [] { return setting(HOLD) == 0; });
    Task task = std::move(stream->tasks.front());
    stream->tasks.pop_front();
    Context* context = stream->context;
    bool dead = context->sticky != SUCCESS;
    held.unlock();
    int code = SUCCESS;
    if (!dead) {
      uint64_t most = static_cast<uint64_t>(setting(DELAY_US));
      int64_t every = setting(DELAY_EVERY);
      if (most > 0 && every > 0 && chance(static_cast<uint64_t>(every)) == 0) {
        usleep(static_cast<useconds_t>(chance(most)));
      }
      note("runs ", task.what);
      code = task.run();
    }
    task.run = nullptr;
    held.lock();
    if (code != SUCCESS && context->sticky == SUCCESS) {
      context->sticky = code;
    }
    stream->done = task.number;
    if (!stream->awaited.empty() && *stream->awaited.begin() <= stream->done) {
      stream->passed.notify_all();
    }
  }
}

std::vector<Ticket> others_before(Stream* stream) {
  std::vector<Ticket> after;
  Context* context = stream->context;
  if (stream->legacy) {
    for (Stream* other : context->streams) {
      if ((other->flags & 1) == 0 && other->given > other->done) {
        after.push_back({other, other->given});
      }
    }
  } else if ((stream->flags & 1) == 0 && context->legacy != nullptr && context->legacy->given > context->legacy->done) {
    after.push_back({context->legacy, context->legacy->given});
  }
  return after;
}

}  // namespace

Context* current() {
  return entered.empty() ? nullptr : entered.back();
}

void enter(Context* context) {
  if (!entered.empty()) {
    entered.pop_back();
  }
  if (context != nullptr) {
    entered.push_back(context);
  }
}

void push(Context* context) {
  entered.push_back(context);
}

Context* primary(int device) {
  std::lock_guard<std::mutex> held(lock);
  while (primaries.size() <= static_cast<size_t>(device)) {
    Context* context = new Context();
    context->device = static_cast<int>(primaries.size());
    context->primary = true;
    primaries.push_back(context);
    contexts.insert(context);
  }
  return primaries[static_cast<size_t>(device)];
}

void close_streams(Context* context) {
  std::lock_guard<std::mutex> held(lock);
  for (Stream* stream : streams) {
    if (stream->context == context) {
      stream->closing = true;
      stream->given_work.notify_one();
    }
  }
}

void wake_streams() {
  std::lock_guard<std::mutex> held(lock);
  for (Stream* stream : streams) {
    stream->given_work.notify_one();
  }
}

Stream* make_stream(Context* context, unsigned flags, int priority) {
  Stream* stream = new Stream();
  {
    std::lock_guard<std::mutex> held(lock);
    stream->context = context;
    stream->flags = flags;
    stream->priority = priority;
    stream->id = ++stream_ids;
    stream->legacy = flags == ~0u;
    if (stream->legacy) {
      stream->flags = 0;
      context->legacy = stream;
    } else {
      context->streams.push_back(stream);
    }
    streams.insert(stream);
  }
  std::thread(work, stream).detach();
  return stream;
}

Stream* stream_of(void* handle, int* code) {
  Context* context = current();
  if (context == nullptr) {
    *code = INVALID_CONTEXT;
    return nullptr;
  }
  uintptr_t value = reinterpret_cast<uintptr_t>(handle);
  if (value <= 2) {
    if (context->legacy == nullptr) {
      make_stream(context, ~0u, 0);
    }
    std::lock_guard<std::mutex> held(lock);
    for (Stream* other : context->streams) {
      if (other->capture != nullptr && (other->flags & 1) == 0 && other->capture->mode != 2) {
        other->capture->invalid = true;
        say("work for the legacy stream while a stream that it waits for is captured");
        *code = CAPTURE_IMPLICIT;
        return nullptr;
      }
    }
    return context->legacy;
  }
  std::lock_guard<std::mutex> held(lock);
  Stream* stream = static_cast<Stream*>(handle);
  if (streams.count(stream) == 0 || stream->closing) {
    *code = INVALID_HANDLE;
    return nullptr;
  }
  if (stream->context->sticky != SUCCESS) {
    *code = stream->context->sticky;
    return nullptr;
  }
  return stream;
}

Ticket give_locked(Stream* stream, const std::string& what, std::function<int()> run) {
  Task task;
  task.number = ++stream->given;
  task.what = what;
  task.after = others_before(stream);
  task.run = std::move(run);
  stream->tasks.push_back(std::move(task));
  stream->given_work.notify_one();
  return {stream, stream->given};
}

int give(Stream* stream, NodeKind kind, const std::string& what, std::function<int()> run, Launch launch) {
  std::lock_guard<std::mutex> held(lock);
  Capture* capture = stream->capture;
  if (capture == nullptr) {
    give_locked(stream, what, std::move(run));
    return SUCCESS;
  }
  if (capture->invalid) {
    return CAPTURE_INVALIDATED;
  }
  std::unique_ptr<Node> node(new Node());
  node->kind = kind;
  node->what = what;
  node->run = std::move(run);
  node->launch = std::move(launch);
  node->after = stream->tails;
  stream->tails = {node.get()};
  capture->graph->nodes.push_back(std::move(node));
  return SUCCESS;
}

bool is_done(const Ticket& ticket) {
  return ticket.stream == nullptr || ticket.stream->done >= ticket.number;
}

int wait_for(const std::vector<Ticket>& tickets) {
  std::unique_lock<std::mutex> held(lock);
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(setting(DEADLINE_S));
  bool done = true;
  for (const Ticket& t : tickets) {
    done = done && await(&held, t, &until);
  }
  if (!done) {
    for (const Ticket& t : tickets) {
      if (!is_done(t) && !t.stream->tasks.empty()) {
        say("after " + std::to_string(setting(DEADLINE_S)) + " s a stream still waits to run " + t.stream->tasks.front().what +
            (setting(HOLD) != 0 ? ", because the streams are held" : ""));
      }
    }
    return LAUNCH_TIMEOUT;
  }
  for (const Ticket& t : tickets) {
    if (t.stream != nullptr && t.stream->context->sticky != SUCCESS) {
      return t.stream->context->sticky;
    }
  }
  return SUCCESS;
}

int synchronize(Stream* stream) {
  Ticket last;
  std::vector<Ticket> all;
  {
    std::lock_guard<std::mutex> held(lock);
    all = others_before(stream);
    all.push_back({stream, stream->given});
  }
  return wait_for(all);
}

int synchronize(Context* context) {
  std::vector<Ticket> all;
  {
    std::lock_guard<std::mutex> held(lock);
    for (Stream* stream : streams) {
      if (stream->context == context) {
        all.push_back({stream, stream->given});
      }
    }
  }
  int code = wait_for(all);
  return code != SUCCESS ? code : context->sticky;
}

int refuse_in_capture(const char* what) {
  std::lock_guard<std::mutex> held(lock);
  uint64_t thread = static_cast<uint64_t>(pthread_self());
  for (Stream* stream : streams) {
    Capture* capture = stream->capture;
    if (capture != nullptr && (capture->mode == 0 || (capture->mode == 1 && capture->thread == thread))) {
      capture->invalid = true;
      say(std::string(what) + " while a stream is captured");
      return CAPTURE_UNSUPPORTED;
    }
  }
  return SUCCESS;
}

int fail(Context* context, int code, const std::string& why) {
  say(why);
  std::lock_guard<std::mutex> held(lock);
  if (context->sticky == SUCCESS) {
    context->sticky = code;
  }
  return code;
}

}  // namespace kiln

API int cuStreamCreate(void** to, unsigned flags) {
  CALL(cuStreamCreate);
  CONTEXT
  *to = kiln::make_stream(context, flags & 1, 0);
  return kiln::SUCCESS;
}

API int cuStreamCreateWithPriority(void** to, unsigned flags, int priority) {
  CALL(cuStreamCreateWithPriority);
  CONTEXT
  *to = kiln::make_stream(context, flags & 1, priority);
  return kiln::SUCCESS;
}

API int cuStreamDestroy_v2(void* handle) {
  CALL(cuStreamDestroy);
  kiln::Stream* stream = static_cast<kiln::Stream*>(handle);
  std::lock_guard<std::mutex> held(kiln::lock);
  if (kiln::streams.count(stream) == 0 || stream->closing) {
    return kiln::INVALID_HANDLE;
  }
  // Its work goes on.
  stream->closing = true;
  auto& all = stream->context->streams;
  all.erase(std::remove(all.begin(), all.end(), stream), all.end());
  stream->given_work.notify_one();
  return kiln::SUCCESS;
}

API int cuStreamSynchronize(void* handle) {
  CALL(cuStreamSynchronize);
  CONTEXT
  STREAM(handle)
  {
    std::lock_guard<std::mutex> held(kiln::lock);
    if (stream->capture != nullptr) {
      stream->capture->invalid = true;
      return kiln::CAPTURE_UNSUPPORTED;
    }
  }
  kiln::count("synchronizations");
  return kiln::synchronize(stream);
}

API int cuStreamQuery(void* handle) {
  CALL(cuStreamQuery);
  CONTEXT
  STREAM(handle)
  std::lock_guard<std::mutex> held(kiln::lock);
  if (stream->capture != nullptr) {
    stream->capture->invalid = true;
    return kiln::CAPTURE_UNSUPPORTED;
  }
  return stream->done == stream->given ? context->sticky : kiln::NOT_READY;
}

API int cuStreamGetPriority(void* handle, int* to) {
  CONTEXT
  STREAM(handle)
  *to = stream->priority;
  return kiln::SUCCESS;
}

API int cuStreamGetFlags(void* handle, unsigned* to) {
  CONTEXT
  STREAM(handle)
  *to = stream->flags;
  return kiln::SUCCESS;
}

API int cuStreamGetCtx(void* handle, void** to) {
  CONTEXT
  STREAM(handle)
  *to = stream->context;
  return kiln::SUCCESS;
}

API int cuStreamGetId(void* handle, unsigned long long* to) {
  CONTEXT
  STREAM(handle)
  *to = stream->id;
  return kiln::SUCCESS;
}

API int cuLaunchHostFunc(void* handle, void (*function)(void*), void* data) {
  CALL(cuLaunchHostFunc);
  CONTEXT
  STREAM(handle)
  return kiln::give(stream, kiln::HOST_NODE, "a function of the host", [=] {
    kiln::count("host");
    function(data);
    return kiln::SUCCESS;
  });
}

API int cuStreamAddCallback(void* handle, void (*function)(void*, int, void*), void* data, unsigned) {
  CALL(cuStreamAddCallback);
  CONTEXT
  STREAM(handle)
  return kiln::give(stream, kiln::HOST_NODE, "a function of the host", [=] {
    kiln::count("host");
    function(handle, kiln::SUCCESS, data);
    return kiln::SUCCESS;
  });
}

API int kiln_give(void* handle, const char* what, std::function<int()>* run) {
  CONTEXT
  STREAM(handle)
  std::function<int()> copy = *run;
  return kiln::give(stream, kiln::LIBRARY_NODE, what, [copy] {
    kiln::count("library");
    return copy();
  });
}
