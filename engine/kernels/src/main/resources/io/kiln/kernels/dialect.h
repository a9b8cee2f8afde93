/* One source for OpenCL C and CUDA C: kernels are written in these words alone. No templates, no overloads, no local memory of a size that
   is known at run time only. */
#ifdef __OPENCL_VERSION__
#pragma OPENCL FP_CONTRACT OFF
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define KERNEL __kernel void
#define GLOBAL __global
#define SHARED __local
#define DEVICE static
#define LID(d) ((int)get_local_id(d))
#define GRP(d) ((long)get_group_id(d))
#define GID(d) ((long)get_global_id(d))
#define GSZ(d) ((long)get_global_size(d))
#define NGRP(d) ((long)get_num_groups(d))
#define BARRIER barrier(CLK_LOCAL_MEM_FENCE)
#define AS_FLOAT(x) as_float(x)
#define AS_UINT(x) as_uint(x)
#define AS_DOUBLE(x) as_double(x)
#define MULHI(a, b) mul_hi((uint)(a), (uint)(b))
#define FLOAT_TO_LONG(x) convert_long_sat(x)
#define FLOAT_TO_INT(x) convert_int_sat(x)
#define DOUBLE_TO_LONG(x) convert_long_sat(x)
#define DOUBLE_TO_INT(x) convert_int_sat(x)
#define ARGUMENT const
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#else
typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
#define GLOBAL
#define KERNEL extern "C" __global__ void
#define DEVICE static __device__ inline
#define SHARED __shared__
#define ARGUMENT const __grid_constant__
#define BARRIER __syncthreads()
#define LID_0 threadIdx.x
#define LID_1 threadIdx.y
#define LID_2 threadIdx.z
#define GRP_0 blockIdx.x
#define GRP_1 blockIdx.y
#define GRP_2 blockIdx.z
#define NGRP_0 gridDim.x
#define NGRP_1 gridDim.y
#define NGRP_2 gridDim.z
#define LSZ_0 blockDim.x
#define LSZ_1 blockDim.y
#define LSZ_2 blockDim.z
#define LID(d) ((int)LID_##d)
#define GRP(d) ((long)GRP_##d)
#define NGRP(d) ((long)NGRP_##d)
#define GID(d) ((long)GRP_##d * LSZ_##d + LID_##d)
#define GSZ(d) ((long)NGRP_##d * LSZ_##d)
#define AS_FLOAT(x) __uint_as_float(x)
#define AS_UINT(x) __float_as_uint(x)
#define AS_DOUBLE(x) __longlong_as_double((long long)(x))
#define MULHI(a, b) __umulhi((uint)(a), (uint)(b))
#ifndef INFINITY
#define INFINITY __int_as_float(0x7f800000)
#endif
#ifndef NAN
#define NAN __int_as_float(0x7fffffff)
#endif
/* As OpenCL's convert_long_sat and convert_int_sat: the nearest number there is, 0 for NaN. */
DEVICE long FLOAT_TO_LONG(float x) {
  return x != x ? 0L : x >= 9.223372036854775807e18f ? 9223372036854775807L
      : x <= -9.223372036854775807e18f ? -9223372036854775807L - 1L : (long)x;
}
DEVICE long FLOAT_TO_LONG(double x) {
  return x != x ? 0L : x >= 9.223372036854775807e18 ? 9223372036854775807L
      : x <= -9.223372036854775807e18 ? -9223372036854775807L - 1L : (long)x;
}
DEVICE int FLOAT_TO_INT(float x) {
  return x != x ? 0 : x >= 2147483648.0f ? 2147483647 : x <= -2147483648.0f ? -2147483647 - 1 : (int)x;
}
DEVICE int FLOAT_TO_INT(double x) {
  return x != x ? 0 : x >= 2147483647.0 ? 2147483647 : x <= -2147483648.0 ? -2147483647 - 1 : (int)x;
}
#define DOUBLE_TO_LONG(x) FLOAT_TO_LONG(x)
#define DOUBLE_TO_INT(x) FLOAT_TO_INT(x)
DEVICE float MULTIPLY_ADD(float a, float b, float c) {
  return fmaf(a, b, c);
}
DEVICE double MULTIPLY_ADD(double a, double b, double c) {
  return fma(a, b, c);
}
DEVICE long MULTIPLY_ADD(long a, long b, long c) {
  return a * b + c;
}
#endif

/* Combines the numbers of a group's items in shared memory, in an order of their own that is the same each time: parts[0] has the result.
   COMBINE is a function or macro of two numbers. */
#define ACROSS_GROUP(parts, COMBINE)                                    \
  BARRIER;                                                              \
  for (int reach = GROUP / 2; reach > 0; reach /= 2) {                  \
    if (LID(0) < reach) {                                               \
      parts[LID(0)] = COMBINE(parts[LID(0)], parts[LID(0) + reach]);    \
    }                                                                   \
    BARRIER;                                                            \
  }
#define SUM_OF(a, b) ((a) + (b))

/* An element of an array of int or, where wide, of long. */
DEVICE long index_at(GLOBAL const uchar *indices, long at, long wide) {
  return wide != 0 ? ((GLOBAL const long *)indices)[at] : (long)((GLOBAL const int *)indices)[at];
}

