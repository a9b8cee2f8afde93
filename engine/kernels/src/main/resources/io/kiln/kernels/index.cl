/* Taking and putting entries by index. Arrays are seen as [outer, n, inner] around the axis; E is an unsigned type of the elements'
   size. An index out of range is found by check and told at the next synchronization; the other kernels leave it out. */
#define GROUP 64

typedef struct {
  long outer;
  long n;
  long inner;
  long count;
  long x_start;
  long index_start;
  long to;
  long wide; /* whether indices are of 64 bits */
  long least;
} Parameters;

KERNEL gather(GLOBAL const E *x, GLOBAL const uchar *indices, GLOBAL E *y, ARGUMENT Parameters p) {
  for (long i = GID(0); i < p.outer * p.count * p.inner; i += GSZ(0)) {
    long inside = i % p.inner;
    long k = i / p.inner % p.count;
    long o = i / p.inner / p.count;
    long at = index_at(indices, p.index_start + k, p.wide);
    at = at < 0 ? at + p.n : at;
    if (at >= 0 && at < p.n) {
      y[p.to + i] = x[p.x_start + (o * p.n + at) * p.inner + inside];
    }
  }
}

/* The other way round; each index occurs once. */
KERNEL put(GLOBAL const E *x, GLOBAL const uchar *indices, GLOBAL E *y, ARGUMENT Parameters p) {
  for (long i = GID(0); i < p.outer * p.count * p.inner; i += GSZ(0)) {
    long inside = i % p.inner;
    long k = i / p.inner % p.count;
    long o = i / p.inner / p.count;
    long at = index_at(indices, p.index_start + k, p.wide);
    if (at >= 0 && at < p.n) {
      y[p.to + (o * p.n + at) * p.inner + inside] = x[p.x_start + i];
    }
  }
}

/* One group looks for the first index out of range and writes 1, its position and its value to a slot. */
KERNEL check(GLOBAL const uchar *indices, GLOBAL long *slot, ARGUMENT Parameters p) {
  SHARED long firsts[GROUP];
  long first = p.count;
  for (long k = LID(0); k < p.count && first == p.count; k += GROUP) {
    long at = index_at(indices, p.index_start + k, p.wide);
    if (at < p.least || at >= p.n) {
      first = k;
    }
  }
  firsts[LID(0)] = first;
  BARRIER;
  if (LID(0) == 0) {
    for (int i = 1; i < GROUP; i++) {
      first = firsts[i] < first ? firsts[i] : first;
    }
    slot[p.to] = first < p.count ? 1 : 0;
    slot[p.to + 1] = first;
    slot[p.to + 2] = first < p.count ? index_at(indices, p.index_start + first, p.wide) : 0;
  }
}

/* MODE is that of io.kiln.op.index.ScatterMode. A work item owns a column of targets and takes the updates in order. */
#ifdef MODE
KERNEL scatter(GLOBAL const uchar *updates, GLOBAL const uchar *indices, GLOBAL uchar *y, ARGUMENT Parameters p) {
  for (long i = GID(0); i < p.outer * p.inner; i += GSZ(0)) {
    long inside = i % p.inner;
    long o = i / p.inner;
    for (long k = 0; k < p.count; k++) {
      long at = index_at(indices, p.index_start + k, p.wide);
      at = at < 0 ? at + p.n : at;
      if (at < 0 || at >= p.n) {
        continue;
      }
      long target = p.to + (o * p.n + at) * p.inner + inside;
      T v = load(updates, p.x_start + (o * p.count + k) * p.inner + inside, TYPE);
      if (MODE == 1) {
        v = load(y, target, TYPE) + v;
      } else if (MODE == 2) {
        v = load(y, target, TYPE) * v;
      } else if (MODE == 3) {
        v = MINIMUM(load(y, target, TYPE), v);
      } else if (MODE == 4) {
        v = MAXIMUM(load(y, target, TYPE), v);
      }
      store(y, target, TYPE, v);
    }
  }
}
#endif
