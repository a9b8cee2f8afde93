// SPDX-License-Identifier: Apache-2.0
// What CUDA C++ knows without a header, for kernels that g++ compiles: as much as Kiln's kernels use.
#include "kernel.h"

static kiln::Index kiln_index;
static kiln::Runtime* kiln_runtime;

#define __CUDACC__ 1
#define __CUDACC_RTC__ 1
#define __KILN_TEST_DRIVER__ 1
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)
#define __grid_constant__

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};

#define threadIdx (uint3{kiln_index.thread_x, kiln_index.thread_y, kiln_index.thread_z})
#define blockIdx (uint3{kiln_index.block_x, kiln_index.block_y, kiln_index.block_z})
#define blockDim (uint3{kiln_index.block_dim_x, kiln_index.block_dim_y, kiln_index.block_dim_z})
#define gridDim (uint3{kiln_index.grid_x, kiln_index.grid_y, kiln_index.grid_z})
#define warpSize 32

#define VECTOR(T, name)                                                       \
  struct __align__(2 * sizeof(T)) name##2 { T x, y; };                        \
  struct name##3 { T x, y, z; };                                              \
  struct __align__(sizeof(T) > 4 ? 16 : 4 * sizeof(T)) name##4 { T x, y, z, w; }; \
  inline name##2 make_##name##2(T x, T y) { return {x, y}; }                  \
  inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
VECTOR(float, float)
VECTOR(double, double)
VECTOR(int, int)
VECTOR(short, short)
VECTOR(unsigned short, ushort)
VECTOR(unsigned char, uchar)
VECTOR(long long, longlong)
#undef VECTOR
struct __align__(8) uint2 {
  unsigned x, y;
};
struct __align__(16) uint4 {
  unsigned x, y, z, w;
};
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

