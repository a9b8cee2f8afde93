package io.kiln.ndarray;

import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;

/**
 * The sizes of an array's axes: immutable, with long sizes. A size of 0 means an empty axis; {@link #UNKNOWN} stands
 * for a size that is not known yet and occurs in traced graphs only.
 */
public final class Shape {
    /** The size of an axis that is not known yet. */
    public static final long UNKNOWN = -1;

    private static final Shape SCALAR = new Shape(new long[0]);

    private final long[] dims;

    private Shape(long[] dims) {
        this.dims = dims;
    }

    /**
     * A shape from its sizes.
     *
     * @param dims sizes, each at least 0, or {@link #UNKNOWN}
     * @return the shape
     */
    public static Shape of(long... dims) {
        if (dims.length == 0) {
            return SCALAR;
        }
        for (long d : dims) {
            if (d < UNKNOWN) {
                throw new ShapeException("shape: sizes must be >= 0 (or -1 for unknown), got " + Arrays.toString(dims));
            }
        }
        return new Shape(dims.clone());
    }

    /**
     * A shape from its sizes.
     *
     * @param dims sizes, each at least 0, or {@link #UNKNOWN}
     * @return the shape
     */
    public static Shape of(List<Long> dims) {
        return of(dims.stream().mapToLong(Long::longValue).toArray());
    }

    /**
     * The shape without axes, of one element.
     *
     * @return the scalar shape {@code []}
     */
    public static Shape scalar() {
        return SCALAR;
    }

    /**
     * The number of axes.
     *
     * @return the rank
     */
    public int rank() {
        return dims.length;
    }

    /**
     * The size of one axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return its size
     */
    public long dim(int axis) {
        return dims[axis(axis)];
    }

    /**
     * All sizes.
     *
     * @return a copy of the sizes
     */
    public long[] dims() {
        return dims.clone();
    }

    /**
     * Converts an axis that may count from the end to a non-negative one.
     *
     * @param axis between -rank and rank-1
     * @return the axis counted from the start
     */
    public int axis(int axis) {
        int a = axis < 0 ? axis + dims.length : axis;
        if (a < 0 || a >= dims.length) {
            throw new ShapeException(
                    dims.length == 0
                            ? "axis: a scalar has no axes, got axis " + axis + "; reshape it to [1] first"
                            : "axis: expected one of -" + dims.length + ".." + (dims.length - 1) + " for shape " + this
                                    + ", got " + axis);
        }
        return a;
    }

    /**
     * Whether every size is known.
     *
     * @return false if some axis is {@link #UNKNOWN}
     */
    public boolean isKnown() {
        for (long d : dims) {
            if (d == UNKNOWN) {
                return false;
            }
        }
        return true;
    }

    /**
     * The number of elements, the product of the sizes (1 for a scalar).
     *
     * @return the number of elements, or {@link #UNKNOWN} if a size is unknown
     */
    public long size() {
        long n = 1;
        for (long d : dims) {
            if (d == UNKNOWN) {
                return UNKNOWN;
            }
            try {
                n = Math.multiplyExact(n, d);
            } catch (ArithmeticException e) {
                throw new ShapeException("shape: " + this + " has more than 2^63-1 elements");
            }
        }
        return n;
    }

