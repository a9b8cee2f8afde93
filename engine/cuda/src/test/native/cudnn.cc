// SPDX-License-Identifier: Apache-2.0
// The test's libcudnn: convolutions and their gradients, plainly, in stream order. Its algorithms differ in what they say of themselves:
// the quickest wants more workspace than it gets, or does not give the same bits each time.
#include <algorithm>
#include <functional>
#include <vector>

#include "cudnn.h"

using namespace kiln;
using namespace kiln::dnn;

namespace {

struct Convolution {
  int rank = 0;
  int64_t pad[MOST_AXES] = {};
  int64_t stride[MOST_AXES] = {};
  int64_t dilation[MOST_AXES] = {};
  int mode = 0;
  int type = 0;
  int groups = 1;
  int math = 0;
};

// As cuDNN lays them out for its callers.
struct Performance {
  int algorithm;
  int status;
  float time;
  size_t memory;
  int determinism;
  int math;
  int reserved[3];
};

struct Algorithm {
  int number;
  float time;
  size_t memory;
  bool deterministic;
};

// Forward, gradient of the data, gradient of the weights.
constexpr Algorithm ALGORITHMS[3][3] = {
    {{6, 0.1f, size_t{1} << 40, true}, {1, 0.2f, 4096, true}, {0, 0.3f, 0, true}},
    {{0, 0.1f, 0, false}, {4, 0.15f, size_t{1} << 40, true}, {1, 0.2f, 4096, true}},
    {{0, 0.1f, 0, false}, {5, 0.15f, size_t{1} << 40, true}, {1, 0.2f, 4096, true}},
};
constexpr int TENSOR_OP_MATH = 1;
constexpr const char* NAMES[] = {"cudnnConvolutionForward", "cudnnConvolutionBackwardData", "cudnnConvolutionBackwardFilter"};

const Algorithm* find(int direction, int number) {
  for (const Algorithm& a : ALGORITHMS[direction]) {
    if (a.number == number) {
      return &a;
    }
  }
  return nullptr;
}

// Sizes with three spatial axes, those that are missing of length 1.
struct Window {
  int64_t batch, groups, in, out;
  int64_t x[3], w[3], y[3], pad[3], stride[3], dilation[3];
};

Window window_of(const Tensor& x, const Tensor& w, const Tensor& y, const Convolution& c) {
  Window n;
  n.batch = x.dims[0];
  n.groups = c.groups;
  n.in = x.dims[1] / c.groups;
  n.out = y.dims[1] / c.groups;
  int missing = 3 - (x.rank - 2);
  for (int d = 0; d < 3; d++) {
    bool there = d >= missing;
    int at = d - missing;
    n.x[d] = there ? x.dims[at + 2] : 1;
    n.w[d] = there ? w.dims[at + 2] : 1;
    n.y[d] = there ? y.dims[at + 2] : 1;
    n.pad[d] = there ? c.pad[at] : 0;
    n.stride[d] = there ? c.stride[at] : 1;
    n.dilation[d] = there ? c.dilation[at] : 1;
  }
  return n;
}

// Visits each product of an element of x with a weight, and the element of y that it belongs to.
template <class Visit>
void each(const Window& n, Visit visit) {
  for (int64_t b = 0; b < n.batch; b++) {
    for (int64_t o = 0; o < n.groups * n.out; o++) {
      for (int64_t i = 0; i < n.in; i++) {
        int64_t xc = (b * n.groups * n.in + o / n.out * n.in + i) * n.x[0];
        int64_t yc = (b * n.groups * n.out + o) * n.y[0];
        for (int64_t k = 0; k < n.w[0] * n.w[1] * n.w[2]; k++) {
          int64_t k0 = k / (n.w[1] * n.w[2]);
          int64_t k1 = k / n.w[2] % n.w[1];
          int64_t k2 = k % n.w[2];
          int64_t wi = (o * n.in + i) * n.w[0] * n.w[1] * n.w[2] + k;
          for (int64_t y0 = 0; y0 < n.y[0]; y0++) {
            int64_t x0 = y0 * n.stride[0] - n.pad[0] + k0 * n.dilation[0];
            if (x0 < 0 || x0 >= n.x[0]) {
              continue;
            }
            for (int64_t y1 = 0; y1 < n.y[1]; y1++) {
              int64_t x1 = y1 * n.stride[1] - n.pad[1] + k1 * n.dilation[1];
              if (x1 < 0 || x1 >= n.x[1]) {
                continue;
              }
              int64_t xr = ((xc + x0) * n.x[1] + x1) * n.x[2];
              int64_t yr = ((yc + y0) * n.y[1] + y1) * n.y[2];
              for (int64_t y2 = 0; y2 < n.y[2]; y2++) {
                int64_t x2 = y2 * n.stride[2] - n.pad[2] + k2 * n.dilation[2];
                if (x2 >= 0 && x2 < n.x[2]) {
                  visit(xr + x2, wi, yr + y2);
                }
              }
            }
          }
        }
      }
    }
  }
}

bool fits(const Tensor& x, const Tensor& w, const Tensor& y, const Convolution& c) {
  bool same = x.rank == w.rank && x.rank == y.rank && x.rank >= 4 && x.rank <= 5 && c.rank == x.rank - 2 && x.type == w.type &&
              x.type == y.type && x.dims[0] == y.dims[0] && x.dims[1] == w.dims[1] * c.groups && w.dims[0] == y.dims[1] &&
              w.dims[0] % c.groups == 0 && c.mode == 1;
  for (int d = 0; same && d < c.rank; d++) {
    int64_t extent = (w.dims[d + 2] - 1) * c.dilation[d] + 1;
    same = y.dims[d + 2] == (x.dims[d + 2] + 2 * c.pad[d] - extent) / c.stride[d] + 1;
  }
  return same;
}

// With channels last all three have them last, and have another type than double; cuDNN refuses mixed orders. A setting refuses groups too.
bool orders(const Tensor& x, const Tensor& w, const Tensor& y, const Convolution& c) {
  if (!is_packed(x, w.last) || !is_packed(y, w.last)) {
    return false;
  }
  return !w.last || (x.type != R_64F && (c.groups == 1 || kiln_setting("grouped_channels_last") != 0));
}

// One of the three directions; the result is y, x or w.
int convolve(int direction, void* handle, const void* alpha, const void* beta, const Tensor& x, void* xp, const Tensor& w, void* wp,
             const Tensor& y, void* yp, const Convolution& c, int number, void* workspace, size_t size) {
  kiln_count(NAMES[direction]);
  const Algorithm* algorithm = find(direction, number);
  if (algorithm == nullptr) {
    return NOT_SUPPORTED;
  }
  bool compute = x.type == R_64F ? c.type == 1 : c.type == 0;
  if (!fits(x, w, y, c) || !compute || size < algorithm->memory) {
    return BAD_PARAM;
  }
  if (!orders(x, w, y, c)) {
    return NOT_SUPPORTED;
  }
  if (c.math == TENSOR_OP_MATH) {
    kiln_count("tensor_op_math");
  }
  if (w.last) {
    kiln_count("channels_last");
  }
  if (!algorithm->deterministic) {
    kiln_count("cudnn_nondeterministic");
  }
  const Tensor& result = direction == 0 ? y : direction == 1 ? x : w;
  double a = scalar(result, alpha);
  double b = scalar(result, beta);
  size_t memory = algorithm->memory;
  return give(handle, NAMES[direction], [=] {
    if (!inside(x, xp, "the data of a convolution") || !inside(w, wp, "the weights of a convolution") ||
        !inside(y, yp, "the result of a convolution") ||
        !kiln_in_block(reinterpret_cast<uint64_t>(workspace), memory, "the workspace of a convolution")) {
      return 700;
    }
    memset(workspace, 0xFF, memory);
    kiln_count("convolutions");
    Window n = window_of(x, w, y, c);
    std::vector<double> xs = direction == 1 ? std::vector<double>(static_cast<size_t>(size_of(x))) : read(x, xp);
    std::vector<double> ws = direction == 2 ? std::vector<double>(static_cast<size_t>(size_of(w))) : read(w, wp);
    std::vector<double> ys = direction == 0 ? std::vector<double>(static_cast<size_t>(size_of(y))) : read(y, yp);
    double* xd = xs.data();
    double* wd = ws.data();
    double* yd = ys.data();
    if (direction == 0) {
      each(n, [=](int64_t i, int64_t k, int64_t o) { yd[o] += xd[i] * wd[k]; });
      write(y, yp, ys, a, b);
    } else if (direction == 1) {
      each(n, [=](int64_t i, int64_t k, int64_t o) { xd[i] += yd[o] * wd[k]; });
      write(x, xp, xs, a, b);
    } else {
      each(n, [=](int64_t i, int64_t k, int64_t o) { wd[k] += xd[i] * yd[o]; });
      write(w, wp, ws, a, b);
    }
    return 0;
  });
}

int workspace(int direction, int number, size_t* to) {
  const Algorithm* algorithm = find(direction, number);
  *to = algorithm == nullptr ? 0 : algorithm->memory;
  return algorithm == nullptr ? NOT_SUPPORTED : SUCCESS;
}

int performances(int direction, const Tensor& x, const Tensor& w, const Tensor& y, const Convolution& c, int wanted, int* got,
                 Performance* to, size_t most) {
  if (!fits(x, w, y, c)) {
    return BAD_PARAM;
  }
  bool known = orders(x, w, y, c);
  std::vector<Algorithm> all(ALGORITHMS[direction], ALGORITHMS[direction] + 3);
  if (c.math == TENSOR_OP_MATH) {
    // As cuDNN also tries them without tensor cores: sooner done here, with less workspace.
    all.push_back({1, 0.14f, 1024, true});
  }
  *got = std::min(wanted, static_cast<int>(all.size()));
  for (int i = 0; i < *got; i++) {
    const Algorithm& a = all[static_cast<size_t>(i)];
    bool runs = known && a.memory <= most;
    to[i] = {a.number, runs ? SUCCESS : NOT_SUPPORTED, a.time, a.memory, a.deterministic ? 1 : 0, i < 3 ? c.math : 0, {}};
  }
  return SUCCESS;
}

const Convolution& convolution(const void* c) {
  return *static_cast<const Convolution*>(c);
}

int fill(Tensor* t, int type, int rank, const int* dims, const int* strides) {
  if (rank < 1 || rank > MOST_AXES || type_of(type) < 0) {
    return BAD_PARAM;
  }
  t->type = type_of(type);
  t->last = false;
  t->rank = rank;
  int64_t dense = 1;
  for (int d = rank - 1; d >= 0; d--) {
    if (dims[d] < 1) {
      return BAD_PARAM;
    }
    t->dims[d] = dims[d];
    t->strides[d] = strides != nullptr ? strides[d] : dense;
    dense *= dims[d];
  }
  return SUCCESS;
}

}  // namespace

