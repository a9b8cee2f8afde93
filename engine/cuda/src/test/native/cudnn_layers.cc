// SPDX-License-Identifier: Apache-2.0
// The test's libcudnn: pooling and batch normalization, as cuDNN's API reference defines them.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "cudnn.h"

using namespace kiln;
using namespace kiln::dnn;

namespace {

enum : int { POOL_MAX = 0, AVERAGE_WITH_PADDING = 1, AVERAGE_WITHOUT_PADDING = 2, POOL_MAX_DETERMINISTIC = 3 };
enum : int { PER_ACTIVATION = 0, SPATIAL = 1, SPATIAL_PERSISTENT = 2 };

struct Pooling {
  int mode = 0;
  int nan = 0;
  int rank = 0;
  int64_t window[3] = {};
  int64_t pad[3] = {};
  int64_t stride[3] = {};
};

bool fits(const Pooling& p, const Tensor& x, const Tensor& y) {
  bool same = p.rank > 0 && x.rank == p.rank + 2 && y.rank == x.rank && x.type == y.type && x.dims[0] == y.dims[0] &&
              x.dims[1] == y.dims[1];
  for (int d = 0; same && d < p.rank; d++) {
    same = y.dims[d + 2] == 1 + (x.dims[d + 2] + 2 * p.pad[d] - p.window[d]) / p.stride[d];
  }
  return same;
}

// Calls visit with each element of y, each element of x in its window, and the number that its sum is divided by.
void windows(const Pooling& p, const Tensor& x, const Tensor& y, const std::function<void(int64_t, int64_t, double)>& visit) {
  int64_t plane = 1;
  int64_t taps = 1;
  int64_t positions = 1;
  for (int d = 0; d < p.rank; d++) {
    plane *= x.dims[d + 2];
    positions *= y.dims[d + 2];
    taps *= p.window[d];
  }
  std::vector<int64_t> places;
  for (int64_t i = 0; i < size_of(y); i++) {
    places.clear();
    for (int64_t t = 0; t < taps; t++) {
      int64_t position = i % positions;
      int64_t tap = t;
      int64_t at = 0;
      int64_t step = 1;
      bool in = true;
      for (int d = p.rank - 1; d >= 0; d--) {
        int64_t place = position % y.dims[d + 2] * p.stride[d] - p.pad[d] + tap % p.window[d];
        in = in && place >= 0 && place < x.dims[d + 2];
        at += place * step;
        step *= x.dims[d + 2];
        position /= y.dims[d + 2];
        tap /= p.window[d];
      }
      if (in) {
        places.push_back(i / positions * plane + at);
      }
    }
    double divisor = p.mode == AVERAGE_WITH_PADDING ? static_cast<double>(taps) : static_cast<double>(places.size());
    for (int64_t at : places) {
      visit(i, at, divisor);
    }
  }
}

bool is_average(const Pooling& p) {
  return p.mode == AVERAGE_WITH_PADDING || p.mode == AVERAGE_WITHOUT_PADDING;
}

// x as [n, c, elements], with the place of each in a dense array.
int64_t channels(const Tensor& x) {
  return x.dims[1];
}

int64_t spatial(const Tensor& x) {
  return size_of(x) / x.dims[0] / x.dims[1];
}

// The descriptor that cudnnDeriveBNTensorDescriptor gives.
Tensor derived(const Tensor& x, int mode) {
  Tensor t;
  t.type = x.type == R_64F ? R_64F : R_32F;
  t.rank = x.rank;
  int64_t dense = 1;
  for (int d = x.rank - 1; d >= 0; d--) {
    t.dims[d] = d == 1 || (mode == PER_ACTIVATION && d > 1) ? x.dims[d] : 1;
    t.strides[d] = dense;
    dense *= t.dims[d];
  }
  return t;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.type == b.type && a.rank == b.rank && std::equal(a.dims, a.dims + a.rank, b.dims);
}

// Whether descriptors are those of a batch normalization that this library computes.
bool fits(int mode, const Tensor& x, const Tensor& y, const Tensor& statistics) {
  bool one = mode != PER_ACTIVATION || spatial(x) == 1;
  return mode >= PER_ACTIVATION && mode <= SPATIAL_PERSISTENT && one && (x.rank == 4 || x.rank == 5) && same(x, y) && alike(x, y) &&
         same(statistics, derived(x, mode));
}

// Settings refuse channels last: of batch normalization in the persistent mode (1), in all (0), and of pooling (0).
bool takes_order(int mode, const Tensor& x) {
  return is_packed(x, false) || kiln_setting("norm_channels_last") > (mode == SPATIAL_PERSISTENT ? 1 : 0);
}

bool takes_order(const Tensor& x) {
  return is_packed(x, false) || kiln_setting("pool_channels_last") != 0;
}

void count_order(int mode, const Tensor& x) {
  if (!is_packed(x, false)) {
    kiln_count(mode == SPATIAL_PERSISTENT ? "channels_last_persistent" : "channels_last_spatial");
  }
}

std::vector<double> zeros(int64_t size) {
  return std::vector<double>(static_cast<size_t>(size));
}

// The channel of an element of a dense [n, c, elements].
size_t channel_of(const Tensor& x, size_t i) {
  return i / static_cast<size_t>(spatial(x)) % static_cast<size_t>(channels(x));
}

}  // namespace

