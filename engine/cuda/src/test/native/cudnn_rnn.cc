// SPDX-License-Identifier: Apache-2.0
// The test's libcudnn: recurrent layers. Stricter than cuDNN: what is kept for the gradient can be used once, weights have gaps between
// them, and sequences are packed and of one length.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "cudnn_rnn.h"

using namespace kiln;
using namespace kiln::dnn;

namespace {

bool is_reserve(const void* at, size_t size) {
  return aligned(at, 256, "the reserve of a recurrent layer") &&
         kiln_in_block(reinterpret_cast<uint64_t>(at), size, "the reserve of a recurrent layer");
}

bool all_inside(const Run& r, const void* x, const void* y, const void* weights, size_t weight_size, const void* workspace, size_t size) {
  return covers(x, r.x.steps * r.x.rows * r.x.width, r.l.type, "the inputs of a recurrent layer") &&
         covers(y, r.y.steps * r.y.rows * r.y.width, r.l.type, "the result of a recurrent layer") &&
         aligned(weights, 256, "the weights of a recurrent layer") &&
         kiln_in_block(reinterpret_cast<uint64_t>(weights), weight_size, "the weights of a recurrent layer") &&
         kiln_in_block(reinterpret_cast<uint64_t>(workspace), size, "the workspace of a recurrent layer");
}

bool state_inside(const Run& r, const void* at, int64_t width) {
  return at == nullptr || covers(at, r.x.rows * width, r.l.type, "a state of a recurrent layer");
}

int64_t& stage(void* reserve) {
  return *static_cast<int64_t*>(reserve);
}

}  // namespace

DESCRIPTOR(Dropout, Dropout)
DESCRIPTOR(RNN, Layer)
DESCRIPTOR(RNNData, Sequence)

API int cudnnSetDropoutDescriptor(void* to, void* handle, float rate, void* states, size_t size, unsigned long long) {
  if (handle == nullptr || rate < 0 || rate > 1 || (rate > 0 && (states == nullptr || size == 0))) {
    return BAD_PARAM;
  }
  *static_cast<Dropout*>(to) = {true, rate};
  return SUCCESS;
}

API int cudnnSetRNNDescriptor_v8(void* to, int algorithm, int mode, int bias, int direction, int input_mode, int type, int precision,
                                 int math, int input, int hidden, int state, int layers, void* dropout, uint32_t flags) {
  kiln_count("cudnnSetRNNDescriptor_v8");
  bool wide = type_of(type) == R_64F;
  if (mode < RELU || mode > GRU || input < 1 || hidden < 1 || state < 1 || state > hidden || layers < 1 || dropout == nullptr ||
      !static_cast<Dropout*>(dropout)->set || (state < hidden && mode != LSTM)) {
    return BAD_PARAM;
  }
  if (kiln_setting("recurrent") == 2) {
    return INTERNAL_ERROR;
  }
  if (kiln_setting("recurrent") == 0 || algorithm != 0 || bias != DOUBLE_BIAS || direction != 0 || input_mode != LINEAR_INPUT || layers != 1 ||
      flags != 0 || type_of(type) < 0 || precision != (wide ? 1 : 0) || (wide && math != DEFAULT_MATH) ||
      (type_of(type) == R_16BF && kiln_setting("cudnn_version") < VERSION_WITH_BFLOAT16)) {
    return NOT_SUPPORTED;
  }
  Layer* l = static_cast<Layer*>(to);
  l->set = true;
  l->mode = mode;
  l->type = type_of(type);
  l->math = math;
  l->input = input;
  l->hidden = hidden;
  l->state = state;
  kiln_count(math == FMA_MATH ? "cudnn_rnn_fma" : "cudnn_rnn_tensor_cores");
  return SUCCESS;
}

API int cudnnSetRNNDataDescriptor(void* to, int type, int layout, int steps, int rows, int width, const int* lengths, void*) {
  if (type_of(type) < 0 || steps < 1 || rows < 1 || width < 1 || lengths == nullptr) {
    return BAD_PARAM;
  }
  if (layout != PACKED || std::any_of(lengths, lengths + rows, [=](int length) { return length != steps; })) {
    return NOT_SUPPORTED;
  }
  *static_cast<Sequence*>(to) = {true, type_of(type), steps, rows, width};
  return SUCCESS;
}

