// SPDX-License-Identifier: Apache-2.0
// One direction of one recurrent layer by the formulas of cuDNN's API reference, in double, and where the test's libcudnn has its weights.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "cudnn.h"

namespace kiln::dnn {

enum : int { RELU = 0, TANH = 1, LSTM = 2, GRU = 3 };
enum : int { INFERENCE = 0, TRAINING = 1 };
enum : int { DOUBLE_BIAS = 2, LINEAR_INPUT = 0, PACKED = 1, ADD = 0, DEFAULT_MATH = 0, FMA_MATH = 3 };
enum : int64_t { AFTER_FORWARD = 0x464f5257, AFTER_DATA = 0x44415441, VERSION_WITH_BFLOAT16 = 91300 };
constexpr int64_t GAP = 32;
constexpr int64_t HEADER = 8;

struct Dropout {
  bool set = false;
  float rate = 0;
};

struct Layer {
  bool set = false;
  int mode = 0, type = 0, math = 0;
  int64_t input = 0, hidden = 0, state = 0;

  int64_t gates() const { return mode == LSTM ? 4 : mode == GRU ? 3 : 1; }
  bool projected() const { return state < hidden; }
  int64_t linear_layers() const { return 2 * gates() + (projected() ? 1 : 0); }
};

struct Sequence {
  bool set = false;
  int type = 0;
  int64_t steps = 0, rows = 0, width = 0;
};

struct Place {
  int64_t rows, columns, matrix, bias;
};

// Where the matrix and the bias of a linear layer are, in elements.
inline Place place(const Layer& l, int64_t which) {
  int64_t at = 0;
  int64_t gap = l.mode == LSTM ? GAP : 0;
  for (int64_t i = 0;; i++) {
    bool projects = i == 2 * l.gates();
    int64_t rows = projects ? l.state : l.hidden;
    int64_t columns = projects ? l.hidden : i < l.gates() ? l.input : l.state;
    if (i == which) {
      int64_t matrices = l.hidden * l.gates() * (l.input + l.state) + (l.projected() ? l.hidden * l.state : 0);
      return {rows, columns, at, projects ? -1 : matrices + gap * l.linear_layers() + i * (l.hidden + gap)};
    }
    at += rows * columns + gap;
  }
}

inline size_t weight_bytes(const Layer& l) {
  Place last = place(l, 2 * l.gates() - 1);
  return static_cast<size_t>(last.bias + l.hidden) * kiln::size_of(l.type);
}

// What a row of a step has in the reserve: saved values of up to seven vectors, then gradients of both sums of each gate, and of the state.
struct Row {
  int64_t hidden, gates;
  int64_t size() const { return (7 + 2 * gates + 1) * hidden; }
  int64_t saved(int64_t k) const { return k * hidden; }
  int64_t of_input(int64_t g) const { return (7 + g) * hidden; }
  int64_t of_state(int64_t g) const { return (7 + gates + g) * hidden; }
  int64_t of_result() const { return (7 + 2 * gates) * hidden; }
};

inline size_t reserve_bytes(const Layer& l, const Sequence& x) {
  return static_cast<size_t>(HEADER + x.steps * x.rows * Row{l.hidden, l.gates()}.size()) * sizeof(double);
}

inline size_t workspace_bytes(const Layer& l, const Sequence& x, int mode) {
  return static_cast<size_t>(x.rows * l.hidden * (mode == TRAINING ? 8 : 4)) + 4;
}

inline bool fits(const Layer& l, const Sequence& x, const Sequence& y) {
  return l.set && x.set && y.set && x.type == l.type && y.type == l.type && x.steps == y.steps && x.rows == y.rows && x.width == l.input &&
         y.width == l.state;
}

inline bool is_state(const void* t, const Layer& l, const Sequence& x, int64_t width) {
  const Tensor& s = tensor(t);
  return t != nullptr && s.type == l.type && s.rank == 3 && s.dims[0] == 1 && s.dims[1] == x.rows && s.dims[2] == width && s.strides[2] == 1 &&
         s.strides[1] == width;
}

inline bool covers(const void* at, int64_t elements, int type, const char* what) {
  return loadable(at, type, what) &&
         kiln_in_block(reinterpret_cast<uint64_t>(at), static_cast<uint64_t>(elements) * kiln::size_of(type), what);
}

// An array of the device as doubles; zeros where there is none.
struct Array {
  const void* at;
  int type;
  double operator[](int64_t i) const { return at == nullptr ? 0 : get<double>(at, i, type); }
};

inline double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// W v + b of one linear layer.
inline void linear(const Layer& l, const Array& w, int64_t which, const std::function<double(int64_t)>& v, double* to) {
  Place p = place(l, which);
  for (int64_t j = 0; j < p.rows; j++) {
    double sum = p.bias < 0 ? 0 : w[p.bias + j];
    for (int64_t k = 0; k < p.columns; k++) {
      sum += w[p.matrix + j * p.columns + k] * v(k);
    }
    to[j] = sum;
  }
}

struct Run {
  Layer l;
  Sequence x, y;
  Row row;
  Run(const Layer& l, const Sequence& x, const Sequence& y) : l(l), x(x), y(y), row{l.hidden, l.gates()} {}

  int64_t at(int64_t t, int64_t n, int64_t width) const { return (t * x.rows + n) * width; }

  double* saved(void* reserve, int64_t t, int64_t n) const { return static_cast<double*>(reserve) + HEADER + at(t, n, row.size()); }