API size_t cudnnGetVersion() {
  return static_cast<size_t>(kiln_setting("cudnn_version"));
}

API const char* cudnnGetErrorString(int code) {
  switch (code) {
    case SUCCESS: return "CUDNN_STATUS_SUCCESS";
    case BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    default: return "CUDNN_STATUS unknown";
  }
}

API int cudnnCreate(void** to) {
  *to = new Handle();
  return SUCCESS;
}

API int cudnnDestroy(void* handle) {
  delete static_cast<Handle*>(handle);
  return SUCCESS;
}

API int cudnnSetStream(void* handle, void* stream) {
  static_cast<Handle*>(handle)->stream = stream;
  return SUCCESS;
}

DESCRIPTOR(Tensor, Tensor)
DESCRIPTOR(Filter, Tensor)
DESCRIPTOR(Convolution, Convolution)

API int cudnnSetTensorNdDescriptor(void* t, int type, int rank, const int* dims, const int* strides) {
  return fill(static_cast<Tensor*>(t), type, rank, dims, strides);
}

API int cudnnSetFilterNdDescriptor(void* t, int type, int format, int rank, const int* dims) {
  Tensor* filter = static_cast<Tensor*>(t);
  int code = fill(filter, type, rank, dims, nullptr);
  if (code == SUCCESS && format == 1) {
    // Channels last.
    int64_t dense = filter->dims[1];
    filter->strides[1] = 1;
    for (int d = rank - 1; d >= 2; d--) {
      filter->strides[d] = dense;
      dense *= filter->dims[d];
    }
    filter->strides[0] = dense;
    filter->last = true;
  }
  return code == SUCCESS && format > 1 ? NOT_SUPPORTED : code;
}