DESCRIPTOR(Pooling, Pooling)

API int cudnnSetPoolingNdDescriptor(void* to, int mode, int nan, int rank, const int* window, const int* pad, const int* stride) {
  Pooling p;
  if (mode < POOL_MAX || mode > POOL_MAX_DETERMINISTIC || nan < 0 || nan > 1 || rank < 2 || rank > 3) {
    return rank < 2 || rank > 3 ? NOT_SUPPORTED : BAD_PARAM;
  }
  p.mode = mode;
  p.nan = nan;
  p.rank = rank;
  for (int d = 0; d < rank; d++) {
    if (window[d] < 1 || stride[d] < 1 || pad[d] < 0 || pad[d] >= window[d]) {
      return BAD_PARAM;
    }
    p.window[d] = window[d];
    p.pad[d] = pad[d];
    p.stride[d] = stride[d];
  }
  *static_cast<Pooling*>(to) = p;
  return SUCCESS;
}

API int cudnnPoolingForward(void* handle, void* pooling, const void* alpha, void* xd, const void* x, const void* beta, void* yd, void* y) {
  kiln_count("cudnnPoolingForward");
  Pooling p = *static_cast<Pooling*>(pooling);
  Tensor xt = tensor(xd);
  Tensor yt = tensor(yd);
  if (!fits(p, xt, yt)) {
    return BAD_PARAM;
  }
  if (!is_average(p) || !takes_order(xt)) {
    return NOT_SUPPORTED;
  }
  double a = scalar(yt, alpha);
  double b = scalar(yt, beta);
  return give(handle, "cudnnPoolingForward", [=] {
    if (!inside(xt, x, "the data of a pooling") || !inside(yt, y, "the result of a pooling")) {
      return 700;
    }
    std::vector<double> from = read(xt, x);
    std::vector<double> sums = zeros(size_of(yt));
    windows(p, xt, yt, [&](int64_t i, int64_t at, double divisor) { sums[size_t(i)] += from[size_t(at)] / divisor; });
    write(yt, y, sums, a, b);
    return 0;
  });
}

API int cudnnPoolingBackward(void* handle, void* pooling, const void* alpha, void* yd, const void* y, void* dyd, const void* dy, void* xd,
                             const void* x, const void* beta, void* dxd, void* dx) {
  kiln_count("cudnnPoolingBackward");
  Pooling p = *static_cast<Pooling*>(pooling);
  Tensor xt = tensor(xd);
  Tensor yt = tensor(yd);
  Tensor dxt = tensor(dxd);
  Tensor dyt = tensor(dyd);
  if (!fits(p, xt, yt) || !same(xt, dxt) || !same(yt, dyt) || x == nullptr || y == nullptr) {
    return BAD_PARAM;
  }
  if (!is_average(p) || !takes_order(xt)) {
    return NOT_SUPPORTED;
  }
  double a = scalar(dxt, alpha);
  double b = scalar(dxt, beta);
  return give(handle, "cudnnPoolingBackward", [=] {
    if (!inside(xt, x, "the data of a pooling") || !inside(yt, y, "the result of a pooling") ||
        !inside(dyt, dy, "the gradient of a pooling") || !inside(dxt, dx, "the gradient of a pooling's data")) {
      return 700;
    }
    // An average does not depend on x and y, which may hold anything.
    std::vector<double> from = read(dyt, dy);
    std::vector<double> sums = zeros(size_of(dxt));
    windows(p, xt, yt, [&](int64_t i, int64_t at, double divisor) { sums[size_t(at)] += from[size_t(i)] / divisor; });
    write(dxt, dx, sums, a, b);
    return 0;
  });
}

