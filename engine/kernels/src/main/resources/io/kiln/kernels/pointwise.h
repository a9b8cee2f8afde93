/* The functions of pointwise programs that are no expression. W is a type with as many digits as the device has. */
#ifdef HAS_DOUBLE
typedef double W;
#define WC(x) x
/* A step of a method of third order after which there are no more digits. */
#define NEAR WC(1e-7)
#else
typedef float W;
#define WC(x) x##f
#define NEAR WC(1e-3)
#endif

#ifdef T_LONG
/* That of the least number is itself, as in Java. OpenCL's own, as compilers make an instruction of a comparison that Oclgrind lacks. */
DEVICE long magnitude(long a) {
#ifdef __OPENCL_VERSION__
  return (long)abs(a);
#else
  return a < 0 ? (long)(0 - (ulong)a) : a;
#endif
}

DEVICE long floor_div(long a, long b) {
  if (b == 0) {
    return 0;
  }
  if (b == -1) {
    return -(ulong)a;
  }
  long q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

DEVICE long remainder_floor(long a, long b) {
  if (b == 0 || b == -1) {
    return 0;
  }
  long r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

DEVICE long remainder_cut(long a, long b) {
  return b == 0 || b == -1 ? 0 : a % b;
}

DEVICE long power(long a, long b) {
  if (b < 0) {
    return a == 1 ? 1 : a == -1 ? ((b & 1) == 0 ? 1 : -1) : 0;
  }
  ulong result = 1;
  ulong square = a;
  for (long n = b; n > 0; n >>= 1) {
    if ((n & 1) == 1) {
      result *= square;
    }
    square *= square;
  }
  return result;
}

DEVICE long shift_left(long a, long b) {
  return b < 0 || b > 63 ? 0 : (long)((ulong)a << b);
}

DEVICE long shift_right(long a, long b) {
  return a >> (b < 0 || b > 63 ? 63 : b);
}
#else
DEVICE T remainder_floor(T a, T b) {
  T r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

DEVICE T sigmoid(T a) {
  T e = exp(-fabs(a));
  return (a >= 0 ? (T)1 : e) / (1 + e);
}

#ifdef T_DOUBLE
/* erfc at -a/sqrt(2) = z + lost, where the rounding error of z, which the tail would magnify, is made good by the slope. */
DEVICE T normal_cdf(T a) {
  T z = -a * 0.7071067811865476;
  T tail = erfc(z);
  if (z > 1 && z < 28) {
    T lost = fma(-a, 0.7071067811865476, -z) + a * 4.833646656726457e-17;
    tail -= 1.1283791670955126 * exp(-z * z) * lost;
  }
  return 0.5 * tail;
}

/* The logistic function of v = sqrt(8/pi) (a + 0.044715 a^3), with the rounding errors of v. */
DEVICE T tanh_cdf(T a) {
  T t = fmin(fabs(a), 24.0);
  T square = t * t;
  T cubic = 0.044715 * square;
  T lost = fma(0.044715, square, -cubic) + 0.044715 * fma(t, t, -square);
  T sum = 1 + cubic;
  lost += cubic > 1 ? (cubic - sum) + 1 : (1 - sum) + cubic;
  T product = sum * t;
  lost = fma(sum, t, -product) + lost * t;
  T v = 1.5957691216057308 * product;
  lost = fma(1.5957691216057308, product, -v) + 1.5957691216057308 * lost - 9.96930880911092e-17 * product;
  T e = exp(-v) * (1 - lost);
  return a != a ? a : (a < 0 ? e : 1) / (1 + e);
}
#else
DEVICE T normal_cdf(T a) {
  return (T)(WC(0.5) * erfc(-(W)a * WC(0.70710678118654752440)));
}

DEVICE T tanh_cdf(T a) {
  W t = fmin(fabs((W)a), WC(24.0));
  W v = WC(1.5957691216057308) * (t + WC(0.044715) * t * t * t);
  W e = exp(-v);
  return a != a ? a : (T)((a < 0 ? e : WC(1.0)) / (1 + e));
}
#endif

/* Giles, "Approximating the erfinv function" (2010), and steps of Halley's method, in the tails on erfc. */
DEVICE T erf_inverse(T a) {
  W x = fabs((W)a);
  if (!(x < 1)) {
    return a == 1 ? (T)INFINITY : a == -1 ? (T)(-INFINITY) : (T)NAN;
  }
  W w = -log((1 - x) * (1 + x));
  W p;
  if (w < 5) {
    w -= WC(2.5);
    p = WC(2.81022636e-08);
    p = WC(3.43273939e-07) + p * w;
    p = WC(-3.5233877e-06) + p * w;
    p = WC(-4.39150654e-06) + p * w;
    p = WC(0.00021858087) + p * w;
    p = WC(-0.00125372503) + p * w;
    p = WC(-0.00417768164) + p * w;
    p = WC(0.246640727) + p * w;
    p = WC(1.50140941) + p * w;
  } else {
    w = sqrt(w) - 3;
    p = WC(-0.000200214257);
    p = WC(0.000100950558) + p * w;
    p = WC(0.00134934322) + p * w;
    p = WC(-0.00367342844) + p * w;
    p = WC(0.00573950773) + p * w;
    p = WC(-0.0076224613) + p * w;
    p = WC(0.00943887047) + p * w;
    p = WC(1.00167406) + p * w;
    p = WC(2.83297682) + p * w;
  }
  W y = p * x;
  for (int i = 0; i < 8 && y > 0; i++) {
    W beyond = x < WC(0.5) ? erf(y) - x : (1 - x) - erfc(y);
    W u = beyond * WC(0.88622692545275801365) * exp(y * y);
    W step = u / (1 + y * u);
    y -= step;
    if (fabs(step) <= NEAR * y) {
      break;
    }
  }
  return (T)copysign(y, (W)a);
}
#endif