API int cudnnSetConvolutionNdDescriptor(void* to, int rank, const int* pad, const int* stride, const int* dilation, int mode, int type) {
  Convolution* c = static_cast<Convolution*>(to);
  if (rank < 1 || rank > MOST_AXES) {
    return BAD_PARAM;
  }
  *c = Convolution();
  c->rank = rank;
  for (int d = 0; d < rank; d++) {
    if (pad[d] < 0 || stride[d] < 1 || dilation[d] < 1) {
      return BAD_PARAM;
    }
    c->pad[d] = pad[d];
    c->stride[d] = stride[d];
    c->dilation[d] = dilation[d];
  }
  c->mode = mode;
  c->type = type;
  return SUCCESS;
}

API int cudnnSetConvolutionGroupCount(void* c, int groups) {
  static_cast<Convolution*>(c)->groups = groups;
  return groups > 0 ? SUCCESS : BAD_PARAM;
}

API int cudnnSetConvolutionMathType(void* c, int math) {
  static_cast<Convolution*>(c)->math = math;
  return SUCCESS;
}

API int cudnnGetConvolutionForwardWorkspaceSize(void*, void*, void*, void*, void*, int number, size_t* to) {
  return workspace(0, number, to);
}

API int cudnnGetConvolutionBackwardDataWorkspaceSize(void*, void*, void*, void*, void*, int number, size_t* to) {
  return workspace(1, number, to);
}

