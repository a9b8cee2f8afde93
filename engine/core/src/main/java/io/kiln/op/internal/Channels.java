package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Arrays of one value per channel beside arrays x[N,C,…]. */
public final class Channels {
    private Channels() {}

    /** A vector over the channels as an array that broadcasts with x. */
    public static NDArray perChannel(NDArray v, NDArray x) {
        long[] d = new long[x.shape().rank()];
        Arrays.fill(d, 1);
        d[1] = x.shape().dim(1);
        return v.reshape(d);
    }

    /** Sums over all axes but the channels. */
    public static NDArray sum(NDArray x) {
        return x.sum(IntStream.range(0, x.shape().rank()).filter(i -> i != 1).toArray());
    }

    /** With float32 statistics of narrow data, the result in the type of the data. */
    public static NDArray like(NDArray x, NDArray result) {
        return result.dtype() == x.dtype() ? result : result.cast(x.dtype());
    }
}
