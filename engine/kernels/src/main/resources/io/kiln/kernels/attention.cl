/* Attention without its weights in memory: a group takes a tile of queries, or of keys, and walks along the other side tile by tile, with
   both in local memory. E is the length of queries and keys, V that of values, MASK 0 for none, 1 for bool, 2 for numbers that are added.
   The macro KERNEL_name chooses the kernel that is built. */
#define GROUP 64
#define SIDE 8 /* a group is a square of threads, of which each has every eighth row and column of a tile */
#define OWN (TILE / SIDE)
#define E_OWN ((E + SIDE - 1) / SIDE)
#define V_OWN ((V + SIDE - 1) / SIDE)
#define E_WIDE (E_OWN * SIDE)
#define V_WIDE (V_OWN * SIDE)
#define WIDE (E_WIDE > V_WIDE ? E_WIDE : V_WIDE)
#define MOST_AXES 4

/* An array of rows behind up to four axes: where it starts, and its steps. */
typedef struct {
  long start;
  long row;
  long column;
  long steps[MOST_AXES];
} Place;

/* The first "kept" axes are those of the array whose tiles the groups take; over the others, along which it is repeated, they add up. */
typedef struct {
  long queries;
  long keys;
  long first; /* the last key that the first query sees */
  long batches;
  long repeats;
  long kept;
  long axes;
  long dims[MOST_AXES];
  Place q;
  Place k;
  Place v;
  Place m;
  Place y; /* the result, or its gradient */
  Place sums; /* logarithm of the sum of a row's exponentials */
  Place dots; /* of the result and its gradient */
  Place one; /* the gradients that a kernel writes */
  Place two;
} Parameters;

typedef struct {
  T scale;
} Numbers;

DEVICE long shift(const Parameters *p, const Place *x, long batch, long repeat) {
  long at = x->start;
  for (int d = (int)p->axes - 1; d >= (int)p->kept; d--) {
    long rest = repeat / p->dims[d];
    at += (repeat - rest * p->dims[d]) * x->steps[d];
    repeat = rest;
  }
  for (int d = (int)p->kept - 1; d >= 0; d--) {
    long rest = batch / p->dims[d];
    at += (batch - rest * p->dims[d]) * x->steps[d];
    batch = rest;
  }
  return at;
}

/* What the softmax is taken of: -INFINITY for a key that a query does not see. */
DEVICE T score(T product, T scale, const Parameters *p, GLOBAL const uchar *m, long m_at, long query, long key) {
  if (query >= p->queries || key >= p->keys || (CAUSAL && key > query + p->first)) {
    return (T)(-INFINITY);
  }
#if MASK == 1
  return m[m_at + query * p->m.row + key * p->m.column] != 0 ? product * scale : (T)(-INFINITY);
#elif MASK == 2
  T added = load(m, m_at + query * p->m.row + key * p->m.column, TYPE);
  return added == (T)(-INFINITY) ? added : product * scale + added;
#else
  return product * scale;
#endif
}

/* Rows of an array as a tile in local memory, with zeros around them. */
#define LOAD_TILE(tile, x, at, place, from, count, width, wide) \
  for (int t = LID(0); t < TILE * (wide); t += GROUP) { \
    int r = t / (wide); \
    int c = t % (wide); \
    tile[r][c] = (from) + r < (count) && c < (width) \
        ? load(x, (at) + ((from) + r) * (place).row + c * (place).column, TYPE) : (T)0; \
  }

/* Products of a thread's rows of one tile with its rows of another. */
#define PRODUCTS(s, left, right, width) \
  for (int i = 0; i < OWN; i++) { \
    for (int j = 0; j < OWN; j++) { \
      s[i][j] = 0; \
    } \
  } \
  for (int e = 0; e < (width); e++) { \
    for (int i = 0; i < OWN; i++) { \
      T a = left[row + SIDE * i][e]; \
      for (int j = 0; j < OWN; j++) { \
        s[i][j] = MULTIPLY_ADD(a, right[column + SIDE * j][e], s[i][j]); \
      } \
    } \
  }

#define STORE_ROWS(x, batch, place, from, count, out, width, own) \
  for (int i = 0; i < OWN; i++) { \
    long at = shift(&p, &(place), batch, 0) + ((from) + row + SIDE * i) * (place).row; \
    for (int c = 0; c < (own); c++) { \
      if ((from) + row + SIDE * i < (count) && column + SIDE * c < (width)) { \
        store(x, at + (column + SIDE * c) * (place).column, TYPE, out[i][c]); \
      } \
    } \
  }

