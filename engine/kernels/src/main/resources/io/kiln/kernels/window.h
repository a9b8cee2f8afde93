/* A window over three spatial axes, of which the first ones have size 1 where there are fewer. */
typedef struct {
  long batch;
  long groups;
  long large_channels; /* in a group, on the side of the large image */
  long small_channels; /* in a group, on the side of the positions of the window */
  long large[3];
  long small[3];
  long window[3];
  long stride[3];
  long pad[3];
  long dilation[3];
  long starts[4];
  long x_strides[5];
  long w_strides[5];
  long flags;
  long divisor;
} Parameters;

/* Where a tap of the window at a position reads along an axis. */
#define READS(axis, position, tap) ((position) * p.stride[axis] - p.pad[axis] + (tap) * p.dilation[axis])
#define INSIDE(axis, at) ((at) >= 0 && (at) < p.large[axis])

/* The position at which a tap reads a place along an axis, or -1. */
DEVICE long position_of(long place, long tap, long stride, long pad, long dilation, long positions) {
  long far = place + pad - tap * dilation;
  if (far < 0 || far % stride != 0) {
    return -1;
  }
  long position = far / stride;
  return position < positions ? position : -1;
}
#define POSITION(axis, place, tap) \
  position_of(place, tap, p.stride[axis], p.pad[axis], p.dilation[axis], p.small[axis])