    /**
     * Strides, in elements, of a row-major array of this shape.
     *
     * @return one stride per axis
     */
    public long[] contiguousStrides() {
        long[] s = new long[dims.length];
        long n = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            s[i] = n;
            n = Math.multiplyExact(n, Math.max(dims[i], 1));
        }
        return s;
    }

    /**
     * Strides, in elements, of an array {@code [N, C, spatial…]} without gaps whose channels vary fastest.
     *
     * @return one stride per axis, of which there are at least two
     */
    public long[] channelsLastStrides() {
        long[] s = new long[dims.length];
        s[1] = 1;
        long n = Math.max(dims[1], 1);
        for (int i = dims.length - 1; i >= 2; i--) {
            s[i] = n;
            n = Math.multiplyExact(n, Math.max(dims[i], 1));
        }
        s[0] = n;
        return s;
    }

    /**
     * This shape with one size replaced.
     *
     * @param axis the axis
     * @param size its new size
     * @return the new shape
     */
    public Shape with(int axis, long size) {
        long[] d = dims.clone();
        d[axis(axis)] = size;
        return of(d);
    }

    /**
     * This shape without one axis.
     *
     * @param axis the axis
     * @return the new shape
     */
    public Shape without(int axis) {
        int a = axis(axis);
        long[] d = new long[dims.length - 1];
        System.arraycopy(dims, 0, d, 0, a);
        System.arraycopy(dims, a + 1, d, a, d.length - a);
        return of(d);
    }

    /**
     * This shape with an additional axis.
     *
     * @param axis its index in the new shape; negative ones count from the end of the new shape
     * @param size its size
     * @return the new shape
     */
    public Shape insert(int axis, long size) {
        int a = axis < 0 ? axis + dims.length + 1 : axis;
        if (a < 0 || a > dims.length) {
            throw new ShapeException("insert: axis " + axis + " is outside shape " + this + " with one axis more");
        }
        long[] d = new long[dims.length + 1];
        System.arraycopy(dims, 0, d, 0, a);
        d[a] = size;
        System.arraycopy(dims, a, d, a + 1, dims.length - a);
        return of(d);
    }

    /**
     * Whether another shape is compatible with this one: sizes are equal, or one of them is unknown.
     *
     * @param other the other shape
     * @return true if no sizes contradict each other
     */
    public boolean accepts(Shape other) {
        boolean fits = dims.length == other.dims.length;
        for (int i = 0; fits && i < dims.length; i++) {
            fits = dims[i] == other.dims[i] || dims[i] == UNKNOWN || other.dims[i] == UNKNOWN;
        }
        return fits;
    }

    /**
     * Combines this and another description of the same shape.
     *
     * @param other the other description
     * @return this shape, with unknown sizes taken from the other one; this shape if the two contradict each other
     */
    public Shape join(Shape other) {
        if (!accepts(other)) {
            return this;
        }
        long[] d = dims.clone();
        for (int i = 0; i < d.length; i++) {
            d[i] = d[i] == UNKNOWN ? other.dims[i] : d[i];
        }
        return of(d);
    }

    /**
     * The shape to which two shapes broadcast, as in NumPy: aligned at the last axis, sizes equal or one of them 1. An
     * unknown size with 1 stays unknown, with another size it becomes that size.
     *
     * @param a one shape
     * @param b the other shape
     * @param operation name of the operation, for the message
     * @return the common shape
     */
    public static Shape broadcast(Shape a, Shape b, String operation) {
        if (a.equals(b)) {
            return a;
        }
        int rank = Math.max(a.rank(), b.rank());
        long[] d = new long[rank];
        for (int i = 1; i <= rank; i++) {
            long x = i > a.rank() ? 1 : a.dims[a.rank() - i];
            long y = i > b.rank() ? 1 : b.dims[b.rank() - i];
            if (x == y || y == 1) {
                d[rank - i] = x;
            } else if (x == 1 || x == UNKNOWN) {
                d[rank - i] = y;
            } else if (y == UNKNOWN) {
                d[rank - i] = x;
            } else {
                throw new ShapeException(operation + ": shapes do not broadcast: a" + a + " and b" + b
                        + " differ at axis " + (rank - i) + " (" + x + " against " + y + "); sizes must be equal or 1");
            }
        }
        return of(d);
    }

    @Override
    public boolean equals(Object o) {
        return this == o || o instanceof Shape s && Arrays.equals(dims, s.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** {@return the sizes in brackets, such as {@code [2,3]}; unknown ones as {@code ?}} */
    @Override
    public String toString() {
        StringJoiner j = new StringJoiner(",", "[", "]");
        for (long d : dims) {
            j.add(d == UNKNOWN ? "?" : Long.toString(d));
        }
        return j.toString();
    }
}