/* float16 and bfloat16 are kept as 16 bits and computed with as float32. */
DEVICE float half_to_float(ushort h) {
  uint sign = (uint)(h & 0x8000) << 16;
  uint exponent = (h >> 10) & 31;
  uint fraction = h & 1023;
  if (exponent == 31) {
    return AS_FLOAT(sign | 0x7f800000u | (fraction << 13));
  }
  if (exponent == 0) {
    float f = (float)fraction * 5.9604644775390625e-8f;
    return sign != 0 ? -f : f;
  }
  return AS_FLOAT(sign | ((exponent + 112) << 23) | (fraction << 13));
}

DEVICE ushort float_to_half(float f) {
  uint bits = AS_UINT(f);
  uint sign = (bits >> 16) & 0x8000u;
  uint size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) {
    return (ushort)(sign | 0x7e00u);
  }
  if (size >= 0x477ff000u) {
    return (ushort)(sign | 0x7c00u);
  }
  if (size < 0x38800000u) {
    /* A sum with 0.5 rounds at the last place of a subnormal. */
    float shifted = AS_FLOAT(size) + 0.5f;
    return (ushort)(sign | (AS_UINT(shifted) - 0x3f000000u));
  }
  uint odd = (size >> 13) & 1;
  return (ushort)(sign | ((size + 0xfffu + odd - 0x38000000u) >> 13));
}

DEVICE float brain_to_float(ushort b) {
  return AS_FLOAT((uint)b << 16);
}

DEVICE ushort float_to_brain(float f) {
  uint bits = AS_UINT(f);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return (ushort)((bits >> 16) | 0x40u);
  }
  return (ushort)((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}

/* The number of a type in the order of io.kiln.ndarray.DType. */
#define BOOL_ 0
#define UINT8_ 1
#define INT32_ 2
#define INT64_ 3
#define FLOAT16_ 4
#define BFLOAT16_ 5
#define FLOAT32_ 6
#define FLOAT64_ 7

/* To compute in T, name its functions: T=float T_FLOAT, T=double T_DOUBLE or T=long T_LONG. */
#ifdef T
#ifdef T_LONG
#define FROM_FLOAT(x) FLOAT_TO_LONG(x)
#define FROM_DOUBLE(x) DOUBLE_TO_LONG(x)
#define TO_LONG(x) (x)
#define TO_INT(x) ((int)(x))
#else
#define FROM_FLOAT(x) ((T)(x))
#define FROM_DOUBLE(x) ((T)(x))
#define TO_LONG(x) FLOAT_TO_LONG(x)
#define TO_INT(x) FLOAT_TO_INT(x)
#endif

DEVICE T load(GLOBAL const uchar *p, long at, int type) {
  switch (type) {
    case BOOL_:
    case UINT8_:
      return (T)p[at];
    case INT32_:
      return (T)((GLOBAL const int *)p)[at];
    case INT64_:
      return (T)((GLOBAL const long *)p)[at];
    case FLOAT16_:
      return FROM_FLOAT(half_to_float(((GLOBAL const ushort *)p)[at]));
    case BFLOAT16_:
      return FROM_FLOAT(brain_to_float(((GLOBAL const ushort *)p)[at]));
    case FLOAT32_:
      return FROM_FLOAT(((GLOBAL const float *)p)[at]);
#ifdef HAS_DOUBLE
    case FLOAT64_:
      return FROM_DOUBLE(((GLOBAL const double *)p)[at]);
#endif
    default:
      return (T)0;
  }
}

DEVICE void store(GLOBAL uchar *p, long at, int type, T x) {
  switch (type) {
    case BOOL_:
      p[at] = x != (T)0 ? 1 : 0;
      break;
    case UINT8_:
      p[at] = (uchar)TO_LONG(x);
      break;
    case INT32_:
      ((GLOBAL int *)p)[at] = TO_INT(x);
      break;
    case INT64_:
      ((GLOBAL long *)p)[at] = TO_LONG(x);
      break;
    case FLOAT16_:
      ((GLOBAL ushort *)p)[at] = float_to_half((float)x);
      break;
    case BFLOAT16_:
      ((GLOBAL ushort *)p)[at] = float_to_brain((float)x);
      break;
    case FLOAT32_:
      ((GLOBAL float *)p)[at] = (float)x;
      break;
#ifdef HAS_DOUBLE
    case FLOAT64_:
      ((GLOBAL double *)p)[at] = (double)x;
      break;
#endif
    default:
      break;
  }
}

/* As in Java: NaN wins. */
#ifdef T_LONG
#define MAXIMUM(a, b) ((a) > (b) ? (a) : (b))
#define MINIMUM(a, b) ((a) < (b) ? (a) : (b))
#else
DEVICE T MAXIMUM(T a, T b) {
  return a != a ? a : b != b ? b : a > b ? a : b > a ? b : fmax(a, b);
}
DEVICE T MINIMUM(T a, T b) {
  return a != a ? a : b != b ? b : a < b ? a : b < a ? b : fmin(a, b);
}
#endif
#endif
