package io.kiln.ndarray;

import io.kiln.backend.Context;
import io.kiln.backend.Storage;
import java.util.Arrays;

/**
 * Memory planned in advance for the results of a kernel: while a placement is open on a thread, {@link NDArray#empty} hands
 * out the arrays that it {@linkplain #expect expects} in place of new ones, where shape, dtype and strides agree. All other
 * arrays are allocated as ever.
 *
 * <p>Life cycle: open on a thread, {@link #expect} before each kernel, close. Concurrency: belongs to its thread.
 */
public final class Placement implements AutoCloseable {
    private static final Context.Local<Placement> CURRENT = Context.local(Context.Part.PLACEMENT, Placement.class);
    private static final NDArray[] NONE = {};

    private NDArray[] places = NONE;
    private boolean[] taken = new boolean[8];
    private Placement outer;

    /** Makes a placement, to be opened. */
    public Placement() {}

    static Placement current() {
        return CURRENT.get();
    }

    /**
     * Takes effect on this thread until {@link #close}; one that was open before waits.
     *
     * @return this placement
     */
    public Placement open() {
        outer = CURRENT.get();
        CURRENT.set(this);
        return this;
    }

    /**
     * An array in planned memory. It belongs to no scope and keeps nothing alive: whoever plans holds the memory.
     *
     * @param storage the memory
     * @param start first byte within it
     * @param spec shape and dtype
     * @param strides strides in elements
     * @return the array; closing it has no effect but to offer it again
     */
    public NDArray array(Storage storage, long start, Spec spec, long[] strides) {
        return NDArray.placed(storage, start, spec, strides, this);
    }

    /**
     * Offers arrays to what runs next, each once.
     *
     * @param arrays the arrays
     */
    public void expect(NDArray... arrays) {
        places = arrays;
        for (NDArray a : arrays) {
            a.offeredBy(this);
        }
        if (taken.length < arrays.length) {
            taken = new boolean[arrays.length];
        } else {
            Arrays.fill(taken, 0, arrays.length, false);
        }
    }

    /** Offers nothing any more. */
    public void expectNothing() {
        for (NDArray a : places) {
            a.offeredBy(null);
        }
        places = NONE;
    }

    /** The first array of this kind that is still offered, or null. */
    NDArray take(Shape shape, DType dtype, long[] strides) {
        for (int i = 0; i < places.length; i++) {
            NDArray p = places[i];
            if (!taken[i] && p.dtype() == dtype && p.shape().equals(shape) && sameOrder(p, strides)) {
                taken[i] = true;
                return p;
            }
        }
        return null;
    }

    private static boolean sameOrder(NDArray place, long[] strides) {
        for (int i = 0; i < strides.length; i++) {
            if (place.shape().dim(i) > 1 && place.strides()[i] != strides[i]) {
                return false;
            }
        }
        return true;
    }

    void giveBack(NDArray array) {
        for (int i = 0; i < places.length; i++) {
            if (places[i] == array) {
                taken[i] = false;
            }
        }
    }

    /** Ends it on this thread. */
    @Override
    public void close() {
        expectNothing();
        CURRENT.set(outer);
        outer = null;
    }
}