#define CLEAR_ROWS(out, own) \
  for (int i = 0; i < OWN; i++) { \
    for (int c = 0; c < (own); c++) { \
      out[i][c] = 0; \
    } \
  }

#ifdef KERNEL_attention
/* y, with a softmax whose largest element and sum are corrected as keys come in; with -DKEEP what the gradient takes. */
KERNEL attention(GLOBAL const uchar *q, GLOBAL const uchar *k, GLOBAL const uchar *v, GLOBAL const uchar *m, GLOBAL uchar *y,
    GLOBAL uchar *sums, ARGUMENT Parameters p, ARGUMENT Numbers n) {
  SHARED T queries[TILE][E_WIDE + 1];
  SHARED T others[TILE][WIDE + 1]; /* keys, then their values */
  SHARED T weights[TILE][TILE + 1];
  SHARED T tops[TILE][SIDE + 1];
  SHARED T parts[TILE][SIDE + 1];
  int column = LID(0) % SIDE;
  int row = LID(0) / SIDE;
  long from = GRP(0) * TILE;
  long end = p.keys;
  if (CAUSAL && from + TILE + p.first < end) {
    end = from + TILE + p.first;
  }
  for (long batch = GRP(1); batch < p.batches; batch += NGRP(1)) {
    long q_at = shift(&p, &p.q, batch, 0);
    long k_at = shift(&p, &p.k, batch, 0);
    long v_at = shift(&p, &p.v, batch, 0);
    long m_at = shift(&p, &p.m, batch, 0);
    LOAD_TILE(queries, q, q_at, p.q, from, p.queries, E, E_WIDE)
    T best[OWN];
    T sum[OWN];
    T out[OWN][V_OWN];
    CLEAR_ROWS(out, V_OWN)
    for (int i = 0; i < OWN; i++) {
      best[i] = (T)(-INFINITY);
      sum[i] = 0;
    }
    for (long key = 0; key < end; key += TILE) {
      LOAD_TILE(others, k, k_at, p.k, key, p.keys, E, E_WIDE)
      BARRIER;
      T s[OWN][OWN];
      PRODUCTS(s, queries, others, E)
      for (int i = 0; i < OWN; i++) {
        T top = (T)(-INFINITY);
        for (int j = 0; j < OWN; j++) {
          s[i][j] = score(s[i][j], n.scale, &p, m, m_at, from + row + SIDE * i, key + column + SIDE * j);
          top = MAXIMUM(top, s[i][j]);
        }
        tops[row + SIDE * i][column] = top;
      }
      BARRIER;
      LOAD_TILE(others, v, v_at, p.v, key, p.keys, V, V_WIDE)
      T faded[OWN];
      for (int i = 0; i < OWN; i++) {
        T top = best[i];
        for (int c = 0; c < SIDE; c++) {
          top = MAXIMUM(top, tops[row + SIDE * i][c]);
        }
        bool blind = top == (T)(-INFINITY);
        faded[i] = blind ? (T)1 : exp(best[i] - top);
        best[i] = top;
        T part = 0;
        for (int j = 0; j < OWN; j++) {
          T weight = blind ? (T)0 : exp(s[i][j] - top);
          weights[row + SIDE * i][column + SIDE * j] = weight;
          part += weight;
        }
        parts[row + SIDE * i][column] = part;
      }
      BARRIER;
      for (int i = 0; i < OWN; i++) {
        T part = 0;
        for (int c = 0; c < SIDE; c++) {
          part += parts[row + SIDE * i][c];
        }
        sum[i] = sum[i] * faded[i] + part;
        for (int c = 0; c < V_OWN; c++) {
          out[i][c] *= faded[i];
        }
      }
      for (int j = 0; j < TILE; j++) {
        for (int i = 0; i < OWN; i++) {
          T weight = weights[row + SIDE * i][j];
          for (int c = 0; c < V_OWN; c++) {
            out[i][c] = MULTIPLY_ADD(weight, others[j][column + SIDE * c], out[i][c]);
          }
        }
      }
      BARRIER;
    }
    for (int i = 0; i < OWN; i++) {
      T share = best[i] == (T)(-INFINITY) ? (T)0 : 1 / sum[i];
      for (int c = 0; c < V_OWN; c++) {
        out[i][c] *= share;
      }
#ifdef KEEP
      if (column == 0 && from + row + SIDE * i < p.queries) {
        /* A query without keys gets weights of e^-INFINITY in the gradient. */
        T last = best[i] == (T)(-INFINITY) ? (T)INFINITY : best[i] + log(sum[i]);
        store(sums, shift(&p, &p.sums, batch, 0) + (from + row + SIDE * i) * p.sums.row, SUM_TYPE, last);
      }
#endif
    }
    STORE_ROWS(y, batch, p.y, from, p.queries, out, V, V_OWN)
  }
}
#endif

