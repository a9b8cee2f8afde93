/* Products of matrices: a group computes a tile of the result from tiles of both operands in local memory. */
#define TILE 16
#define MOST_AXES 6

typedef struct {
  long rows;
  long columns;
  long inner;
  long batches;
  long a_start;
  long a_row;
  long a_column;
  long b_start;
  long b_row;
  long b_column;
  long to;
  long axes;
  long dims[MOST_AXES];
  long a_strides[MOST_AXES];
  long b_strides[MOST_AXES];
} Parameters;

KERNEL matmul(GLOBAL const uchar *a, GLOBAL const uchar *b, GLOBAL uchar *y, ARGUMENT Parameters p) {
  SHARED T left[TILE][TILE + 1];
  SHARED T right[TILE][TILE + 1];
  int column = LID(0);
  int row = LID(1);
  long to_column = GRP(0) * TILE + column;
  for (long batch = GRP(2); batch < p.batches; batch += NGRP(2)) {
    long a_at = p.a_start;
    long b_at = p.b_start;
    long rest = batch;
    for (int d = (int)p.axes - 1; d >= 0; d--) {
      long q = rest / p.dims[d];
      long index = rest - q * p.dims[d];
      a_at += index * p.a_strides[d];
      b_at += index * p.b_strides[d];
      rest = q;
    }
    for (long tile = GRP(1) * TILE; tile < p.rows; tile += NGRP(1) * TILE) {
      long to_row = tile + row;
      T sum = 0;
      for (long k = 0; k < p.inner; k += TILE) {
        left[row][column] = to_row < p.rows && k + column < p.inner
            ? load(a, a_at + to_row * p.a_row + (k + column) * p.a_column, A_TYPE) : (T)0;
        right[row][column] = to_column < p.columns && k + row < p.inner
            ? load(b, b_at + (k + row) * p.b_row + to_column * p.b_column, B_TYPE) : (T)0;
        BARRIER;
        for (int i = 0; i < TILE; i++) {
          sum = MULTIPLY_ADD(left[row][i], right[i][column], sum);
        }
        BARRIER;
      }
      if (to_row < p.rows && to_column < p.columns) {
        store(y, p.to + (batch * p.rows + to_row) * p.columns + to_column, Y_TYPE, sum);
      }
    }
  }
}
