/* Kernels over rows along one axis, the one that is "reduced". Results are row-major: an element follows its predecessor in a row after
   inner elements. The macro KERNEL_name chooses the one that is built. */
#define RESULT(i, j) (p.to + (i) / inner * inner * p.count + (i) % inner + (j) * inner)
#define ELEMENT(j) load(x, from + (j) * p.strides[0], IN)

#ifdef KERNEL_softmax_short
/* e^(x - max) / sum of it, or with -DLOGARITHM its logarithm, a work item for each row. */
KERNEL softmax_short(GLOBAL const uchar *x, GLOBAL uchar *y, ARGUMENT Parameters p, const long inner) {
  for (long i = GID(0); i < p.outputs; i += GSZ(0)) {
    long from = kept_place(&p, i);
    T top = (T)(-INFINITY);
    for (long j = 0; j < p.count; j++) {
      top = MAXIMUM(top, ELEMENT(j));
    }
    T sum = 0;
    for (long j = 0; j < p.count; j++) {
      sum += exp(ELEMENT(j) - top);
    }
#ifdef LOGARITHM
    T last = log(sum);
    for (long j = 0; j < p.count; j++) {
      store(y, RESULT(i, j), OUT, ELEMENT(j) - top - last);
    }
#else
    for (long j = 0; j < p.count; j++) {
      store(y, RESULT(i, j), OUT, exp(ELEMENT(j) - top) / sum);
    }
#endif
  }
}

#endif

#ifdef KERNEL_softmax_long
/* The same with a group for each row. */
KERNEL softmax_long(GLOBAL const uchar *x, GLOBAL uchar *y, ARGUMENT Parameters p, const long inner) {
  SHARED T parts[GROUP];
  for (long i = GRP(0); i < p.outputs; i += NGRP(0)) {
    long from = kept_place(&p, i);
    T top = (T)(-INFINITY);
    for (long j = LID(0); j < p.count; j += GROUP) {
      top = MAXIMUM(top, ELEMENT(j));
    }
    parts[LID(0)] = top;
    ACROSS_GROUP(parts, MAXIMUM)
    top = parts[0];
    BARRIER;
    T sum = 0;
    for (long j = LID(0); j < p.count; j += GROUP) {
      sum += exp(ELEMENT(j) - top);
    }
    parts[LID(0)] = sum;
    ACROSS_GROUP(parts, SUM_OF)
    sum = parts[0];
    BARRIER;
    for (long j = LID(0); j < p.count; j += GROUP) {
#ifdef LOGARITHM
      store(y, RESULT(i, j), OUT, ELEMENT(j) - top - log(sum));
#else
      store(y, RESULT(i, j), OUT, exp(ELEMENT(j) - top) / sum);
#endif
    }
  }
}
#endif

#ifdef KERNEL_running_sum
/* Sums of a row up to each element, with -DPRODUCT=1 products, with -DEXCLUSIVE=1 without it, with -DREVERSE=1 from the end. */
KERNEL running_sum(GLOBAL const uchar *x, GLOBAL uchar *y, ARGUMENT Parameters p, const long inner) {
  for (long i = GID(0); i < p.outputs; i += GSZ(0)) {
    long from = kept_place(&p, i);
    T sum = PRODUCT ? 1 : 0;
    for (long k = 0; k < p.count; k++) {
      long j = REVERSE ? p.count - 1 - k : k;
      T next = PRODUCT ? sum * ELEMENT(j) : sum + ELEMENT(j);
      store(y, RESULT(i, j), OUT, EXCLUSIVE ? sum : next);
      sum = next;
    }
  }
}

#endif

#ifdef KERNEL_running_extreme
/* The largest element up to each, with -DLARGEST=0 the smallest, and where it stands: the last of equals, the last NaN if there is one. */
KERNEL running_extreme(GLOBAL const uchar *x, GLOBAL uchar *y, ARGUMENT Parameters p, const long inner, GLOBAL long *places,
    const long places_start) {
  for (long i = GID(0); i < p.outputs; i += GSZ(0)) {
    long from = kept_place(&p, i);
    T best = 0;
    long place = 0;
    for (long j = 0; j < p.count; j++) {
      T v = ELEMENT(j);
      if (j == 0 || v != v || (LARGEST ? v >= best : v <= best)) {
        best = v;
        place = j;
      }
      store(y, RESULT(i, j), OUT, best);
      places[RESULT(i, j) - p.to + places_start] = place;
    }
  }
}
#endif

#ifdef KERNEL_sort_places
/* Where each element goes when its row is sorted, stably and with NaN as the largest: a work item counts those that go before it. */
KERNEL sort_places(GLOBAL const uchar *x, GLOBAL uchar *y, ARGUMENT Parameters p, const long inner) {
  for (long t = GID(0); t < p.outputs * p.count; t += GSZ(0)) {
    long i = t / p.count;
    long own = t - i * p.count;
    long from = kept_place(&p, i);
    T a = ELEMENT(own);
    long before = 0;
    for (long j = 0; j < p.count; j++) {
      T b = ELEMENT(j);
      bool less = b < a || (a != a && b == b);
      bool more = b > a || (b != b && a == a);
      before += (DESCENDING ? more : less) || (!less && !more && j < own) ? 1 : 0;
    }
    ((GLOBAL long *)y)[RESULT(i, before)] = own;
  }
}
#endif