API int cudnnGetConvolutionBackwardFilterWorkspaceSize(void*, void*, void*, void*, void*, int number, size_t* to) {
  return workspace(2, number, to);
}

API int cudnnGetConvolutionForwardAlgorithm_v7(void*, void* x, void* w, void* c, void* y, int wanted, int* got, Performance* to) {
  return performances(0, tensor(x), tensor(w), tensor(y), convolution(c), wanted, got, to, size_t{1} << 62);
}

API int cudnnGetConvolutionBackwardDataAlgorithm_v7(void*, void* w, void* y, void* c, void* x, int wanted, int* got, Performance* to) {
  return performances(1, tensor(x), tensor(w), tensor(y), convolution(c), wanted, got, to, size_t{1} << 62);
}

API int cudnnGetConvolutionBackwardFilterAlgorithm_v7(void*, void* x, void* y, void* c, void* w, int wanted, int* got, Performance* to) {
  return performances(2, tensor(x), tensor(w), tensor(y), convolution(c), wanted, got, to, size_t{1} << 62);
}

API int cudnnFindConvolutionForwardAlgorithmEx(void*, void* x, const void*, void* w, const void*, void* c, void* y, void*, int wanted,
                                               int* got, Performance* to, void*, size_t most) {
  kiln_count("cudnnFind");
  return performances(0, tensor(x), tensor(w), tensor(y), convolution(c), wanted, got, to, most);
}

API int cudnnFindConvolutionBackwardDataAlgorithmEx(void*, void* w, const void*, void* y, const void*, void* c, void* x, void*, int wanted,
                                                    int* got, Performance* to, void*, size_t most) {
  kiln_count("cudnnFind");
  return performances(1, tensor(x), tensor(w), tensor(y), convolution(c), wanted, got, to, most);
}

API int cudnnFindConvolutionBackwardFilterAlgorithmEx(void*, void* x, const void*, void* y, const void*, void* c, void* w, void*,
                                                      int wanted, int* got, Performance* to, void*, size_t most) {
  kiln_count("cudnnFind");
  return performances(2, tensor(x), tensor(w), tensor(y), convolution(c), wanted, got, to, most);
}

API int cudnnConvolutionForward(void* handle, const void* alpha, void* x, void* xp, void* w, void* wp, void* c, int algorithm,
                                void* workspace, size_t size, const void* beta, void* y, void* yp) {
  return convolve(0, handle, alpha, beta, tensor(x), xp, tensor(w), wp, tensor(y), yp, convolution(c), algorithm, workspace, size);
}

API int cudnnConvolutionBackwardData(void* handle, const void* alpha, void* w, void* wp, void* y, void* yp, void* c, int algorithm,
                                     void* workspace, size_t size, const void* beta, void* x, void* xp) {
  return convolve(1, handle, alpha, beta, tensor(x), xp, tensor(w), wp, tensor(y), yp, convolution(c), algorithm, workspace, size);
}

API int cudnnConvolutionBackwardFilter(void* handle, const void* alpha, void* x, void* xp, void* y, void* yp, void* c, int algorithm,
                                       void* workspace, size_t size, const void* beta, void* w, void* wp) {
  return convolve(2, handle, alpha, beta, tensor(x), xp, tensor(w), wp, tensor(y), yp, convolution(c), algorithm, workspace, size);
}