// Functions of float and of double.
#define UNARY(name)                                              \
  inline float name##f(float x) { return __builtin_##name##f(x); } \
  inline float name(float x) { return __builtin_##name##f(x); }  \
  inline double name(double x) { return __builtin_##name(x); }
#define BINARY(name)                                                                  \
  inline float name##f(float x, float y) { return __builtin_##name##f(x, y); }        \
  inline float name(float x, float y) { return __builtin_##name##f(x, y); }           \
  inline double name(double x, double y) { return __builtin_##name(x, y); }
UNARY(exp) UNARY(exp2) UNARY(exp10) UNARY(expm1) UNARY(log) UNARY(log2) UNARY(log10) UNARY(log1p) UNARY(logb) UNARY(sqrt) UNARY(cbrt)
UNARY(sin) UNARY(cos) UNARY(tan) UNARY(asin) UNARY(acos) UNARY(atan) UNARY(sinh) UNARY(cosh) UNARY(tanh) UNARY(asinh) UNARY(acosh)
UNARY(atanh) UNARY(erf) UNARY(erfc) UNARY(lgamma) UNARY(tgamma) UNARY(floor) UNARY(ceil) UNARY(trunc) UNARY(rint) UNARY(nearbyint)
UNARY(round) UNARY(fabs) UNARY(j0) UNARY(j1)
BINARY(pow) BINARY(atan2) BINARY(fmod) BINARY(remainder) BINARY(hypot) BINARY(copysign) BINARY(nextafter) BINARY(fdim) BINARY(fmax) BINARY(fmin)
#undef UNARY
#undef BINARY
inline float fmaf(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
inline float fma(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
inline double fma(double x, double y, double z) { return __builtin_fma(x, y, z); }
inline float ldexpf(float x, int n) { return __builtin_ldexpf(x, n); }
inline float ldexp(float x, int n) { return __builtin_ldexpf(x, n); }
inline double ldexp(double x, int n) { return __builtin_ldexp(x, n); }
inline int ilogbf(float x) { return __builtin_ilogbf(x); }
inline float rsqrtf(float x) { return 1.0f / __builtin_sqrtf(x); }
inline float rsqrt(float x) { return 1.0f / __builtin_sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / __builtin_sqrt(x); }
inline void sincosf(float x, float* s, float* c) { *s = __builtin_sinf(x); *c = __builtin_cosf(x); }
inline void sincos(double x, double* s, double* c) { *s = __builtin_sin(x); *c = __builtin_cos(x); }
inline bool isnan(float x) { return __builtin_isnan(x); }
inline bool isnan(double x) { return __builtin_isnan(x); }
inline bool isinf(float x) { return __builtin_isinf(x); }
inline bool isinf(double x) { return __builtin_isinf(x); }
inline bool isfinite(float x) { return __builtin_isfinite(x); }
inline bool isfinite(double x) { return __builtin_isfinite(x); }
inline bool signbit(float x) { return __builtin_signbit(x); }
inline bool signbit(double x) { return __builtin_signbit(x); }
inline int abs(int x) { return x < 0 ? -x : x; }
inline long abs(long x) { return x < 0 ? -x : x; }
inline long long abs(long long x) { return x < 0 ? -x : x; }
inline float abs(float x) { return __builtin_fabsf(x); }
inline double abs(double x) { return __builtin_fabs(x); }
#define ORDER(T)                                       \
  inline T max(T a, T b) { return a > b ? a : b; }     \
  inline T min(T a, T b) { return a < b ? a : b; }
ORDER(int) ORDER(unsigned) ORDER(long) ORDER(unsigned long) ORDER(long long) ORDER(unsigned long long)
#undef ORDER
inline float max(float a, float b) { return __builtin_fmaxf(a, b); }
inline float min(float a, float b) { return __builtin_fminf(a, b); }
inline double max(double a, double b) { return __builtin_fmax(a, b); }
inline double min(double a, double b) { return __builtin_fmin(a, b); }
inline float __expf(float x) { return __builtin_expf(x); }
inline float __logf(float x) { return __builtin_logf(x); }
inline float __log2f(float x) { return __builtin_log2f(x); }
inline float __sinf(float x) { return __builtin_sinf(x); }
inline float __cosf(float x) { return __builtin_cosf(x); }
inline float __powf(float x, float y) { return __builtin_powf(x, y); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __saturatef(float x) { return x != x ? 0 : x < 0 ? 0 : x > 1 ? 1 : x; }

// Operations that are not contracted.
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __fsqrt_rn(float a) { return __builtin_sqrtf(a); }
inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __dsqrt_rn(double a) { return __builtin_sqrt(a); }
inline double __fma_rn(double a, double b, double c) { return __builtin_fma(a, b, c); }

template <class To, class From>
inline To kiln_bits(From x) {
  static_assert(sizeof(To) == sizeof(From), "as many bits");
  To y;
  __builtin_memcpy(&y, &x, sizeof y);
  return y;
}
inline float __uint_as_float(unsigned x) { return kiln_bits<float>(x); }
inline float __int_as_float(int x) { return kiln_bits<float>(x); }
inline unsigned __float_as_uint(float x) { return kiln_bits<unsigned>(x); }
inline int __float_as_int(float x) { return kiln_bits<int>(x); }
inline double __longlong_as_double(long long x) { return kiln_bits<double>(x); }
inline long long __double_as_longlong(double x) { return kiln_bits<long long>(x); }
inline int __double2hiint(double x) { return static_cast<int>(kiln_bits<long long>(x) >> 32); }
inline int __double2loint(double x) { return static_cast<int>(kiln_bits<long long>(x)); }

// Conversions saturate; NaN is 0 from float to 32 bits, else the smallest number or, without sign, 2^63 (PTX, cvt).
template <class To, class From>
inline To kiln_saturate(From x, To lowest, To highest, To nan) {
  return x != x ? nan : x <= static_cast<From>(lowest) ? lowest : x >= static_cast<From>(highest) ? highest : static_cast<To>(x);
}
#define LOWEST_INT (-2147483647 - 1)
#define LOWEST_LONG (-9223372036854775807LL - 1)
inline int __float2int_rz(float x) { return kiln_saturate<int>(x, LOWEST_INT, 2147483647, 0); }
inline unsigned __float2uint_rz(float x) { return kiln_saturate<unsigned>(x, 0u, 4294967295u, 0u); }
inline long long __float2ll_rz(float x) { return kiln_saturate<long long>(x, LOWEST_LONG, 9223372036854775807LL, LOWEST_LONG); }
inline unsigned long long __float2ull_rz(float x) {
  return kiln_saturate<unsigned long long>(x, 0ull, 18446744073709551615ull, 9223372036854775808ull);
}
inline int __double2int_rz(double x) { return kiln_saturate<int>(x, LOWEST_INT, 2147483647, LOWEST_INT); }
inline unsigned __double2uint_rz(double x) { return kiln_saturate<unsigned>(x, 0u, 4294967295u, 2147483648u); }
inline long long __double2ll_rz(double x) { return kiln_saturate<long long>(x, LOWEST_LONG, 9223372036854775807LL, LOWEST_LONG); }
inline unsigned long long __double2ull_rz(double x) {
  return kiln_saturate<unsigned long long>(x, 0ull, 18446744073709551615ull, 9223372036854775808ull);
}
#undef LOWEST_INT
#undef LOWEST_LONG
inline int __float2int_rn(float x) { return __float2int_rz(__builtin_rintf(x)); }
inline long long __float2ll_rn(float x) { return __float2ll_rz(__builtin_rintf(x)); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline float __ll2float_rn(long long x) { return static_cast<float>(x); }
inline double __ll2double_rn(long long x) { return static_cast<double>(x); }
inline float __double2float_rn(double x) { return static_cast<float>(x); }

inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>(static_cast<unsigned long long>(a) * b >> 32); }
inline int __mulhi(int a, int b) { return static_cast<int>(static_cast<long long>(a) * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x) {
  unsigned y = 0;
  for (int i = 0; i < 32; i++) {
    y = y << 1 | (x >> i & 1);
  }
  return y;
}
template <class T>
inline T __ldg(const T* p) {
  return *p;
}

// Barriers and what a warp exchanges.
inline void __syncthreads() { kiln_runtime->barrier(); }
inline void __syncwarp(unsigned mask = 0xffffffffu) { kiln_runtime->meet(mask); }
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}
inline int kiln_lane() {
  return static_cast<int>((threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) & 31);
}
template <class T>
inline T kiln_exchange(unsigned mask, T value, int lane) {
  static_assert(sizeof(T) <= 8, "a shuffle of at most 8 bytes");
  unsigned long long bits = 0;
  __builtin_memcpy(&bits, &value, sizeof value);
  bits = kiln_runtime->exchange(mask, bits, lane);
  T result;
  __builtin_memcpy(&result, &bits, sizeof result);
  return result;
}
template <class T>
inline T __shfl_sync(unsigned mask, T value, int lane, int width = 32) {
  return kiln_exchange(mask, value, (kiln_lane() & ~(width - 1)) + (lane & (width - 1)));
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32) {
  int lane = kiln_lane();
  int from = lane - static_cast<int>(by);
  return kiln_exchange(mask, value, from < (lane & ~(width - 1)) ? lane : from);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32) {
  int lane = kiln_lane();
  int from = lane + static_cast<int>(by);
  return kiln_exchange(mask, value, from >= (lane & ~(width - 1)) + width ? lane : from);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int with, int width = 32) {
  int lane = kiln_lane();
  int from = lane ^ with;
  return kiln_exchange(mask, value, from >= (lane & ~(width - 1)) + width ? lane : from);
}
inline unsigned __ballot_sync(unsigned mask, int value) { return kiln_runtime->ballot(mask, value); }
inline int __any_sync(unsigned mask, int value) { return kiln_runtime->ballot(mask, value) != 0; }
inline int __all_sync(unsigned mask, int value) { return kiln_runtime->ballot(mask, value == 0) == 0; }

// One kernel runs at a time, and its threads do not interrupt each other.
template <class T>
inline T kiln_replace(T* p, T by) {
  T old = *p;
  *p = by;
  return old;
}
#define ATOMICS(T)                                                                        \
  inline T atomicAdd(T* p, T v) { return kiln_replace(p, static_cast<T>(*p + v)); }       \
  inline T atomicExch(T* p, T v) { return kiln_replace(p, v); }
#define ATOMICS_OF_INTEGERS(T)                                                            \
  ATOMICS(T)                                                                              \
  inline T atomicSub(T* p, T v) { return kiln_replace(p, static_cast<T>(*p - v)); }       \
  inline T atomicMax(T* p, T v) { return kiln_replace(p, *p > v ? *p : v); }              \
  inline T atomicMin(T* p, T v) { return kiln_replace(p, *p < v ? *p : v); }              \
  inline T atomicAnd(T* p, T v) { return kiln_replace(p, *p & v); }                       \
  inline T atomicOr(T* p, T v) { return kiln_replace(p, *p | v); }                        \
  inline T atomicXor(T* p, T v) { return kiln_replace(p, *p ^ v); }                       \
  inline T atomicCAS(T* p, T expected, T v) { return kiln_replace(p, *p == expected ? v : *p); }
ATOMICS(float)
ATOMICS(double)
ATOMICS_OF_INTEGERS(int)
ATOMICS_OF_INTEGERS(unsigned)
ATOMICS_OF_INTEGERS(unsigned long long)
inline long long atomicMax(long long* p, long long v) { return kiln_replace(p, *p > v ? *p : v); }
inline long long atomicMin(long long* p, long long v) { return kiln_replace(p, *p < v ? *p : v); }
#undef ATOMICS
#undef ATOMICS_OF_INTEGERS
#define printf(...) __builtin_printf(__VA_ARGS__)

// The entry of a kernel: its arguments by their addresses.
template <int... I>
struct KilnPlaces {};
template <class F, F f>
struct KilnEntry;
template <class... P, void (*f)(P...)>
struct KilnEntry<void (*)(P...), f> {
  static constexpr unsigned sizes[] = {sizeof(P)..., 0};
  static constexpr unsigned count = sizeof...(P);
  template <int... I>
  static void call([[maybe_unused]] void** arguments, KilnPlaces<I...>) {
    f(*static_cast<P*>(arguments[I])...);
  }
  static void entry(void** arguments) { call(arguments, KilnPlaces<__integer_pack(sizeof...(P))...>()); }
};
extern "C" __attribute__((weak, visibility("hidden"))) char __start_kiln_shared[];
extern "C" __attribute__((weak, visibility("hidden"))) char __stop_kiln_shared[];
