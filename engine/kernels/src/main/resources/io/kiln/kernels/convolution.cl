/* Convolutions: a work item for each element of a result, a group for each weight's gradient. Strides are those of x and w, or of x and
   the gradient of y. */
#define GROUP 64

/* y[n,o,p] = b[o] + sum over c, q of w[o,c,q] x[n,c,s p + d q - pad] */
KERNEL convolution(GLOBAL const uchar *x, GLOBAL const uchar *w, GLOBAL const uchar *b, GLOBAL uchar *y, ARGUMENT Parameters p) {
  long plane = p.small[0] * p.small[1] * p.small[2];
  long channels = p.groups * p.small_channels;
  for (long i = GID(0); i < p.batch * channels * plane; i += GSZ(0)) {
    long o = i / plane % channels;
    long n = i / plane / channels;
    long w2 = i % p.small[2];
    long w1 = i / p.small[2] % p.small[1];
    long w0 = i / p.small[2] / p.small[1] % p.small[0];
    long first = o / p.small_channels * p.large_channels;
    T sum = p.flags != 0 ? load(b, p.starts[2] + o, TYPE) : (T)0;
    for (long c = 0; c < p.large_channels; c++) {
      long from = p.starts[0] + n * p.x_strides[0] + (first + c) * p.x_strides[1];
      long by = p.starts[1] + o * p.w_strides[0] + c * p.w_strides[1];
      for (long q0 = 0; q0 < p.window[0]; q0++) {
        long r0 = READS(0, w0, q0);
        if (!INSIDE(0, r0)) {
          continue;
        }
        for (long q1 = 0; q1 < p.window[1]; q1++) {
          long r1 = READS(1, w1, q1);
          if (!INSIDE(1, r1)) {
            continue;
          }
          for (long q2 = 0; q2 < p.window[2]; q2++) {
            long r2 = READS(2, w2, q2);
            if (INSIDE(2, r2)) {
              sum = MULTIPLY_ADD(load(x, from + r0 * p.x_strides[2] + r1 * p.x_strides[3] + r2 * p.x_strides[4], TYPE),
                  load(w, by + q0 * p.w_strides[2] + q1 * p.w_strides[3] + q2 * p.w_strides[4], TYPE), sum);
            }
          }
        }
      }
    }
    store(y, p.starts[3] + i, TYPE, sum);
  }
}

/* y[n,c,u] = b[c] + sum over o, q of w[o,c,q] x[n,o,p] with u = s p + d q - pad */
KERNEL transposed(GLOBAL const uchar *x, GLOBAL const uchar *w, GLOBAL const uchar *b, GLOBAL uchar *y, ARGUMENT Parameters p) {
  long plane = p.large[0] * p.large[1] * p.large[2];
  long channels = p.groups * p.large_channels;
  for (long i = GID(0); i < p.batch * channels * plane; i += GSZ(0)) {
    long c = i / plane % channels;
    long n = i / plane / channels;
    long u2 = i % p.large[2];
    long u1 = i / p.large[2] % p.large[1];
    long u0 = i / p.large[2] / p.large[1] % p.large[0];
    long first = c / p.large_channels * p.small_channels;
    T sum = p.flags != 0 ? load(b, p.starts[2] + c, TYPE) : (T)0;
    for (long o = 0; o < p.small_channels; o++) {
      long from = p.starts[0] + n * p.x_strides[0] + (first + o) * p.x_strides[1];
      long by = p.starts[1] + (first + o) * p.w_strides[0] + c % p.large_channels * p.w_strides[1];
      for (long q0 = 0; q0 < p.window[0]; q0++) {
        long p0 = POSITION(0, u0, q0);
        if (p0 < 0) {
          continue;
        }
        for (long q1 = 0; q1 < p.window[1]; q1++) {
          long p1 = POSITION(1, u1, q1);
          if (p1 < 0) {
            continue;
          }
          for (long q2 = 0; q2 < p.window[2]; q2++) {
            long p2 = POSITION(2, u2, q2);
            if (p2 >= 0) {
              sum = MULTIPLY_ADD(load(x, from + p0 * p.x_strides[2] + p1 * p.x_strides[3] + p2 * p.x_strides[4], TYPE),
                  load(w, by + q0 * p.w_strides[2] + q1 * p.w_strides[3] + q2 * p.w_strides[4], TYPE), sum);
            }
          }
        }
      }
    }
    store(y, p.starts[3] + i, TYPE, sum);
  }
}

/* dw[o,c,q] = sum over n, p of x[n,c,s p + d q - pad] g[n,o,p] */
KERNEL weight_gradient(GLOBAL const uchar *x, GLOBAL const uchar *g, GLOBAL uchar *dw, ARGUMENT Parameters p) {
  SHARED T parts[GROUP];
  long taps = p.window[0] * p.window[1] * p.window[2];
  long plane = p.small[0] * p.small[1] * p.small[2];
  long weights = p.groups * p.small_channels * p.large_channels * taps;
  for (long i = GRP(0); i < weights; i += NGRP(0)) {
    long q2 = i % p.window[2];
    long q1 = i / p.window[2] % p.window[1];
    long q0 = i / p.window[2] / p.window[1] % p.window[0];
    long c = i / taps % p.large_channels;
    long o = i / taps / p.large_channels;
    long channel = o / p.small_channels * p.large_channels + c;
    T sum = 0;
    for (long j = LID(0); j < p.batch * plane; j += GROUP) {
      long n = j / plane;
      long p2 = j % p.small[2];
      long p1 = j / p.small[2] % p.small[1];
      long p0 = j / p.small[2] / p.small[1] % p.small[0];
      long r0 = READS(0, p0, q0);
      long r1 = READS(1, p1, q1);
      long r2 = READS(2, p2, q2);
      if (INSIDE(0, r0) && INSIDE(1, r1) && INSIDE(2, r2)) {
        sum = MULTIPLY_ADD(load(x, p.starts[0] + n * p.x_strides[0] + channel * p.x_strides[1] + r0 * p.x_strides[2]
                    + r1 * p.x_strides[3] + r2 * p.x_strides[4], TYPE),
                  load(g, p.starts[1] + n * p.w_strides[0] + o * p.w_strides[1] + p0 * p.w_strides[2]
                    + p1 * p.w_strides[3] + p2 * p.w_strides[4], TYPE), sum);
      }
    }
    parts[LID(0)] = sum;
    ACROSS_GROUP(parts, SUM_OF)
    if (LID(0) == 0) {
      store(dw, p.starts[3] + i, TYPE, parts[0]);
    }
    BARRIER;
  }
}
