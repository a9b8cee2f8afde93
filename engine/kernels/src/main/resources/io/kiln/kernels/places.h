/* An array whose axes are reduced, or walked, or kept. */
#define MOST_AXES 8
#define GROUP 64

typedef struct {
  long outputs;
  long count;
  long kept;
  long reduced;
  long start;
  long to;
  long kept_dims[MOST_AXES];
  long kept_strides[MOST_AXES];
  long dims[MOST_AXES];
  long strides[MOST_AXES];
} Parameters;

DEVICE long kept_place(const Parameters *p, long i) {
  long at = p->start;
  long rest = i;
  for (int d = (int)p->kept - 1; d >= 0; d--) {
    long q = rest / p->kept_dims[d];
    at += (rest - q * p->kept_dims[d]) * p->kept_strides[d];
    rest = q;
  }
  return at;
}

DEVICE long reduced_place(const Parameters *p, long j) {
  if (p->reduced == 1) {
    return j * p->strides[0];
  }
  long at = 0;
  long rest = j;
  for (int d = (int)p->reduced - 1; d >= 0; d--) {
    long q = rest / p->dims[d];
    at += (rest - q * p->dims[d]) * p->strides[d];
    rest = q;
  }
  return at;
}
