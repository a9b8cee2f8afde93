// SPDX-License-Identifier: Apache-2.0
// The driver API: capture of streams and graphs. A launched graph runs its nodes in an order that chance picks among those that the
// edges allow, so that a missing edge shows.
#include <algorithm>

#include "driver.h"

using namespace kiln;

namespace {

struct Exec {
  std::vector<Node> nodes;
  std::vector<const Node*> origins;
  std::vector<std::vector<size_t>> after;
};

Node plain_copy(const Node& node) {
  Node copy;
  copy.kind = node.kind;
  copy.what = node.what;
  copy.run = node.run;
  copy.launch = node.launch;
  return copy;
}

std::shared_ptr<Exec> copy_of(const Graph& graph) {
  std::shared_ptr<Exec> exec(new Exec());
  std::map<const Node*, size_t> places;
  for (const auto& node : graph.nodes) {
    places[node.get()] = exec->nodes.size();
    std::vector<size_t> after;
    for (const Node* before : node->after) {
      after.push_back(places.at(before));
    }
    exec->nodes.push_back(plain_copy(*node));
    exec->origins.push_back(node.get());
    exec->after.push_back(std::move(after));
  }
  return exec;
}

struct Instance {
  std::shared_ptr<Exec> exec;
};

int run(const Exec& exec) {
  size_t size = exec.nodes.size();
  std::vector<char> done(size);
  std::vector<size_t> ready;
  size_t first = 0;
  for (size_t round = 0; round < size; round++) {
    ready.clear();
    while (done[first] != 0) {
      first++;
    }
    for (size_t i = first; i < size && ready.size() < 8; i++) {
      bool all = done[i] == 0;
      for (size_t before : exec.after[i]) {
        all = all && done[before] != 0;
      }
      if (all) {
        ready.push_back(i);
      }
    }
    size_t next = ready[chance(ready.size())];
    int code = exec.nodes[next].run ? exec.nodes[next].run() : static_cast<int>(SUCCESS);
    if (code != SUCCESS) {
      return code;
    }
    if (exec.nodes[next].kind != CHILD_NODE) {
      count("graph_nodes");
    }
    done[next] = 1;
  }
  return SUCCESS;
}

uint64_t captures = 0;

// All that a node comes after.
void reach(Node* node, std::set<Node*>* seen) {
  std::vector<Node*> stack = {node};
  while (!stack.empty()) {
    Node* top = stack.back();
    stack.pop_back();
    if (seen->insert(top).second) {
      stack.insert(stack.end(), top->after.begin(), top->after.end());
    }
  }
}

// As CUDA_KERNEL_NODE_PARAMS of CUDA 12.
struct KernelNode {
  void* function;
  unsigned grid[3];
  unsigned block[3];
  unsigned shared;
  void** arguments;
  void** extra;
  void* kernel;
  void* context;
};

int add(void** to, void* handle, void** after, size_t size, std::unique_ptr<Node> node) {
  Graph* graph = static_cast<Graph*>(handle);
  for (size_t i = 0; i < size; i++) {
    bool known = false;
    for (const auto& other : graph->nodes) {
      known = known || other.get() == after[i];
    }
    if (!known) {
      return INVALID_VALUE;
    }
    node->after.push_back(static_cast<Node*>(after[i]));
  }
  *to = node.get();
  graph->nodes.push_back(std::move(node));
  return SUCCESS;
}

}  // namespace

API int cuStreamBeginCapture_v2(void* handle, int mode) {
  CALL(cuStreamBeginCapture);
  CONTEXT
  STREAM(handle)
  if (stream->legacy) {
    return CAPTURE_UNSUPPORTED;
  }
  std::lock_guard<std::mutex> held(kiln::lock);
  if (stream->capture != nullptr) {
    stream->capture->invalid = true;
    return CAPTURE_INVALIDATED;
  }
  Capture* capture = new Capture();
  capture->graph = new Graph();
  capture->origin = stream;
  capture->mode = mode;
  capture->thread = static_cast<uint64_t>(pthread_self());
  capture->id = ++captures;
  capture->streams.insert(stream);
  stream->capture = capture;
  stream->tails.clear();
  return SUCCESS;
}

API int cuStreamEndCapture(void* handle, void** to) {
  CALL(cuStreamEndCapture);
  CONTEXT
  STREAM(handle)
  std::lock_guard<std::mutex> held(kiln::lock);
  Capture* capture = stream->capture;
  *to = nullptr;
  if (capture == nullptr || capture->origin != stream) {
    return CAPTURE_UNMATCHED;
  }
  int code = SUCCESS;
  std::set<Node*> joined;
  for (Node* tail : stream->tails) {
    reach(tail, &joined);
  }
  for (Stream* other : capture->streams) {
    for (Node* tail : other->tails) {
      if (joined.count(tail) == 0) {
        code = CAPTURE_UNJOINED;
      }
    }
    other->capture = nullptr;
    other->tails.clear();
  }
  if (capture->invalid) {
    code = CAPTURE_INVALIDATED;
  }
  // Events still name the capture: it stays.
  if (code == SUCCESS) {
    *to = capture->graph;
  }
  return code;
}

API int cuStreamIsCapturing(void* handle, int* to) {
  CALL(cuStreamIsCapturing);
  CONTEXT
  STREAM(handle)
  std::lock_guard<std::mutex> held(kiln::lock);
  *to = stream->capture == nullptr ? 0 : stream->capture->invalid ? 2 : 1;
  return SUCCESS;
}

