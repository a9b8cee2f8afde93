package io.kiln.kernels;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;

/** The struct of {@code places.h}: where the elements lie of an array whose axes are in part reduced, or walked. */
final class Places {
    /** The source that knows it. */
    static final String FILE = "places.h";

    private static final int MOST_AXES = 8;

    private final Axes kept;
    private final Axes gone;

    /**
     * Sorts the axes of an array.
     *
     * @param x its layout
     * @param reduced which axes are reduced
     */
    Places(Layout x, boolean... reduced) {
        kept = new Axes(x, reduced, false);
        gone = new Axes(x, reduced, true);
    }

    /** Whether the struct has no room for the axes. */
    boolean isTooMuch() {
        return kept.n > MOST_AXES || gone.n > MOST_AXES;
    }

    /** The number of results. */
    long outputs() {
        return kept.size;
    }

    /** The number of elements of each result. */
    long count() {
        return gone.size;
    }

    /** The struct. */
    long[] of(NDArray x, NDArray y) {
        long[] p = new long[6 + 4 * MOST_AXES];
        p[0] = kept.size;
        p[1] = gone.size;
        p[2] = kept.n;
        p[3] = gone.n;
        p[4] = Grid.start(x);
        p[5] = Grid.start(y);
        System.arraycopy(kept.dims, 0, p, 6, kept.n);
        System.arraycopy(kept.strides, 0, p, 6 + MOST_AXES, kept.n);
        System.arraycopy(gone.dims, 0, p, 6 + 2 * MOST_AXES, gone.n);
        System.arraycopy(gone.strides, 0, p, 6 + 3 * MOST_AXES, gone.n);
        return p;
    }

    /** The axes that are reduced, or those that are not, with neighbours joined where one step of the outer is all of the inner. */
    private static final class Axes {
        final long[] dims;
        final long[] strides;
        final long size;
        final int n;

        Axes(Layout x, boolean[] reduced, boolean wanted) {
            dims = new long[reduced.length];
            strides = new long[reduced.length];
            long product = 1;
            int count = 0;
            for (int i = 0; i < reduced.length; i++) {
                if (reduced[i] != wanted) {
                    continue;
                }
                long dim = x.shape().dim(i);
                product *= dim;
                if (dim == 1) {
                    continue;
                }
                boolean goesOn = count > 0 && strides[count - 1] == x.strides()[i] * dim;
                count += goesOn ? 0 : 1;
                dims[count - 1] = goesOn ? dims[count - 1] * dim : dim;
                strides[count - 1] = x.strides()[i];
            }
            size = product;
            n = count;
        }
    }
}
