// SPDX-License-Identifier: Apache-2.0
// The test's libcublas: products of column-major matrices, plainly, in stream order, with float32 or float64 sums.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#include "numbers.h"

#define API extern "C" __attribute__((visibility("default")))

extern "C" int kiln_give(void* stream, const char* what, std::function<int()>* run);
extern "C" bool kiln_in_block(uint64_t address, uint64_t size, const char* what);
extern "C" void kiln_count(const char* name);

using namespace kiln;

namespace {

enum : int { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };
enum Compute : int { COMPUTE_16F = 64, COMPUTE_32F = 68, COMPUTE_32F_PEDANTIC = 69, COMPUTE_64F = 70, COMPUTE_32F_16F = 74,
                     COMPUTE_32F_16BF = 75, COMPUTE_32F_TF32 = 77 };

struct Handle {
  void* stream = nullptr;
  int math = 0;
  int pointers = 0;
  int atomics = 0;
  uint64_t workspace = 0;
  size_t workspace_size = 0;
};

struct Matrix {
  uint64_t at = 0;
  int type = 0;
  int64_t leading = 0;
  int64_t stride = 0;
};

struct Product {
  int ta = 0;
  int tb = 0;
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  int64_t batches = 1;
  Matrix a, b, c;
  double alpha = 1;
  double beta = 0;
  bool tf32 = false;
  bool wide = false;
};

// sum += b * a, over a column.
__attribute__((target_clones("avx2", "default"), optimize("O3"))) void add(float* sum, const float* a, float b, int64_t size) {
  for (int64_t i = 0; i < size; i++) {
    sum[i] += a[i] * b;
  }
}

__attribute__((target_clones("avx2", "default"), optimize("O3"))) void add(double* sum, const double* a, double b, int64_t size) {
  for (int64_t i = 0; i < size; i++) {
    sum[i] += a[i] * b;
  }
}

template <class T>
void multiply(const Product& p, const char* a, const char* b, char* c) {
  std::vector<T> left(static_cast<size_t>(p.m * p.k));
  for (int64_t l = 0; l < p.k; l++) {
    for (int64_t i = 0; i < p.m; i++) {
      T v = get<T>(a, p.ta == 0 ? i + l * p.a.leading : l + i * p.a.leading, p.a.type);
      left[static_cast<size_t>(i + l * p.m)] = p.tf32 ? static_cast<T>(to_tf32(static_cast<float>(v))) : v;
    }
  }
  std::vector<T> column(static_cast<size_t>(p.m));
  for (int64_t j = 0; j < p.n; j++) {
    std::fill(column.begin(), column.end(), static_cast<T>(0));
    for (int64_t l = 0; l < p.k; l++) {
      T v = get<T>(b, p.tb == 0 ? l + j * p.b.leading : j + l * p.b.leading, p.b.type);
      add(column.data(), left.data() + l * p.m, p.tf32 ? static_cast<T>(to_tf32(static_cast<float>(v))) : v, p.m);
    }
    for (int64_t i = 0; i < p.m; i++) {
      // With beta = 0 the old value is not read.
      T old = p.beta == 0 ? static_cast<T>(0) : static_cast<T>(p.beta) * get<T>(c, i + j * p.c.leading, p.c.type);
      put<T>(c, i + j * p.c.leading, p.c.type, static_cast<T>(p.alpha) * column[static_cast<size_t>(i)] + old);
    }
  }
}

bool inside(const Matrix& x, int64_t rows, int64_t columns, int64_t batches, const char* what) {
  int64_t last = (batches - 1) * x.stride + (columns - 1) * x.leading + rows;
  return kiln_in_block(x.at, static_cast<uint64_t>(last) * size_of(x.type), what);
}

int run(const Product& p) {
  bool fits = inside(p.c, p.m, p.n, p.batches, "C of a product") &&
              (p.k == 0 || (inside(p.a, p.ta == 0 ? p.m : p.k, p.ta == 0 ? p.k : p.m, p.batches, "A of a product") &&
                            inside(p.b, p.tb == 0 ? p.k : p.n, p.tb == 0 ? p.n : p.k, p.batches, "B of a product")));
  if (!fits) {
    return 700;
  }
  for (int64_t i = 0; i < p.batches; i++) {
    const char* a = reinterpret_cast<const char*>(p.a.at) + i * p.a.stride * static_cast<int64_t>(size_of(p.a.type));
    const char* b = reinterpret_cast<const char*>(p.b.at) + i * p.b.stride * static_cast<int64_t>(size_of(p.b.type));
    char* c = reinterpret_cast<char*>(p.c.at) + i * p.c.stride * static_cast<int64_t>(size_of(p.c.type));
    p.wide ? multiply<double>(p, a, b, c) : multiply<float>(p, a, b, c);
  }
  return 0;
}

bool known(const Product& p) {
  if (p.wide) {
    return p.a.type == R_64F && p.b.type == R_64F && p.c.type == R_64F;
  }
  bool halves = p.a.type == R_16F || p.a.type == R_16BF;
  return p.a.type == p.b.type && ((p.a.type == R_32F && p.c.type == R_32F) || (halves && (p.c.type == p.a.type || p.c.type == R_32F)));
}

int give(Handle* handle, Product p, const void* alpha, const void* beta) {
  if (handle == nullptr) {
    return NOT_INITIALIZED;
  }
  int64_t a_rows = p.ta == 0 ? p.m : p.k;
  int64_t b_rows = p.tb == 0 ? p.k : p.n;
  if (p.m < 0 || p.n < 0 || p.k < 0 || p.batches < 0 || p.a.leading < std::max<int64_t>(1, a_rows) ||
      p.b.leading < std::max<int64_t>(1, b_rows) || p.c.leading < std::max<int64_t>(1, p.m) || p.ta > 2 || p.tb > 2) {
    return INVALID_VALUE;
  }
  if (!known(p)) {
    return NOT_SUPPORTED;
  }
  if (p.m == 0 || p.n == 0 || p.batches == 0) {
    return SUCCESS;
  }
  bool on_device = handle->pointers == 1;
  bool wide = p.wide;
  auto scalar = [wide](const void* at) { return wide ? *static_cast<const double*>(at) : *static_cast<const float*>(at); };
  if (!on_device) {
    p.alpha = scalar(alpha);
    p.beta = scalar(beta);
  }
  std::function<int()> work = [=] {
    Product now = p;
    if (on_device) {
      now.alpha = scalar(alpha);
      now.beta = scalar(beta);
    }
    kiln_count("products");
    return run(now);
  };
  return kiln_give(handle->stream, "a product of matrices", &work) == 0 ? SUCCESS : EXECUTION_FAILED;
}

bool tf32(const Handle* handle, int compute, int type) {
  return type == R_32F && (compute == COMPUTE_32F_TF32 || (compute == COMPUTE_32F && handle != nullptr && (handle->math & 15) == 3));
}

Matrix matrix(const void* at, int type, int64_t leading, int64_t stride = 0) {
  return {reinterpret_cast<uint64_t>(at), type, leading, stride};
}

int strided(void* h, int ta, int tb, int64_t m, int64_t n, int64_t k, const void* alpha, Matrix a, Matrix b, const void* beta, Matrix c,
            int64_t batches, int compute) {
  Handle* handle = static_cast<Handle*>(h);
  Product p;
  p.ta = ta;
  p.tb = tb;
  p.m = m;
  p.n = n;
  p.k = k;
  p.batches = batches;
  p.a = a;
  p.b = b;
  p.c = c;
  p.wide = compute == COMPUTE_64F;
  p.tf32 = tf32(handle, compute, a.type);
  if (compute != COMPUTE_32F && compute != COMPUTE_32F_PEDANTIC && compute != COMPUTE_64F && compute != COMPUTE_32F_TF32 &&
      compute != COMPUTE_32F_16F && compute != COMPUTE_32F_16BF) {
    return NOT_SUPPORTED;
  }
  return give(handle, p, alpha, beta);
}

}  // namespace

