// SPDX-License-Identifier: Apache-2.0
// What the files of the test's libcudnn share: handles, descriptors of tensors, and their elements as doubles.
#pragma once

#include <cstdio>
#include <functional>
#include <vector>

#include "numbers.h"

#define API extern "C" __attribute__((visibility("default")))

extern "C" int kiln_give(void* stream, const char* what, std::function<int()>* run);
extern "C" bool kiln_in_block(uint64_t address, uint64_t size, const char* what);
extern "C" void kiln_count(const char* name);
extern "C" int64_t kiln_setting(const char* name);

namespace kiln::dnn {

enum : int { SUCCESS = 0, BAD_PARAM = 2000, NOT_SUPPORTED = 3000, INTERNAL_ERROR = 4000, EXECUTION_FAILED = 5000 };
constexpr int MOST_AXES = 8;

struct Handle {
  void* stream = nullptr;
};

struct Tensor {
  int type = 0;
  int rank = 0;
  int64_t dims[MOST_AXES] = {};
  int64_t strides[MOST_AXES] = {};
  // Of a filter: its channels are last.
  bool last = false;
};

// cuDNN's numbers of types.
inline int type_of(int type) {
  switch (type) {
    case 0:
      return R_32F;
    case 1:
      return R_64F;
    case 2:
      return R_16F;
    case 9:
      return R_16BF;
    default:
      return -1;
  }
}

inline int64_t size_of(const Tensor& t) {
  int64_t size = 1;
  for (int d = 0; d < t.rank; d++) {
    size *= t.dims[d];
  }
  return size;
}

inline int64_t place_of(const Tensor& t, int64_t i) {
  int64_t at = 0;
  for (int d = t.rank - 1; d >= 0; d--) {
    at += i % t.dims[d] * t.strides[d];
    i /= t.dims[d];
  }
  return at;
}

// Whether elements have no gaps and lie in row-major order, or with the second axis fastest; axes of one element do not tell.
inline bool is_packed(const Tensor& t, bool last) {
  int64_t dense = 1;
  for (int i = 0; i < t.rank; i++) {
    int d = !last ? t.rank - 1 - i : i == 0 ? 1 : i == t.rank - 1 ? 0 : t.rank - i;
    if (t.dims[d] > 1 && t.strides[d] != dense) {
      return false;
    }
    dense *= t.dims[d];
  }
  return true;
}

// Whether tensors share one of the two orders.
inline bool alike(const Tensor& a, const Tensor& b) {
  return (is_packed(a, false) && is_packed(b, false)) || (is_packed(a, true) && is_packed(b, true));
}

// Whether memory begins at a multiple of some bytes; says otherwise in words.
inline bool aligned(const void* at, uint64_t bytes, const char* what) {
  bool good = reinterpret_cast<uint64_t>(at) % bytes == 0;
  if (!good) {
    fprintf(stderr, "Kiln's test driver: %s: not at a multiple of %d bytes\n", what, static_cast<int>(bytes));
  }
  return good;
}

// Whether an array is where tensor cores load it, 16 bytes at a time, if its elements have 16 bits.
inline bool loadable(const void* at, int type, const char* what) {
  return kiln::size_of(type) != sizeof(uint16_t) || aligned(at, 16, what);
}

inline bool inside(const Tensor& t, const void* at, const char* what) {
  int64_t last = 1;
  for (int d = 0; d < t.rank; d++) {
    last += (t.dims[d] - 1) * t.strides[d];
  }
  return loadable(at, t.type, what) &&
         kiln_in_block(reinterpret_cast<uint64_t>(at), static_cast<uint64_t>(last) * kiln::size_of(t.type), what);
}

inline std::vector<double> read(const Tensor& t, const void* from) {
  std::vector<double> values(static_cast<size_t>(size_of(t)));
  for (size_t i = 0; i < values.size(); i++) {
    values[i] = get<double>(from, place_of(t, static_cast<int64_t>(i)), t.type);
  }
  return values;
}

inline void write(const Tensor& t, void* to, const std::vector<double>& values, double alpha, double beta) {
  for (size_t i = 0; i < values.size(); i++) {
    int64_t at = place_of(t, static_cast<int64_t>(i));
    // With beta = 0 the old value is not read.
    put<double>(to, at, t.type, alpha * values[i] + (beta == 0 ? 0 : beta * get<double>(to, at, t.type)));
  }
}

inline double scalar(const Tensor& t, const void* at) {
  return t.type == R_64F ? *static_cast<const double*>(at) : *static_cast<const float*>(at);
}

inline const Tensor& tensor(const void* t) {
  return *static_cast<const Tensor*>(t);
}

// Gives work to the stream of a handle.
inline int give(void* handle, const char* what, std::function<int()> run) {
  return kiln_give(static_cast<Handle*>(handle)->stream, what, &run) == 0 ? SUCCESS : EXECUTION_FAILED;
}

}  // namespace kiln::dnn

#define DESCRIPTOR(Name, T)                            \
  API int cudnnCreate##Name##Descriptor(void** to) {   \
    *to = new T();                                     \
    return SUCCESS;                                    \
  }                                                    \
  API int cudnnDestroy##Name##Descriptor(void* what) { \
    delete static_cast<T*>(what);                      \
    return SUCCESS;                                    \
  }
