/* One source for OpenCL C, CUDA C and C++: kernels are written in these words alone. No templates, no overloads, no local memory of a
   size that is known at run time only. */
#ifdef __OPENCL_VERSION__
#pragma OPENCL FP_CONTRACT OFF
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define KERNEL __kernel void
#define GLOBAL __global
#define SHARED __local
#define CONSTANT __constant
#define DEVICE static
#define RESTRICT restrict
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
#define ATOMIC_OR(p, v) atomic_or(p, v)
#define ATOMIC_MAX(p, v) atomic_max(p, v)
#endif

typedef uchar bool8;

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

/* To compute in T, name its functions: -DT=float -DT_FLOAT, -DT=double -DT_DOUBLE or -DT=long -DT_LONG. */
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
