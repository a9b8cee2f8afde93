/* Runs a pointwise program from its instructions: four numbers each, the code, which the generated STEPS know, and three operands.
   It is slower than a kernel of the program's own, and there at once. */
#define MOST_INPUTS 8
#define MOST_OUTPUTS 4
#define MOST_AXES 6
#define MOST_REGISTERS 64

typedef struct {
  long size;
  long axes;
  long steps;
  long inputs;
  long outputs;
  long dims[MOST_AXES];
  long starts[MOST_INPUTS + MOST_OUTPUTS];
  long types[MOST_INPUTS + MOST_OUTPUTS];
  long registers[MOST_OUTPUTS];
  long strides[(MOST_INPUTS + MOST_OUTPUTS) * MOST_AXES];
} Parameters;

typedef struct {
  T values[MOST_INPUTS];
} Scalars;

/* For the inputs and outputs k that there are. */
#define EACH_ARRAY(DO)                                                         \
  for (int k = 0; k < (int)p.inputs; k++) {                                    \
    DO;                                                                        \
  }                                                                            \
  for (int k = MOST_INPUTS; k < MOST_INPUTS + (int)p.outputs; k++) {           \
    DO;                                                                        \
  }

KERNEL interpret(GLOBAL const int *code, GLOBAL const T *constants, GLOBAL uchar *x0, GLOBAL uchar *x1, GLOBAL uchar *x2,
    GLOBAL uchar *x3, GLOBAL uchar *x4, GLOBAL uchar *x5, GLOBAL uchar *x6, GLOBAL uchar *x7, GLOBAL uchar *y0, GLOBAL uchar *y1,
    GLOBAL uchar *y2, GLOBAL uchar *y3, ARGUMENT Parameters p, ARGUMENT Scalars scalars) {
  GLOBAL uchar *arrays[MOST_INPUTS + MOST_OUTPUTS] = {x0, x1, x2, x3, x4, x5, x6, x7, y0, y1, y2, y3};
  T r[MOST_REGISTERS];
  for (long i = GID(0); i < p.size; i += GSZ(0)) {
    long at[MOST_INPUTS + MOST_OUTPUTS];
    EACH_ARRAY(at[k] = p.starts[k])
    long rest = i;
    for (int d = (int)p.axes - 1; d >= 0; d--) {
      long q = d == 0 ? 0 : rest / p.dims[d];
      long index = rest - q * p.dims[d];
      rest = q;
      EACH_ARRAY(at[k] += index * p.strides[k * MOST_AXES + d])
    }
    for (int s = 0; s < (int)p.steps; s++) {
      int na = code[4 * s + 1];
      int nb = code[4 * s + 2];
      int nc = code[4 * s + 3];
      T v = 0;
      switch (code[4 * s]) {
        case 0:
          v = load(arrays[na], at[na], (int)p.types[na]);
          break;
        case 1:
          v = constants[s];
          break;
        case 2:
          v = scalars.values[na];
          break;
        default: {
          T a = r[na];
          T b = nb < 0 ? (T)0 : r[nb];
          T c = nc < 0 ? (T)0 : r[nc];
          switch (code[4 * s]) {
STEPS
          }
        }
      }
      r[s] = v;
    }
    for (int k = 0; k < (int)p.outputs; k++) {
      store(arrays[MOST_INPUTS + k], at[MOST_INPUTS + k], (int)p.types[MOST_INPUTS + k], r[p.registers[k]]);
    }
  }
}
