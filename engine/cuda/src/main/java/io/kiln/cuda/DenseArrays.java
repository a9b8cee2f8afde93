package io.kiln.cuda;

import io.kiln.backend.Context;
import io.kiln.kernels.ChannelsLast;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Arrays;
import java.util.function.Consumer;

/** Arrays as cuDNN walks them: those that have gaps, or another order, are copied until this is closed. */
final class DenseArrays implements AutoCloseable {
    private static final PointwiseProgram COPY = PointwiseProgram.of(Expr.input(0));

    private final NDArray[] given;
    private final NDArray[] dense;

    /** Row-major. */
    DenseArrays(NDArray... given) {
        this(false, given);
    }

    /**
     * In one of two orders.
     *
     * @param channelsLast whether channels vary fastest in arrays with spatial axes; otherwise all are row-major
     * @param given the arrays
     */
    DenseArrays(boolean channelsLast, NDArray... given) {
        this.given = given;
        dense = new NDArray[given.length];
        Arrays.setAll(
                dense,
                i -> channelsLast && given[i].shape().rank() > CudnnSizes.CHANNELS
                        ? channelsLast(given[i])
                        : given[i].isContiguous() ? given[i] : Dispatch.withoutGradient(new Copy(), given[i]));
    }

    private static NDArray channelsLast(NDArray x) {
        if (x.layout().places(x.shape().channelsLastStrides())) {
            return x;
        }
        NDArray y = ChannelsLast.empty(x, x.spec());
        copy(x, y);
        return y;
    }

    /** Copies between arrays of one shape, in whatever order they are; the caller counts the write. */
    static void copy(NDArray from, NDArray to) {
        to.backend().run(COPY, new NDArray[] {from}, new NDArray[] {to});
    }

    /** The address of an array, on the device. */
    long address(int i) {
        return dense[i].address() & Long.MAX_VALUE;
    }

    /** An array without gaps. */
    NDArray array(int i) {
        return dense[i];
    }

    /** Has cuDNN give work on the arrays to the calling thread's queue. */
    void submit(CudaBackend backend, Consumer<Cudnn> work) {
        CudaQueue queue = (CudaQueue) Context.current().queue(backend);
        queue.submitCudnn(work);
        for (NDArray x : dense) {
            queue.used(x.storage());
        }
    }

    @Override
    public void close() {
        for (int i = 0; i < given.length; i++) {
            if (dense[i] != given[i]) {
                dense[i].close();
            }
        }
    }
}