API int cudnnGetRNNWeightSpaceSize(void*, void* layer, size_t* to) {
  const Layer& l = *static_cast<Layer*>(layer);
  if (!l.set) {
    return BAD_PARAM;
  }
  *to = weight_bytes(l);
  return SUCCESS;
}

API int cudnnGetRNNTempSpaceSizes(void*, void* layer, int mode, void* sequence, size_t* workspace, size_t* reserve) {
  const Layer& l = *static_cast<Layer*>(layer);
  const Sequence& x = *static_cast<Sequence*>(sequence);
  if (!l.set || !x.set || x.width != l.input || x.type != l.type || (mode != INFERENCE && mode != TRAINING)) {
    return BAD_PARAM;
  }
  *workspace = workspace_bytes(l, x, mode);
  *reserve = mode == TRAINING ? reserve_bytes(l, x) : 0;
  return SUCCESS;
}

API int cudnnGetRNNWeightParams(void*, void* layer, int pseudo, size_t size, const void* space, int which, void* matrix, void** matrix_at,
                                void* bias, void** bias_at) {
  const Layer& l = *static_cast<Layer*>(layer);
  if (!l.set || pseudo != 0 || size != weight_bytes(l) || space == nullptr || which < 0 || which > 8) {
    return BAD_PARAM;
  }
  int projection = l.mode == LSTM && l.projected() ? 8 : -1;
  if (which >= 2 * l.gates() && which != projection) {
    *matrix_at = *bias_at = nullptr;
    return SUCCESS;
  }
  Place p = place(l, which);
  char* start = const_cast<char*>(static_cast<const char*>(space));
  auto element = static_cast<int64_t>(kiln::size_of(l.type));
  *matrix_at = start + p.matrix * element;
  *bias_at = p.bias < 0 ? nullptr : start + p.bias * element;
  auto fill = [&](void* t, int64_t rows, int64_t columns) {
    Tensor& to = *static_cast<Tensor*>(t);
    to = Tensor();
    to.type = l.type;
    to.rank = 3;
    int64_t dims[] = {1, rows, columns};
    int64_t strides[] = {rows * columns, columns, 1};
    std::copy(dims, dims + 3, to.dims);
    std::copy(strides, strides + 3, to.strides);
  };
  fill(matrix, p.rows, p.columns);
  fill(bias, l.hidden, 1);
  return SUCCESS;
}

API int cudnnRNNForward(void* handle, void* layer, int mode, const int32_t*, void* xd, const void* x, void* yd, void* y, void* hd,
                        const void* hx, void* hy, void* cd, const void* cx, void* cy, size_t weight_size, const void* weights,
                        size_t workspace_size, void* workspace, size_t reserve_size, void* reserve) {
  kiln_count(mode == TRAINING ? "cudnnRNNForward_training" : "cudnnRNNForward_inference");
  Run r(*static_cast<Layer*>(layer), *static_cast<Sequence*>(xd), *static_cast<Sequence*>(yd));
  bool training = mode == TRAINING;
  bool cells = r.l.mode == LSTM;
  if (!fits(r.l, r.x, r.y) || !is_state(hd, r.l, r.x, r.l.state) || cells != (cd != nullptr) || (cells && !is_state(cd, r.l, r.x, r.l.hidden)) ||
      weight_size != weight_bytes(r.l) || workspace_size < workspace_bytes(r.l, r.x, mode) ||
      (training && reserve_size < reserve_bytes(r.l, r.x))) {
    return BAD_PARAM;
  }
  return give(handle, "cudnnRNNForward", [=] {
    if (!all_inside(r, x, y, weights, weight_size, workspace, workspace_size) || !state_inside(r, hx, r.l.state) ||
        !state_inside(r, hy, r.l.state) || !state_inside(r, cx, r.l.hidden) || !state_inside(r, cy, r.l.hidden) ||
        (training && !is_reserve(reserve, reserve_size))) {
      return 700;
    }
    memset(workspace, 0xFF, workspace_size);
    int type = r.l.type;
    Array firsts{cx, type};
    std::vector<double> state(static_cast<size_t>(r.x.rows * r.l.hidden));
    for (size_t i = 0; i < state.size(); i++) {
      state[i] = cells ? firsts[static_cast<int64_t>(i)] : 0;
    }
    for (int64_t t = 0; t < r.x.steps; t++) {
      for (int64_t n = 0; n < r.x.rows; n++) {
        r.step({x, type}, {weights, type}, {hx, type}, y, state, t, n, training ? r.saved(reserve, t, n) : nullptr);
      }
    }
    for (int64_t i = 0; hy != nullptr && i < r.x.rows * r.l.state; i++) {
      put(hy, i, type, Array{y, type}[r.at(r.x.steps - 1, 0, r.l.state) + i]);
    }
    for (size_t i = 0; cy != nullptr && i < state.size(); i++) {
      put(cy, static_cast<int64_t>(i), type, state[i]);
    }
    if (training) {
      stage(reserve) = AFTER_FORWARD;
    }
    return 0;
  });
}

