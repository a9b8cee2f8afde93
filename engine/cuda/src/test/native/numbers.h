// SPDX-License-Identifier: Apache-2.0
// Numbers of the types that NVIDIA's libraries take.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace kiln {

enum Type : int { R_32F = 0, R_64F = 1, R_16F = 2, R_8I = 3, R_32I = 10, R_16BF = 14 };

inline float half_to_float(uint16_t h) {
  uint32_t exponent = h >> 10 & 31;
  uint32_t fraction = h & 1023;
  float size = exponent == 31 ? (fraction != 0 ? NAN : INFINITY)
             : exponent == 0  ? std::ldexp(static_cast<float>(fraction), -24)
                              : std::ldexp(static_cast<float>(fraction | 1024), static_cast<int>(exponent) - 25);
  return (h & 0x8000) != 0 ? -size : size;
}

inline uint16_t float_to_half(float f) {
  uint16_t sign = std::signbit(f) ? 0x8000 : 0;
  float size = std::fabs(f);
  if (size != size) {
    return sign | 0x7e00;
  }
  if (size >= 65520.0f) {
    return sign | 0x7c00;
  }
  if (size < 6.103515625e-5f) {
    return static_cast<uint16_t>(sign | static_cast<int>(std::nearbyint(std::ldexp(size, 24))));
  }
  int exponent = 0;
  float fraction = std::frexp(size, &exponent);
  int rounded = static_cast<int>(std::nearbyint(std::ldexp(fraction, 11)));
  return static_cast<uint16_t>(sign | (((exponent + 14) << 10) + rounded - 1024));
}

inline float brain_to_float(uint16_t b) {
  uint32_t bits = static_cast<uint32_t>(b) << 16;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

inline uint16_t float_to_brain(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  if (f != f) {
    return static_cast<uint16_t>(bits >> 16 | 0x40);
  }
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// The ten bits of a fraction that TF32 keeps.
inline float to_tf32(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  if ((bits & 0x7f800000) != 0x7f800000) {
    bits = (bits + 0xfff + (bits >> 13 & 1)) & ~uint32_t{0x1fff};
  }
  memcpy(&f, &bits, sizeof f);
  return f;
}

inline size_t size_of(int type) {
  switch (type) {
    case R_64F:
      return 8;
    case R_32F:
    case R_32I:
      return 4;
    case R_16F:
    case R_16BF:
      return 2;
    case R_8I:
      return 1;
    default:
      return 0;
  }
}

template <class T>
T get(const void* p, int64_t at, int type) {
  switch (type) {
    case R_64F:
      return static_cast<T>(static_cast<const double*>(p)[at]);
    case R_32F:
      return static_cast<T>(static_cast<const float*>(p)[at]);
    case R_16F:
      return static_cast<T>(half_to_float(static_cast<const uint16_t*>(p)[at]));
    case R_16BF:
      return static_cast<T>(brain_to_float(static_cast<const uint16_t*>(p)[at]));
    default:
      return 0;
  }
}

template <class T>
void put(void* p, int64_t at, int type, T v) {
  switch (type) {
    case R_64F:
      static_cast<double*>(p)[at] = static_cast<double>(v);
      break;
    case R_32F:
      static_cast<float*>(p)[at] = static_cast<float>(v);
      break;
    case R_16F:
      static_cast<uint16_t*>(p)[at] = float_to_half(static_cast<float>(v));
      break;
    case R_16BF:
      static_cast<uint16_t*>(p)[at] = float_to_brain(static_cast<float>(v));
      break;
    default:
      break;
  }
}

}  // namespace kiln