API int cuStreamGetCaptureInfo_v2(void* handle, int* status, uint64_t* id, void** graph, void***, size_t*) {
  int code = cuStreamIsCapturing(handle, status);
  if (code == SUCCESS && *status == 1) {
    Stream* stream = static_cast<Stream*>(handle);
    if (id != nullptr) {
      *id = stream->capture->id;
    }
    if (graph != nullptr) {
      *graph = stream->capture->graph;
    }
  }
  return code;
}

API int cuThreadExchangeStreamCaptureMode(int*) {
  return NOT_SUPPORTED;
}

API int cuGraphCreate(void** to, unsigned) {
  *to = new Graph();
  return SUCCESS;
}

API int cuGraphDestroy(void* graph) {
  CALL(cuGraphDestroy);
  delete static_cast<Graph*>(graph);
  return SUCCESS;
}

API int cuGraphGetNodes(void* handle, void** nodes, size_t* size) {
  Graph* graph = static_cast<Graph*>(handle);
  if (nodes == nullptr) {
    *size = graph->nodes.size();
    return SUCCESS;
  }
  for (size_t i = 0; i < *size; i++) {
    nodes[i] = i < graph->nodes.size() ? graph->nodes[i].get() : nullptr;
  }
  *size = std::min(*size, graph->nodes.size());
  return SUCCESS;
}

API int cuGraphNodeGetType(void* node, int* to) {
  NodeKind kind = static_cast<Node*>(node)->kind;
  *to = kind == LIBRARY_NODE ? KERNEL_NODE : kind;
  return SUCCESS;
}

API int cuGraphNodeGetDependencies(void* handle, void** nodes, size_t* size) {
  Node* node = static_cast<Node*>(handle);
  if (nodes != nullptr) {
    for (size_t i = 0; i < *size && i < node->after.size(); i++) {
      nodes[i] = node->after[i];
    }
  }
  *size = node->after.size();
  return SUCCESS;
}

API int cuGraphInstantiateWithFlags(void** to, void* graph, uint64_t) {
  CALL(cuGraphInstantiate);
  CONTEXT
  *to = new Instance{copy_of(*static_cast<Graph*>(graph))};
  return SUCCESS;
}

API int cuGraphAddKernelNode_v2(void** to, void* graph, void** after, size_t size, const KernelNode* params) {
  CALL(cuGraphAddKernelNode);
  CONTEXT
  std::unique_ptr<Node> node(new Node());
  node->kind = KERNEL_NODE;
  int code = prepare(params->function, params->grid, params->block, params->shared, params->arguments, params->extra, &node->launch);
  if (code != SUCCESS) {
    return code;
  }
  node->what = std::string("kernel ") + name_of(node->launch.function);
  node->run = runner(node->launch);
  return add(to, graph, after, size, std::move(node));
}

API int cuGraphAddChildGraphNode(void** to, void* graph, void** after, size_t size, void* child) {
  CALL(cuGraphAddChildGraphNode);
  std::shared_ptr<Exec> part = copy_of(*static_cast<Graph*>(child));
  std::unique_ptr<Node> node(new Node());
  node->kind = CHILD_NODE;
  node->what = "a graph within a graph";
  node->run = [part] { return run(*part); };
  return add(to, graph, after, size, std::move(node));
}

API int cuGraphExecKernelNodeSetParams_v2(void* handle, void* node, const KernelNode* params) {
  CALL(cuGraphExecKernelNodeSetParams);
  CONTEXT
  Launch launch;
  int code = prepare(params->function, params->grid, params->block, params->shared, params->arguments, params->extra, &launch);
  if (code != SUCCESS) {
    return code;
  }
  Instance* instance = static_cast<Instance*>(handle);
  if (instance->exec.use_count() > 1) {
    // Launches that were given before run as they were.
    std::shared_ptr<Exec> own(new Exec());
    for (const Node& node : instance->exec->nodes) {
      own->nodes.push_back(plain_copy(node));
    }
    own->origins = instance->exec->origins;
    own->after = instance->exec->after;
    instance->exec = own;
  }
  bool found = false;
  for (size_t i = 0; i < instance->exec->nodes.size(); i++) {
    Node& mine = instance->exec->nodes[i];
    if (instance->exec->origins[i] == node && mine.kind == KERNEL_NODE) {
      mine.run = runner(launch);
      mine.launch = launch;
      found = true;
    }
  }
  if (!found) {
    return INVALID_VALUE;
  }
  return SUCCESS;
}

API int cuGraphUpload(void*, void*) {
  CALL(cuGraphUpload);
  return SUCCESS;
}

API int cuGraphLaunch(void* handle, void* stream_handle) {
  CALL(cuGraphLaunch);
  CONTEXT
  STREAM(stream_handle)
  // A launch runs the graph as it is now: an update makes a new one.
  std::shared_ptr<Exec> exec = static_cast<Instance*>(handle)->exec;
  return give(stream, EMPTY_NODE, "a graph of " + std::to_string(exec->nodes.size()) + " nodes", [exec] {
    count("graphs");
    return run(*exec);
  });
}

API int cuGraphExecDestroy(void* handle) {
  CALL(cuGraphExecDestroy);
  delete static_cast<Instance*>(handle);
  return SUCCESS;
}