API int cublasCreate_v2(void** to) {
  kiln_count("cublasCreate");
  *to = new Handle();
  return SUCCESS;
}

API int cublasDestroy_v2(void* handle) {
  delete static_cast<Handle*>(handle);
  return SUCCESS;
}

API int cublasGetVersion_v2(void*, int* to) {
  *to = 120600;
  return SUCCESS;
}

API int cublasGetProperty(int kind, int* to) {
  const int parts[] = {12, 6, 0};
  *to = kind >= 0 && kind < 3 ? parts[kind] : 0;
  return SUCCESS;
}

API const char* cublasGetStatusName(int) {
  return "a status of the test's libcublas";
}

API const char* cublasGetStatusString(int) {
  return "a status of the test's libcublas";
}

API int cublasSetStream_v2(void* handle, void* stream) {
  // As NVIDIA's: a new stream takes the workspace away.
  Handle* h = static_cast<Handle*>(handle);
  h->stream = stream;
  h->workspace = 0;
  h->workspace_size = 0;
  return SUCCESS;
}

API int cublasGetStream_v2(void* handle, void** to) {
  *to = static_cast<Handle*>(handle)->stream;
  return SUCCESS;
}

API int cublasSetWorkspace_v2(void* handle, void* at, size_t size) {
  Handle* h = static_cast<Handle*>(handle);
  h->workspace = reinterpret_cast<uint64_t>(at);
  h->workspace_size = size;
  return h->workspace % 256 == 0 && kiln_in_block(h->workspace, size, "a workspace") ? SUCCESS : INVALID_VALUE;
}

