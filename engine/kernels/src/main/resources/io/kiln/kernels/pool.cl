/* Pooling, and windows as columns: the channels are part of the batch. */
#define PLANE(s) ((s)[0] * (s)[1] * (s)[2])
/* Of an element of a result, in the order of its memory: the image of its channel, and its place in that. */
#if CHANNELS_LAST
#define IMAGE(i, plane) ((i) / p.large_channels / (plane) * p.large_channels + (i) % p.large_channels)
#define PLACE(i, plane) ((i) / p.large_channels % (plane))
#else
#define IMAGE(i, plane) ((i) / (plane))
#define PLACE(i, plane) ((i) % (plane))
#endif
#define X_AT(n, r0, r1, r2) (p.starts[0] + (n) / p.large_channels * p.x_strides[0] + (n) % p.large_channels * p.x_strides[1] \
    + (r0) * p.x_strides[2] + (r1) * p.x_strides[3] + (r2) * p.x_strides[4])
#define C_AT(n, r0, r1, r2) (p.starts[1] + (n) / p.large_channels * p.w_strides[0] + (n) % p.large_channels * p.w_strides[1] \
    + (r0) * p.w_strides[2] + (r1) * p.w_strides[3] + (r2) * p.w_strides[4])

DEVICE long chosen_tap(GLOBAL const uchar *c, long at) {
  return TAP_TYPE == UINT8_ ? (long)c[at] : (long)((GLOBAL const int *)c)[at];
}

/* Each position of the window takes the first largest element, NaN before all others, and the number of its tap. */
KERNEL max_pool(GLOBAL const uchar *x, GLOBAL uchar *y, GLOBAL uchar *taps, ARGUMENT Parameters p) {
  long plane = PLANE(p.small);
  for (long i = GID(0); i < p.batch * p.large_channels * plane; i += GSZ(0)) {
    long n = IMAGE(i, plane);
    long place = PLACE(i, plane);
    long p2 = place % p.small[2];
    long p1 = place / p.small[2] % p.small[1];
    long p0 = place / p.small[2] / p.small[1];
    T best = 0;
    int tap = -1;
    int t = 0;
    for (long q0 = 0; q0 < p.window[0]; q0++) {
      for (long q1 = 0; q1 < p.window[1]; q1++) {
        for (long q2 = 0; q2 < p.window[2]; q2++, t++) {
          long r0 = READS(0, p0, q0);
          long r1 = READS(1, p1, q1);
          long r2 = READS(2, p2, q2);
          if (INSIDE(0, r0) && INSIDE(1, r1) && INSIDE(2, r2)) {
            T v = load(x, X_AT(n, r0, r1, r2), TYPE);
            if (tap < 0 || v > best || (v != v && best == best)) {
              best = v;
              tap = t;
            }
          }
        }
      }
    }
    store(y, p.starts[2] + i, TYPE, best);
    if (TAP_TYPE == UINT8_) {
      taps[p.starts[3] + i] = (uchar)tap;
    } else {
      ((GLOBAL int *)taps)[p.starts[3] + i] = tap;
    }
  }
}

KERNEL max_pool_gradient(GLOBAL const uchar *dy, GLOBAL const uchar *taps, GLOBAL uchar *dx, ARGUMENT Parameters p) {
  long plane = PLANE(p.large);
  for (long i = GID(0); i < p.batch * p.large_channels * plane; i += GSZ(0)) {
    long n = IMAGE(i, plane);
    long place = PLACE(i, plane);
    long u2 = place % p.large[2];
    long u1 = place / p.large[2] % p.large[1];
    long u0 = place / p.large[2] / p.large[1];
    T sum = 0;
    long t = 0;
    for (long q0 = 0; q0 < p.window[0]; q0++) {
      for (long q1 = 0; q1 < p.window[1]; q1++) {
        for (long q2 = 0; q2 < p.window[2]; q2++, t++) {
          long p0 = POSITION(0, u0, q0);
          long p1 = POSITION(1, u1, q1);
          long p2 = POSITION(2, u2, q2);
          if (p0 >= 0 && p1 >= 0 && p2 >= 0 && chosen_tap(taps, C_AT(n, p0, p1, p2)) == t) {
            sum += load(dy, X_AT(n, p0, p1, p2), TYPE);
          }
        }
      }
    }
    store(dx, p.starts[3] + i, TYPE, sum);
  }
}

/* Each position of the window takes the element of a tap that is given. */
KERNEL max_pool_gather(GLOBAL const uchar *x, GLOBAL const uchar *taps, GLOBAL uchar *y, ARGUMENT Parameters p) {
  long plane = PLANE(p.small);
  for (long i = GID(0); i < p.batch * p.large_channels * plane; i += GSZ(0)) {
    long n = IMAGE(i, plane);
    long place = PLACE(i, plane);
    long p2 = place % p.small[2];
    long p1 = place / p.small[2] % p.small[1];
    long p0 = place / p.small[2] / p.small[1];
    long t = chosen_tap(taps, C_AT(n, p0, p1, p2));
    long r0 = READS(0, p0, t / p.window[2] / p.window[1]);
    long r1 = READS(1, p1, t / p.window[2] % p.window[1]);
    long r2 = READS(2, p2, t % p.window[2]);
    bool inside = INSIDE(0, r0) && INSIDE(1, r1) && INSIDE(2, r2);
    store(y, p.starts[3] + i, TYPE, inside ? load(x, X_AT(n, r0, r1, r2), TYPE) : (T)0);
  }
}