API int cudnnDeriveBNTensorDescriptor(void* to, void* x, int mode) {
  const Tensor& t = tensor(x);
  if (t.rank != 4 && t.rank != 5) {
    return BAD_PARAM;
  }
  *static_cast<Tensor*>(to) = derived(t, mode);
  return SUCCESS;
}

API int cudnnBatchNormalizationForwardTraining(void* handle, int mode, const void* alpha, const void* beta, void* xd, const void* x,
                                               void* yd, void* y, void* sd, const void* scale, const void* bias, double factor,
                                               void* running_mean, void* running_variance, double epsilon, void* saved_mean,
                                               void* saved_inverse) {
  kiln_count("cudnnBatchNormalizationForwardTraining");
  Tensor xt = tensor(xd);
  Tensor yt = tensor(yd);
  Tensor st = tensor(sd);
  bool both = (running_mean == nullptr) == (running_variance == nullptr) && (saved_mean == nullptr) == (saved_inverse == nullptr);
  if (!fits(mode, xt, yt, st) || !both || epsilon < 0) {
    return BAD_PARAM;
  }
  if (!takes_order(mode, xt)) {
    return NOT_SUPPORTED;
  }
  count_order(mode, xt);
  double a = scalar(xt, alpha);
  double b = scalar(xt, beta);
  return give(handle, "cudnnBatchNormalizationForwardTraining", [=] {
    for (const void* p : {scale, bias, static_cast<const void*>(running_mean), static_cast<const void*>(running_variance),
                          static_cast<const void*>(saved_mean), static_cast<const void*>(saved_inverse)}) {
      if (p != nullptr && !inside(st, p, "a statistic of a batch normalization")) {
        return 700;
      }
    }
    if (!inside(xt, x, "the data of a batch normalization") || !inside(yt, y, "the result of a batch normalization")) {
      return 700;
    }
    std::vector<double> values = read(xt, x);
    std::vector<double> gammas = read(st, scale);
    std::vector<double> betas = read(st, bias);
    double n = static_cast<double>(values.size()) / static_cast<double>(channels(xt));
    std::vector<double> means = zeros(channels(xt));
    std::vector<double> variances = zeros(channels(xt));
    std::vector<double> inverses = zeros(channels(xt));
    for (size_t i = 0; i < values.size(); i++) {
      means[channel_of(xt, i)] += values[i] / n;
    }
    for (size_t i = 0; i < values.size(); i++) {
      double far = values[i] - means[channel_of(xt, i)];
      variances[channel_of(xt, i)] += far * far / n;
    }
    for (size_t c = 0; c < inverses.size(); c++) {
      inverses[c] = 1 / std::sqrt(variances[c] + epsilon);
      if (running_mean != nullptr) {
        // The running variance is that of a sample.
        double mean = (1 - factor) * get<double>(running_mean, int64_t(c), st.type) + factor * means[c];
        double variance = (1 - factor) * get<double>(running_variance, int64_t(c), st.type) + factor * variances[c] * n / (n - 1);
        put(running_mean, int64_t(c), st.type, mean);
        put(running_variance, int64_t(c), st.type, variance);
      }
    }
    for (size_t i = 0; i < values.size(); i++) {
      size_t c = channel_of(xt, i);
      values[i] = (values[i] - means[c]) * inverses[c] * gammas[c] + betas[c];
    }
    write(yt, y, values, a, b);
    if (saved_mean != nullptr) {
      write(st, saved_mean, means, 1, 0);
      write(st, saved_inverse, inverses, 1, 0);
    }
    return 0;
  });
}