#ifdef KERNEL_attention_dots
/* The products of the rows of y and its gradient. */
KERNEL attention_dots(GLOBAL const uchar *y, GLOBAL const uchar *dy, GLOBAL uchar *dots, ARGUMENT Parameters p) {
  for (long i = GID(0); i < p.batches * p.queries; i += GSZ(0)) {
    long batch = i / p.queries;
    long query = i % p.queries;
    long y_at = shift(&p, &p.one, batch, 0) + query * p.one.row;
    long dy_at = shift(&p, &p.y, batch, 0) + query * p.y.row;
    T sum = 0;
    for (int c = 0; c < V; c++) {
      sum = MULTIPLY_ADD(load(y, y_at + c * p.one.column, TYPE), load(dy, dy_at + c * p.y.column, TYPE), sum);
    }
    store(dots, shift(&p, &p.dots, batch, 0) + query * p.dots.row, SUM_TYPE, sum);
  }
}
#endif

/* The weights and the gradients of scores of a thread's part of a tile of queries and a tile of keys. */
#define SLOPES(to_weights) \
  PRODUCTS(s, queries, keys, E) \
  PRODUCTS(d, gradients, values, V) \
  for (int i = 0; i < OWN; i++) { \
    long at = query + row + SIDE * i; \
    T last = at < p.queries ? load(sums, sums_at + at * p.sums.row, SUM_TYPE) : (T)INFINITY; \
    T dot = at < p.queries ? load(dots, dots_at + at * p.dots.row, SUM_TYPE) : (T)0; \
    for (int j = 0; j < OWN; j++) { \
      T weight = exp(score(s[i][j], n.scale, &p, m, m_at, at, key + column + SIDE * j) - last); \
      to_weights \
      slopes[row + SIDE * i][column + SIDE * j] = weight * (d[i][j] - dot) * n.scale; \
    } \
  }

#ifdef KERNEL_attention_queries
/* The gradient of the queries. */
KERNEL attention_queries(GLOBAL const uchar *q, GLOBAL const uchar *k, GLOBAL const uchar *v, GLOBAL const uchar *m,
    GLOBAL const uchar *dy, GLOBAL const uchar *sums, GLOBAL const uchar *dots, GLOBAL uchar *dq, ARGUMENT Parameters p,
    ARGUMENT Numbers n) {
  SHARED T queries[TILE][E_WIDE + 1];
  SHARED T gradients[TILE][V_WIDE + 1];
  SHARED T keys[TILE][E_WIDE + 1];
  SHARED T values[TILE][V_WIDE + 1];
  SHARED T slopes[TILE][TILE + 1];
  int column = LID(0) % SIDE;
  int row = LID(0) / SIDE;
  long query = GRP(0) * TILE;
  long end = p.keys;
  if (CAUSAL && query + TILE + p.first < end) {
    end = query + TILE + p.first;
  }
  for (long batch = GRP(1); batch < p.batches; batch += NGRP(1)) {
    T out[OWN][E_OWN];
    CLEAR_ROWS(out, E_OWN)
    for (long repeat = 0; repeat < p.repeats; repeat++) {
      long q_at = shift(&p, &p.q, batch, repeat);
      long k_at = shift(&p, &p.k, batch, repeat);
      long v_at = shift(&p, &p.v, batch, repeat);
      long m_at = shift(&p, &p.m, batch, repeat);
      long dy_at = shift(&p, &p.y, batch, repeat);
      long sums_at = shift(&p, &p.sums, batch, repeat);
      long dots_at = shift(&p, &p.dots, batch, repeat);
      LOAD_TILE(queries, q, q_at, p.q, query, p.queries, E, E_WIDE)
      LOAD_TILE(gradients, dy, dy_at, p.y, query, p.queries, V, V_WIDE)
      for (long key = 0; key < end; key += TILE) {
        LOAD_TILE(keys, k, k_at, p.k, key, p.keys, E, E_WIDE)
        LOAD_TILE(values, v, v_at, p.v, key, p.keys, V, V_WIDE)
        BARRIER;
        T s[OWN][OWN];
        T d[OWN][OWN];
        SLOPES()
        BARRIER;
        for (int j = 0; j < TILE; j++) {
          for (int i = 0; i < OWN; i++) {
            T slope = slopes[row + SIDE * i][j];
            for (int c = 0; c < E_OWN; c++) {
              out[i][c] = MULTIPLY_ADD(slope, keys[j][column + SIDE * c], out[i][c]);
            }
          }
        }
        BARRIER;
      }
    }
    STORE_ROWS(dq, batch, p.one, query, p.queries, out, E, E_OWN)
  }
}
#endif

