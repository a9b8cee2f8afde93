package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Pool;
import io.kiln.op.Movement;

/**
 * Max pooling whose last window may reach beyond the edge, so that sizes round up, as Caffe has it. What lies beyond counts as
 * 0: the input has passed a rectifier. 3×3 in steps of 2 unless said otherwise.
 */
final class CeilMaxPool extends Block {
    private final long kernel;
    private final Block pool;

    CeilMaxPool() {
        this(3);
    }

    CeilMaxPool(long kernel) {
        this.kernel = kernel;
        pool = addChild("pool", Pool.max2D(kernel).stride(2));
    }

    @Override
    public NDArray forward(NDArray x) {
        long h = missing(x.shape().dim(2));
        long w = missing(x.shape().dim(3));
        return pool.call(h + w == 0 ? x : Movement.pad(x, new long[4], new long[] {0, 0, h, w}, 0));
    }

    private long missing(long size) {
        return Math.floorMod(kernel - size, 2L);
    }
}