API int cudnnBatchNormalizationForwardInference(void* handle, int mode, const void* alpha, const void* beta, void* xd, const void* x,
                                                void* yd, void* y, void* sd, const void* scale, const void* bias, const void* mean,
                                                const void* variance, double epsilon) {
  kiln_count("cudnnBatchNormalizationForwardInference");
  Tensor xt = tensor(xd);
  Tensor yt = tensor(yd);
  Tensor st = tensor(sd);
  if (!fits(mode, xt, yt, st) || epsilon < 0) {
    return BAD_PARAM;
  }
  if (!takes_order(mode, xt)) {
    return NOT_SUPPORTED;
  }
  double a = scalar(xt, alpha);
  double b = scalar(xt, beta);
  return give(handle, "cudnnBatchNormalizationForwardInference", [=] {
    for (const void* p : {scale, bias, mean, variance}) {
      if (!inside(st, p, "a statistic of a batch normalization")) {
        return 700;
      }
    }
    if (!inside(xt, x, "the data of a batch normalization") || !inside(yt, y, "the result of a batch normalization")) {
      return 700;
    }
    std::vector<double> values = read(xt, x);
    for (size_t i = 0; i < values.size(); i++) {
      int64_t c = static_cast<int64_t>(channel_of(xt, i));
      double inverse = 1 / std::sqrt(get<double>(variance, c, st.type) + epsilon);
      values[i] = (values[i] - get<double>(mean, c, st.type)) * inverse * get<double>(scale, c, st.type) + get<double>(bias, c, st.type);
    }
    write(yt, y, values, a, b);
    return 0;
  });
}

API int cudnnBatchNormalizationBackward(void* handle, int mode, const void* alpha_data, const void* beta_data, const void* alpha_parameter,
                                        const void* beta_parameter, void* xd, const void* x, void* dyd, const void* dy, void* dxd, void* dx,
                                        void* sd, const void* scale, void* dscale, void* dbias, double epsilon, const void* saved_mean,
                                        const void* saved_inverse) {
  kiln_count("cudnnBatchNormalizationBackward");
  Tensor xt = tensor(xd);
  Tensor dyt = tensor(dyd);
  Tensor dxt = tensor(dxd);
  Tensor st = tensor(sd);
  if (!fits(mode, xt, dyt, st) || !same(xt, dxt) || !alike(xt, dxt) || epsilon < 0 || (saved_mean == nullptr) != (saved_inverse == nullptr)) {
    return BAD_PARAM;
  }
  if (saved_mean == nullptr || !takes_order(mode, xt)) {
    return NOT_SUPPORTED;
  }
  count_order(mode, xt);
  double a = scalar(xt, alpha_data);
  double b = scalar(xt, beta_data);
  double pa = scalar(st, alpha_parameter);
  double pb = scalar(st, beta_parameter);
  return give(handle, "cudnnBatchNormalizationBackward", [=] {
    for (const void* p : {scale, static_cast<const void*>(dscale), static_cast<const void*>(dbias), saved_mean, saved_inverse}) {
      if (!inside(st, p, "a statistic of a batch normalization")) {
        return 700;
      }
    }
    if (!inside(xt, x, "the data of a batch normalization") || !inside(dyt, dy, "the gradient of a batch normalization") ||
        !inside(dxt, dx, "the gradient of a batch normalization's data")) {
      return 700;
    }
    std::vector<double> values = read(xt, x);
    std::vector<double> gradients = read(dyt, dy);
    std::vector<double> gammas = read(st, scale);
    std::vector<double> means = read(st, saved_mean);
    std::vector<double> inverses = read(st, saved_inverse);
    std::vector<double> dgammas = zeros(channels(xt));
    std::vector<double> dbetas = zeros(channels(xt));
    double n = static_cast<double>(values.size()) / static_cast<double>(channels(xt));
    for (size_t i = 0; i < values.size(); i++) {
      size_t c = channel_of(xt, i);
      values[i] = (values[i] - means[c]) * inverses[c];
      dgammas[c] += gradients[i] * values[i];
      dbetas[c] += gradients[i];
    }
    for (size_t i = 0; i < values.size(); i++) {
      size_t c = channel_of(xt, i);
      gradients[i] = gammas[c] * inverses[c] * (gradients[i] - (dbetas[c] + values[i] * dgammas[c]) / n);
    }
    write(dxt, dx, gradients, a, b);
    write(st, dscale, dgammas, pa, pb);
    write(st, dbias, dbetas, pa, pb);
    return 0;
  });
}
