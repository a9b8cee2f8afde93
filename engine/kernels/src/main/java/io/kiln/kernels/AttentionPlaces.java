package io.kiln.kernels;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.attention.FlashAttention;

/**
 * The struct of {@code attention.cl}: where the rows of the arrays of an attention lie. The leading axes of y come in two parts: first
 * those of the array whose tiles the groups take, then those along which that array is repeated.
 */
final class AttentionPlaces {
    /** The result, or its gradient. */
    static final int Y = 4;
    /** Logarithms of the sums of exponentials. */
    static final int SUMS = 5;
    /** Products of the result's rows and their gradients. */
    static final int DOTS = 6;
    /** What a kernel writes. */
    static final int ONE = 7;
    /** What a kernel writes besides. */
    static final int TWO = 8;

    private static final int MOST_AXES = 4;
    private static final int HEAD = 7 + MOST_AXES;
    private static final int PLACE = 3 + MOST_AXES;

    private final long[] p = new long[HEAD + (TWO + 1) * PLACE];
    private final Shape lead;
    /** The axes of y in their order here. */
    private final int[] order;

    /**
     * Sorts the leading axes.
     *
     * @param o the operator
     * @param q queries
     * @param k keys
     * @param y shape of y
     * @param owner shape of the array whose tiles the groups take
     */
    AttentionPlaces(FlashAttention o, NDArray q, NDArray k, Shape y, Shape owner) {
        lead = y.without(-1).without(-1);
        order = new int[lead.rank()];
        p[0] = q.shape().dim(-2);
        p[1] = k.shape().dim(-2);
        p[2] = o.unabridged().lastKeyOfFirst(p[0], p[1]);
        p[3] = 1;
        p[4] = 1;
        int missing = y.rank() - owner.rank();
        int n = 0;
        for (boolean kept : new boolean[] {true, false}) {
            for (int d = 0; d < order.length; d++) {
                boolean owned = lead.dim(d) == 1 || d >= missing && owner.dim(d - missing) != 1;
                if (owned == kept) {
                    order[n] = d;
                    p[7 + n] = lead.dim(d);
                    p[kept ? 3 : 4] *= lead.dim(d);
                    n++;
                }
            }
            p[5] = kept ? n : p[5];
        }
        p[6] = n;
    }

    /** Whether the struct has room for the leading axes of y. */
    static boolean areFew(Shape y) {
        return y.rank() - 2 <= MOST_AXES;
    }

    long queries() {
        return p[0];
    }

    long keys() {
        return p[1];
    }

    /** Batches of the array whose tiles the groups take. */
    long batches() {
        return p[3];
    }

    /** Places the inputs; the mask may be null. */
    AttentionPlaces arrays(NDArray q, NDArray k, NDArray v, NDArray mask) {
        rows(0, q).rows(1, k).rows(2, v);
        if (mask != null) {
            place(3, mask, 2);
        }
        return this;
    }

    /** Places an array of rows. */
    AttentionPlaces rows(int which, NDArray x) {
        place(which, x, 2);
        return this;
    }

    /** Places an array with a number for each row. */
    AttentionPlaces vector(int which, NDArray x) {
        place(which, x, 1);
        return this;
    }

    /** Places memory with a number for each query, row-major. */
    AttentionPlaces dense(int which, long start) {
        int at = HEAD + which * PLACE;
        p[at] = start;
        p[at + 1] = 1;
        for (int i = 0; i < order.length; i++) {
            long step = p[0];
            for (int d = order[i] + 1; d < order.length; d++) {
                step *= lead.dim(d);
            }
            p[at + 3 + i] = step;
        }
        return this;
    }

    /** An axis that an array lacks, or has with size 1, is repeated. */
    private void place(int which, NDArray x, int inner) {
        int at = HEAD + which * PLACE;
        p[at] = Grid.start(x);
        for (int i = 0; i < inner; i++) {
            p[at + 1 + i] = step(x, i - inner);
        }
        for (int i = 0; i < order.length; i++) {
            p[at + 3 + i] = step(x, order[i] - order.length - inner);
        }
    }

    /** The step along an axis counted from the end. */
    private static long step(NDArray x, int axis) {
        int d = x.shape().rank() + axis;
        return d < 0 || x.shape().dim(d) == 1 ? 0 : x.strides()[d];
    }

    /** The struct. */
    long[] of() {
        return p;
    }
}