/* How many taps of a window count along an axis: those inside, or those that are not beyond the padding. */
DEVICE long counted(long position, long taps, long stride, long pad, long dilation, long size, long with_pad) {
  long count = 0;
  for (long q = 0; q < taps; q++) {
    long at = position * stride - pad + q * dilation;
    count += with_pad != 0 ? at < size + pad : at >= 0 && at < size;
  }
  return count;
}
#define COUNTED(axis, position) \
  counted(position, p.window[axis], p.stride[axis], p.pad[axis], p.dilation[axis], p.large[axis], p.flags)
#define DIVISOR(p0, p1, p2) (p.divisor > 0 ? p.divisor : COUNTED(0, p0) * COUNTED(1, p1) * COUNTED(2, p2))

KERNEL average_pool(GLOBAL const uchar *x, GLOBAL uchar *y, ARGUMENT Parameters p) {
  long plane = PLANE(p.small);
  for (long i = GID(0); i < p.batch * p.large_channels * plane; i += GSZ(0)) {
    long n = IMAGE(i, plane);
    long place = PLACE(i, plane);
    long p2 = place % p.small[2];
    long p1 = place / p.small[2] % p.small[1];
    long p0 = place / p.small[2] / p.small[1];
    T sum = 0;
    for (long q0 = 0; q0 < p.window[0]; q0++) {
      for (long q1 = 0; q1 < p.window[1]; q1++) {
        for (long q2 = 0; q2 < p.window[2]; q2++) {
          long r0 = READS(0, p0, q0);
          long r1 = READS(1, p1, q1);
          long r2 = READS(2, p2, q2);
          if (INSIDE(0, r0) && INSIDE(1, r1) && INSIDE(2, r2)) {
            sum += load(x, X_AT(n, r0, r1, r2), TYPE);
          }
        }
      }
    }
    store(y, p.starts[3] + i, TYPE, sum / DIVISOR(p0, p1, p2));
  }
}

KERNEL average_pool_gradient(GLOBAL const uchar *dy, GLOBAL uchar *dx, ARGUMENT Parameters p) {
  long plane = PLANE(p.large);
  for (long i = GID(0); i < p.batch * p.large_channels * plane; i += GSZ(0)) {
    long n = IMAGE(i, plane);
    long place = PLACE(i, plane);
    long u2 = place % p.large[2];
    long u1 = place / p.large[2] % p.large[1];
    long u0 = place / p.large[2] / p.large[1];
    T sum = 0;
    for (long q0 = 0; q0 < p.window[0]; q0++) {
      for (long q1 = 0; q1 < p.window[1]; q1++) {
        for (long q2 = 0; q2 < p.window[2]; q2++) {
          long p0 = POSITION(0, u0, q0);
          long p1 = POSITION(1, u1, q1);
          long p2 = POSITION(2, u2, q2);
          if (p0 >= 0 && p1 >= 0 && p2 >= 0) {
            sum += load(dy, X_AT(n, p0, p1, p2), TYPE) / DIVISOR(p0, p1, p2);
          }
        }
      }
    }
    store(dx, p.starts[3] + i, TYPE, sum);
  }
}

/* The elements of each window as a column, zeros in the border. */
KERNEL unfold(GLOBAL const uchar *x, GLOBAL uchar *y, ARGUMENT Parameters p) {
  long windows = PLANE(p.small);
  long taps = PLANE(p.window);
  for (long i = GID(0); i < p.batch * p.large_channels * taps * windows; i += GSZ(0)) {
    long l = i % windows;
    long t = i / windows % taps;
    long n = i / windows / taps;
    long r0 = READS(0, l / p.small[2] / p.small[1], t / p.window[2] / p.window[1]);
    long r1 = READS(1, l / p.small[2] % p.small[1], t / p.window[2] % p.window[1]);
    long r2 = READS(2, l % p.small[2], t % p.window[2]);
    bool inside = INSIDE(0, r0) && INSIDE(1, r1) && INSIDE(2, r2);
    store(y, p.starts[3] + i, TYPE, inside ? load(x, X_AT(n, r0, r1, r2), TYPE) : (T)0);
  }
}

/* Adds up columns [batch, channels and taps, windows] where the windows lie. */
KERNEL fold(GLOBAL const uchar *x, GLOBAL uchar *y, ARGUMENT Parameters p) {
  long plane = PLANE(p.large);
  long taps = PLANE(p.window);
  for (long i = GID(0); i < p.batch * p.large_channels * plane; i += GSZ(0)) {
    long n = i / plane;
    long u2 = i % p.large[2];
    long u1 = i / p.large[2] % p.large[1];
    long u0 = i / p.large[2] / p.large[1] % p.large[0];
    long from = p.starts[0] + n / p.large_channels * p.x_strides[0] + n % p.large_channels * taps * p.x_strides[1];
    T sum = 0;
    for (long t = 0; t < taps; t++) {
      long p0 = POSITION(0, u0, t / p.window[2] / p.window[1]);
      long p1 = POSITION(1, u1, t / p.window[2] % p.window[1]);
      long p2 = POSITION(2, u2, t % p.window[2]);
      if (p0 >= 0 && p1 >= 0 && p2 >= 0) {
        long l = (p0 * p.small[1] + p1) * p.small[2] + p2;
        sum += load(x, from + t * p.x_strides[1] + l * p.x_strides[4], TYPE);
      }
    }
    store(y, p.starts[3] + i, TYPE, sum);
  }
}