#ifdef KERNEL_attention_keys
/* The gradients of keys and values. */
KERNEL attention_keys(GLOBAL const uchar *q, GLOBAL const uchar *k, GLOBAL const uchar *v, GLOBAL const uchar *m,
    GLOBAL const uchar *dy, GLOBAL const uchar *sums, GLOBAL const uchar *dots, GLOBAL uchar *dk, GLOBAL uchar *dv,
    ARGUMENT Parameters p, ARGUMENT Numbers n) {
  SHARED T queries[TILE][E_WIDE + 1];
  SHARED T gradients[TILE][V_WIDE + 1];
  SHARED T keys[TILE][E_WIDE + 1];
  SHARED T values[TILE][V_WIDE + 1];
  SHARED T slopes[TILE][TILE + 1];
  SHARED T weights[TILE][TILE + 1];
  int column = LID(0) % SIDE;
  int row = LID(0) / SIDE;
  long key = GRP(0) * TILE;
  long begin = 0;
  if (CAUSAL && key > p.first) {
    begin = (key - p.first) / TILE * TILE;
  }
  for (long batch = GRP(1); batch < p.batches; batch += NGRP(1)) {
    LOAD_TILE(keys, k, shift(&p, &p.k, batch, 0), p.k, key, p.keys, E, E_WIDE)
    LOAD_TILE(values, v, shift(&p, &p.v, batch, 0), p.v, key, p.keys, V, V_WIDE)
    T to_keys[OWN][E_OWN];
    T to_values[OWN][V_OWN];
    CLEAR_ROWS(to_keys, E_OWN)
    CLEAR_ROWS(to_values, V_OWN)
    for (long repeat = 0; repeat < p.repeats; repeat++) {
      long q_at = shift(&p, &p.q, batch, repeat);
      long m_at = shift(&p, &p.m, batch, repeat);
      long dy_at = shift(&p, &p.y, batch, repeat);
      long sums_at = shift(&p, &p.sums, batch, repeat);
      long dots_at = shift(&p, &p.dots, batch, repeat);
      for (long query = begin; query < p.queries; query += TILE) {
        LOAD_TILE(queries, q, q_at, p.q, query, p.queries, E, E_WIDE)
        LOAD_TILE(gradients, dy, dy_at, p.y, query, p.queries, V, V_WIDE)
        BARRIER;
        T s[OWN][OWN];
        T d[OWN][OWN];
        SLOPES(weights[row + SIDE * i][column + SIDE * j] = weight;)
        BARRIER;
        for (int j = 0; j < TILE; j++) {
          for (int i = 0; i < OWN; i++) {
            T slope = slopes[j][row + SIDE * i];
            T weight = weights[j][row + SIDE * i];
            for (int c = 0; c < E_OWN; c++) {
              to_keys[i][c] = MULTIPLY_ADD(slope, queries[j][column + SIDE * c], to_keys[i][c]);
            }
            for (int c = 0; c < V_OWN; c++) {
              to_values[i][c] = MULTIPLY_ADD(weight, gradients[j][column + SIDE * c], to_values[i][c]);
            }
          }
        }
        BARRIER;
      }
    }
    STORE_ROWS(dk, batch, p.one, key, p.keys, to_keys, E, E_OWN)
    STORE_ROWS(dv, batch, p.two, key, p.keys, to_values, V, V_OWN)
  }
}
#endif