  double before(const Array& states, const Array& first, int64_t t, int64_t n, int64_t k) const {
    return t == 0 ? first[n * l.state + k] : states[at(t - 1, n, l.state) + k];
  }

  void step(const Array& xs, const Array& ws, const Array& hx, void* yp, std::vector<double>& cells, int64_t t, int64_t n, double* keep) const {
    int64_t h = l.hidden;
    int64_t gates = l.gates();
    Array ys{yp, l.type};
    std::vector<double> a(static_cast<size_t>(gates * h)), b(a.size()), out(static_cast<size_t>(h));
    for (int64_t g = 0; g < gates; g++) {
      linear(l, ws, g, [&](int64_t k) { return xs[at(t, n, l.input) + k]; }, a.data() + g * h);
      linear(l, ws, gates + g, [&](int64_t k) { return before(ys, hx, t, n, k); }, b.data() + g * h);
    }
    for (int64_t j = 0; j < h; j++) {
      double& result = out[static_cast<size_t>(j)];
      auto sum = [&](int64_t g) { return a[static_cast<size_t>(g * h + j)] + b[static_cast<size_t>(g * h + j)]; };
      double values[7] = {};
      if (l.mode == LSTM) {
        double& c = cells[static_cast<size_t>(n * h + j)];
        double i = sigmoid(sum(0)), f = sigmoid(sum(1)), candidate = std::tanh(sum(2)), o = sigmoid(sum(3));
        double old = c;
        c = f * c + i * candidate;
        result = o * std::tanh(c);
        double all[] = {i, f, candidate, o, old, std::tanh(c), result};
        std::copy(all, all + 7, values);
      } else if (l.mode == GRU) {
        double inner = b[static_cast<size_t>(2 * h + j)];
        double r = sigmoid(sum(0)), z = sigmoid(sum(1));
        double candidate = std::tanh(a[static_cast<size_t>(2 * h + j)] + r * inner);
        result = (1 - z) * candidate + z * before(ys, hx, t, n, j);
        double all[] = {r, z, candidate, inner};
        std::copy(all, all + 4, values);
      } else {
        result = l.mode == TANH ? std::tanh(sum(0)) : std::max(0.0, sum(0));
        values[0] = l.mode == TANH ? 1 - result * result : result > 0 ? 1 : 0;
      }
      for (int64_t k = 0; keep != nullptr && k < 7; k++) {
        keep[row.saved(k) + j] = values[k];
      }
    }
    if (l.projected()) {
      std::vector<double> projected(static_cast<size_t>(l.state));
      linear(l, ws, 2 * gates, [&](int64_t k) { return out[static_cast<size_t>(k)]; }, projected.data());
      out = projected;
    }
    for (int64_t k = 0; k < l.state; k++) {
      put(yp, at(t, n, l.state) + k, l.type, out[static_cast<size_t>(k)]);
    }
  }

  // Gradients of the sums of a row's gates, of dh and dc after its step; these become what goes to the step before, except for products.
  void back(const Array& ws, const Array& ys, const Array& hx, double* dh, double* dc, int64_t t, int64_t n, double* keep) const {
    int64_t h = l.hidden;
    std::vector<double> dm(dh, dh + l.state);
    std::copy(dh, dh + l.state, keep + row.of_result());
    std::fill(dh, dh + l.state, 0);
    if (l.projected()) {
      Place p = place(l, 2 * l.gates());
      dm.assign(static_cast<size_t>(h), 0);
      for (int64_t r = 0; r < l.state; r++) {
        for (int64_t j = 0; j < h; j++) {
          dm[static_cast<size_t>(j)] += ws[p.matrix + r * h + j] * keep[row.of_result() + r];
        }
      }
    }
    for (int64_t j = 0; j < h; j++) {
      double d = dm[static_cast<size_t>(j)];
      auto value = [&](int64_t k) { return keep[row.saved(k) + j]; };
      auto both = [&](int64_t g, double v) { keep[row.of_input(g) + j] = keep[row.of_state(g) + j] = v; };
      if (l.mode == LSTM) {
        double i = value(0), f = value(1), candidate = value(2), o = value(3), squashed = value(5);
        double cell = dc[j] + d * o * (1 - squashed * squashed);
        both(0, cell * candidate * i * (1 - i));
        both(1, cell * value(4) * f * (1 - f));
        both(2, cell * i * (1 - candidate * candidate));
        both(3, d * squashed * o * (1 - o));
        dc[j] = cell * f;
      } else if (l.mode == GRU) {
        double r = value(0), z = value(1), candidate = value(2), inner = value(3);
        double dn = d * (1 - z) * (1 - candidate * candidate);
        both(0, dn * inner * r * (1 - r));
        both(1, d * (before(ys, hx, t, n, j) - candidate) * z * (1 - z));
        keep[row.of_input(2) + j] = dn;
        keep[row.of_state(2) + j] = dn * r;
        dh[j] = d * z;
      } else {
        both(0, d * value(0));
      }
    }
    for (int64_t g = 0; g < l.gates(); g++) {
      Place p = place(l, l.gates() + g);
      for (int64_t j = 0; j < h; j++) {
        for (int64_t k = 0; k < l.state; k++) {
          dh[k] += ws[p.matrix + j * l.state + k] * keep[row.of_state(g) + j];
        }
      }
    }
    // The activations are gone once their gradients are there; what a projection was given is still needed.
    std::fill(keep, keep + row.saved(6), NAN);
  }
};

}  // namespace kiln::dnn
