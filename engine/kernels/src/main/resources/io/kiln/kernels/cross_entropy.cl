/* Cross-entropy of softmax probabilities and its gradient. Arrays are row-major: [rows, classes] and [rows]. Labels out of range are told
   by check in index.cl; their loss is NaN. */
typedef struct {
  long rows;
  long classes;
  long label_start;
  long wide; /* whether labels are of 64 bits */
  long x_start;
  long loss_start;
  long p_start;
} Parameters;

#define LOGIT(j) load(x, p.x_start + i * p.classes + (j), TYPE)
#define PROBABILITY (p.p_start + i * p.classes + j)

#ifdef KERNEL_cross_entropy_short
/* A work item for each row. */
KERNEL cross_entropy_short(GLOBAL const uchar *x, GLOBAL const uchar *labels, GLOBAL uchar *loss, GLOBAL uchar *y, ARGUMENT Parameters p) {
  for (long i = GID(0); i < p.rows; i += GSZ(0)) {
    T top = (T)(-INFINITY);
    for (long j = 0; j < p.classes; j++) {
      top = MAXIMUM(top, LOGIT(j));
    }
    T sum = 0;
    for (long j = 0; j < p.classes; j++) {
      sum += exp(LOGIT(j) - top);
    }
    for (long j = 0; j < p.classes; j++) {
      store(y, PROBABILITY, TYPE, exp(LOGIT(j) - top) / sum);
    }
    long label = index_at(labels, p.label_start + i, p.wide);
    store(loss, p.loss_start + i, TYPE, label < 0 || label >= p.classes ? (T)NAN : log(sum) - (LOGIT(label) - top));
  }
}
#endif

#ifdef KERNEL_cross_entropy_long
/* A group for each row. */
KERNEL cross_entropy_long(GLOBAL const uchar *x, GLOBAL const uchar *labels, GLOBAL uchar *loss, GLOBAL uchar *y, ARGUMENT Parameters p) {
  SHARED T parts[GROUP];
  for (long i = GRP(0); i < p.rows; i += NGRP(0)) {
    T top = (T)(-INFINITY);
    for (long j = LID(0); j < p.classes; j += GROUP) {
      top = MAXIMUM(top, LOGIT(j));
    }
    parts[LID(0)] = top;
    ACROSS_GROUP(parts, MAXIMUM)
    top = parts[0];
    BARRIER;
    T sum = 0;
    for (long j = LID(0); j < p.classes; j += GROUP) {
      sum += exp(LOGIT(j) - top);
    }
    parts[LID(0)] = sum;
    ACROSS_GROUP(parts, SUM_OF)
    sum = parts[0];
    BARRIER;
    for (long j = LID(0); j < p.classes; j += GROUP) {
      store(y, PROBABILITY, TYPE, exp(LOGIT(j) - top) / sum);
    }
    if (LID(0) == 0) {
      long label = index_at(labels, p.label_start + i, p.wide);
      store(loss, p.loss_start + i, TYPE, label < 0 || label >= p.classes ? (T)NAN : log(sum) - (LOGIT(label) - top));
    }
  }
}
#endif

#ifdef KERNEL_cross_entropy_gradient
/* dx = (p - one-hot(label)) * dloss; x is the gradient of the losses, y the probabilities. */
KERNEL cross_entropy_gradient(GLOBAL const uchar *x, GLOBAL const uchar *y, GLOBAL const uchar *labels, GLOBAL uchar *dx,
    ARGUMENT Parameters p) {
  for (long t = GID(0); t < p.rows * p.classes; t += GSZ(0)) {
    long i = t / p.classes;
    long j = t - i * p.classes;
    T hot = index_at(labels, p.label_start + i, p.wide) == j ? (T)1 : (T)0;
    store(dx, p.loss_start + t, TYPE, (load(y, p.p_start + t, TYPE) - hot) * load(x, p.x_start + i, TYPE));
  }
}
#endif
