/* Reductions over axes: OP is 0 for sums, 1 for products, 2 for maxima, 3 for minima. The order of the operations depends on the sizes
   alone, so that a result has the same bits each time. */
#if OP == 1
#define IDENTITY ((T)1)
#define JOIN(a, b) ((a) * (b))
#elif OP == 2
#ifdef T_LONG
#define IDENTITY (-9223372036854775807L - 1L)
#else
#define IDENTITY ((T)(-INFINITY))
#endif
#define JOIN(a, b) MAXIMUM(a, b)
#elif OP == 3
#ifdef T_LONG
#define IDENTITY 9223372036854775807L
#else
#define IDENTITY ((T)INFINITY)
#endif
#define JOIN(a, b) MINIMUM(a, b)
#else
#define IDENTITY ((T)0)
#define JOIN(a, b) ((a) + (b))
#endif

/* Sums carry what rounding has lost (Neumaier). */
#if OP == 0 && !defined(T_LONG)
#define TAKE(a, lost, v)                            \
  {                                                 \
    T x_ = (v);                                     \
    T s_ = a + x_;                                  \
    T big_ = fabs(a) >= fabs(x_) ? a : x_;          \
    T small_ = fabs(a) >= fabs(x_) ? x_ : a;        \
    lost += (big_ - s_) + small_;                   \
    a = s_;                                         \
  }
#define FINISH(a, lost) ((lost) - (lost) == 0 ? (a) + (lost) : (a))
#else
#define TAKE(a, lost, v) a = JOIN(a, v)
#define FINISH(a, lost) (a)
#endif

/* A work item for each result: for few elements each. */
KERNEL reduce_short(GLOBAL const uchar *x, GLOBAL uchar *y, ARGUMENT Parameters p) {
  for (long i = GID(0); i < p.outputs; i += GSZ(0)) {
    long from = kept_place(&p, i);
    T a = IDENTITY;
    T lost = 0;
    for (long j = 0; j < p.count; j++) {
      TAKE(a, lost, load(x, from + reduced_place(&p, j), IN));
    }
    store(y, p.to + i, OUT, FINISH(a, lost));
  }
}

/* A group for each result. */
KERNEL reduce_long(GLOBAL const uchar *x, GLOBAL uchar *y, ARGUMENT Parameters p) {
  SHARED T parts[GROUP];
  SHARED T rests[GROUP];
  for (long i = GRP(0); i < p.outputs; i += NGRP(0)) {
    long from = kept_place(&p, i);
    T a = IDENTITY;
    T lost = 0;
    for (long j = LID(0); j < p.count; j += GROUP) {
      TAKE(a, lost, load(x, from + reduced_place(&p, j), IN));
    }
    parts[LID(0)] = a;
    rests[LID(0)] = lost;
    BARRIER;
    for (int reach = GROUP / 2; reach > 0; reach /= 2) {
      if (LID(0) < reach) {
        T sum = parts[LID(0)];
        T rest = rests[LID(0)] + rests[LID(0) + reach];
        TAKE(sum, rest, parts[LID(0) + reach]);
        parts[LID(0)] = sum;
        rests[LID(0)] = rest;
      }
      BARRIER;
    }
    if (LID(0) == 0) {
      store(y, p.to + i, OUT, FINISH(parts[0], rests[0]));
    }
    BARRIER;
  }
}

/* The place of the first largest (OP 2) or smallest (OP 3) element; that of the first NaN if there is one. */
KERNEL extreme_place(GLOBAL const uchar *x, GLOBAL uchar *y, ARGUMENT Parameters p) {
  for (long i = GID(0); i < p.outputs; i += GSZ(0)) {
    long from = kept_place(&p, i);
    T best = load(x, from, IN);
    long place = 0;
    for (long j = 1; j < p.count && best == best; j++) {
      T v = load(x, from + reduced_place(&p, j), IN);
      if (v != v || (OP == 2 ? v > best : v < best)) {
        best = v;
        place = j;
      }
    }
    ((GLOBAL long *)y)[p.to + i] = place;
  }
}