API int cudnnRNNBackwardData_v8(void* handle, void* layer, const int32_t*, void* yd, const void* y, const void* dy, void* xd, void* dx,
                                void* hd, const void* hx, const void* dhy, void* dhx, void* cd, const void* cx, const void* dcy, void* dcx,
                                size_t weight_size, const void* weights, size_t workspace_size, void* workspace, size_t reserve_size,
                                void* reserve) {
  kiln_count("cudnnRNNBackwardData_v8");
  Run r(*static_cast<Layer*>(layer), *static_cast<Sequence*>(xd), *static_cast<Sequence*>(yd));
  bool cells = r.l.mode == LSTM;
  if (!fits(r.l, r.x, r.y) || !is_state(hd, r.l, r.x, r.l.state) || cells != (cd != nullptr) || (cells && !is_state(cd, r.l, r.x, r.l.hidden)) ||
      weight_size != weight_bytes(r.l) || workspace_size < workspace_bytes(r.l, r.x, TRAINING) || reserve_size < reserve_bytes(r.l, r.x)) {
    return BAD_PARAM;
  }
  return give(handle, "cudnnRNNBackwardData_v8", [=] {
    if (!all_inside(r, dx, y, weights, weight_size, workspace, workspace_size) || !state_inside(r, hx, r.l.state) ||
        !covers(dy, r.y.steps * r.y.rows * r.y.width, r.l.type, "the gradient of a recurrent layer") || !state_inside(r, dhy, r.l.state) ||
        !state_inside(r, dhx, r.l.state) || !state_inside(r, dcy, r.l.hidden) || !state_inside(r, dcx, r.l.hidden) ||
        !state_inside(r, cx, r.l.hidden) ||
        !is_reserve(reserve, reserve_size)) {
      return 700;
    }
    if (stage(reserve) != AFTER_FORWARD) {
      fprintf(stderr, "Kiln's test driver: cudnnRNNBackwardData_v8 was given a reserve that cudnnRNNForward did not write last\n");
      return 719;
    }
    memset(workspace, 0xFF, workspace_size);
    int type = r.l.type;
    Array ws{weights, type};
    for (int64_t n = 0; n < r.x.rows; n++) {
      std::vector<double> dh(static_cast<size_t>(r.l.hidden)), dc(dh.size());
      for (int64_t k = 0; k < r.l.hidden; k++) {
        dc[static_cast<size_t>(k)] = Array{dcy, type}[n * r.l.hidden + k];
        dh[static_cast<size_t>(k)] = k < r.l.state ? Array{dhy, type}[n * r.l.state + k] : 0;
      }
      for (int64_t t = r.x.steps - 1; t >= 0; t--) {
        double* keep = r.saved(reserve, t, n);
        for (int64_t k = 0; k < r.l.state; k++) {
          dh[static_cast<size_t>(k)] += Array{dy, type}[r.at(t, n, r.l.state) + k];
        }
        r.back(ws, {y, type}, {hx, type}, dh.data(), dc.data(), t, n, keep);
        for (int64_t k = 0; k < r.l.input; k++) {
          double sum = 0;
          for (int64_t g = 0; g < r.l.gates(); g++) {
            for (int64_t j = 0; j < r.l.hidden; j++) {
              sum += ws[place(r.l, g).matrix + j * r.l.input + k] * keep[r.row.of_input(g) + j];
            }
          }
          put(dx, r.at(t, n, r.l.input) + k, type, sum);
        }
      }
      for (int64_t k = 0; k < r.l.hidden; k++) {
        if (dcx != nullptr) {
          put(dcx, n * r.l.hidden + k, type, dc[static_cast<size_t>(k)]);
        }
        if (dhx != nullptr && k < r.l.state) {
          put(dhx, n * r.l.state + k, type, dh[static_cast<size_t>(k)]);
        }
      }
    }
    stage(reserve) = AFTER_DATA;
    return 0;
  });
}