API int cublasSetMathMode(void* handle, int mode) {
  static_cast<Handle*>(handle)->math = mode;
  return SUCCESS;
}

API int cublasGetMathMode(void* handle, int* to) {
  *to = static_cast<Handle*>(handle)->math;
  return SUCCESS;
}

API int cublasSetPointerMode_v2(void* handle, int mode) {
  static_cast<Handle*>(handle)->pointers = mode;
  return SUCCESS;
}

API int cublasGetPointerMode_v2(void* handle, int* to) {
  *to = static_cast<Handle*>(handle)->pointers;
  return SUCCESS;
}

API int cublasSetAtomicsMode(void* handle, int mode) {
  static_cast<Handle*>(handle)->atomics = mode;
  return SUCCESS;
}

API int cublasGetAtomicsMode(void* handle, int* to) {
  *to = static_cast<Handle*>(handle)->atomics;
  return SUCCESS;
}

#define GEMM(name, T, type, compute)                                                                                                  \
  API int cublas##name##gemm_v2(void* h, int ta, int tb, int m, int n, int k, const T* alpha, const T* a, int lda, const T* b, int ldb, \
                                const T* beta, T* c, int ldc) {                                                                       \
    kiln_count("cublas" #name "gemm");                                                                                                \
    return strided(h, ta, tb, m, n, k, alpha, matrix(a, type, lda), matrix(b, type, ldb), beta, matrix(c, type, ldc), 1, compute);    \
  }                                                                                                                                   \
  API int cublas##name##gemmStridedBatched(void* h, int ta, int tb, int m, int n, int k, const T* alpha, const T* a, int lda,         \
                                           long long sa, const T* b, int ldb, long long sb, const T* beta, T* c, int ldc,             \
                                           long long sc, int batches) {                                                               \
    kiln_count("cublas" #name "gemmStridedBatched");                                                                                  \
    return strided(h, ta, tb, m, n, k, alpha, matrix(a, type, lda, sa), matrix(b, type, ldb, sb), beta, matrix(c, type, ldc, sc),     \
                   batches, compute);                                                                                                 \
  }
GEMM(S, float, R_32F, COMPUTE_32F)
GEMM(D, double, R_64F, COMPUTE_64F)

API int cublasGemmEx(void* h, int ta, int tb, int m, int n, int k, const void* alpha, const void* a, int type_a, int lda, const void* b,
                     int type_b, int ldb, const void* beta, void* c, int type_c, int ldc, int compute, int) {
  kiln_count("cublasGemmEx");
  return strided(h, ta, tb, m, n, k, alpha, matrix(a, type_a, lda), matrix(b, type_b, ldb), beta, matrix(c, type_c, ldc), 1, compute);
}

API int cublasGemmEx_64(void* h, int ta, int tb, int64_t m, int64_t n, int64_t k, const void* alpha, const void* a, int type_a,
                        int64_t lda, const void* b, int type_b, int64_t ldb, const void* beta, void* c, int type_c, int64_t ldc,
                        int compute, int) {
  kiln_count("cublasGemmEx");
  return strided(h, ta, tb, m, n, k, alpha, matrix(a, type_a, lda), matrix(b, type_b, ldb), beta, matrix(c, type_c, ldc), 1, compute);
}

API int cublasGemmStridedBatchedEx(void* h, int ta, int tb, int m, int n, int k, const void* alpha, const void* a, int type_a, int lda,
                                   long long sa, const void* b, int type_b, int ldb, long long sb, const void* beta, void* c, int type_c,
                                   int ldc, long long sc, int batches, int compute, int) {
  kiln_count("cublasGemmStridedBatchedEx");
  return strided(h, ta, tb, m, n, k, alpha, matrix(a, type_a, lda, sa), matrix(b, type_b, ldb, sb), beta, matrix(c, type_c, ldc, sc),
                 batches, compute);
}

API int cublasGemmStridedBatchedEx_64(void* h, int ta, int tb, int64_t m, int64_t n, int64_t k, const void* alpha, const void* a,
                                      int type_a, int64_t lda, long long sa, const void* b, int type_b, int64_t ldb, long long sb,
                                      const void* beta, void* c, int type_c, int64_t ldc, long long sc, int64_t batches, int compute,
                                      int) {
  kiln_count("cublasGemmStridedBatchedEx");
  return strided(h, ta, tb, m, n, k, alpha, matrix(a, type_a, lda, sa), matrix(b, type_b, ldb, sb), beta, matrix(c, type_c, ldc, sc),
                 batches, compute);
}