API int cudnnRNNBackwardWeights_v8(void* handle, void* layer, int add, const int32_t*, void* xd, const void* x, void* hd, const void* hx,
                                   void* yd, const void* y, size_t weight_size, void* dweights, size_t workspace_size, void* workspace,
                                   size_t reserve_size, void* reserve) {
  kiln_count("cudnnRNNBackwardWeights_v8");
  Run r(*static_cast<Layer*>(layer), *static_cast<Sequence*>(xd), *static_cast<Sequence*>(yd));
  if (!fits(r.l, r.x, r.y) || !is_state(hd, r.l, r.x, r.l.state) || weight_size != weight_bytes(r.l) ||
      workspace_size < workspace_bytes(r.l, r.x, TRAINING) || reserve_size < reserve_bytes(r.l, r.x)) {
    return BAD_PARAM;
  }
  if (add != ADD) {
    return NOT_SUPPORTED;
  }
  return give(handle, "cudnnRNNBackwardWeights_v8", [=] {
    if (!all_inside(r, x, y, dweights, weight_size, workspace, workspace_size) || !state_inside(r, hx, r.l.state) ||
        !is_reserve(reserve, reserve_size)) {
      return 700;
    }
    if (stage(reserve) != AFTER_DATA) {
      fprintf(stderr, "Kiln's test driver: cudnnRNNBackwardWeights_v8 was not called after cudnnRNNBackwardData_v8\n");
      return 719;
    }
    memset(workspace, 0xFF, workspace_size);
    int type = r.l.type;
    Array xs{x, type}, ys{y, type}, first{hx, type};
    // The gradients are added to what is there.
    auto sum = [&](const Place& p, const std::function<double(const double*, int64_t)>& d,
                   const std::function<double(const double*, int64_t, int64_t, int64_t)>& v) {
      std::vector<double> matrix(static_cast<size_t>(p.rows * p.columns)), bias(static_cast<size_t>(p.rows));
      for (int64_t t = 0; t < r.x.steps; t++) {
        for (int64_t n = 0; n < r.x.rows; n++) {
          const double* keep = r.saved(reserve, t, n);
          for (int64_t j = 0; j < p.rows; j++) {
            double of = d(keep, j);
            bias[static_cast<size_t>(j)] += of;
            for (int64_t k = 0; k < p.columns; k++) {
              matrix[static_cast<size_t>(j * p.columns + k)] += of * v(keep, t, n, k);
            }
          }
        }
      }
      for (size_t i = 0; i < matrix.size(); i++) {
        int64_t at = p.matrix + static_cast<int64_t>(i);
        put(dweights, at, type, get<double>(dweights, at, type) + matrix[i]);
      }
      for (size_t i = 0; p.bias >= 0 && i < bias.size(); i++) {
        int64_t at = p.bias + static_cast<int64_t>(i);
        put(dweights, at, type, get<double>(dweights, at, type) + bias[i]);
      }
    };
    for (int64_t g = 0; g < r.l.gates(); g++) {
      sum(
          place(r.l, g), [&](const double* keep, int64_t j) { return keep[r.row.of_input(g) + j]; },
          [&](const double*, int64_t t, int64_t n, int64_t k) { return xs[r.at(t, n, r.l.input) + k]; });
      sum(
          place(r.l, r.l.gates() + g), [&](const double* keep, int64_t j) { return keep[r.row.of_state(g) + j]; },
          [&](const double*, int64_t t, int64_t n, int64_t k) { return r.before(ys, first, t, n, k); });
    }
    if (r.l.projected()) {
      sum(
          place(r.l, 2 * r.l.gates()), [&](const double* keep, int64_t j) { return keep[r.row.of_result() + j]; },
          [&](const double* keep, int64_t, int64_t, int64_t k) { return keep[r.row.saved(6) + k]; });
    }
    return 0;
  });
}
