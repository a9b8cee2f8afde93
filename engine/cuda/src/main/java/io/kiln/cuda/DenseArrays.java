package io.kiln.cuda;

import io.kiln.backend.Context;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.function.Consumer;

/**
 * Arrays as cuDNN walks them. What has gaps, another order, or an address that cuDNN's kernels for tensor cores do not load from is copied
 * until this is closed: inputs before the work, results after it.
 */
final class DenseArrays implements AutoCloseable {
    /** Bytes of which addresses of 16-bit types are multiples: what cuDNN's developer guide asks for before it uses tensor cores. */
    private static final long ALIGNMENT = 16;

    private static final PointwiseProgram COPY = PointwiseProgram.of(Expr.input(0));

    private final boolean channelsLast;
    private final int inputs;
    private final NDArray[] given;
    private final NDArray[] dense;

    /** Row-major inputs. */
    DenseArrays(NDArray... given) {
        this(false, given);
    }

    /**
     * In one of two orders.
     *
     * @param channelsLast whether channels vary fastest in arrays with spatial axes; otherwise all are row-major
     * @param given the inputs
     * @param results what cuDNN writes; the old values of those that are copied are lost
     */
    DenseArrays(boolean channelsLast, NDArray[] given, NDArray... results) {
        this.channelsLast = channelsLast;
        this.inputs = given.length;
        this.given = new NDArray[inputs + results.length];
        System.arraycopy(given, 0, this.given, 0, inputs);
        System.arraycopy(results, 0, this.given, inputs, results.length);
        dense = new NDArray[this.given.length];
        for (int i = 0; i < dense.length; i++) {
            NDArray x = this.given[i];
            boolean asIs = isDense(x) && isAligned(x);
            dense[i] = asIs ? x : empty(x);
            if (!asIs && i < inputs) {
                copy(x, dense[i]);
            }
        }
    }

    private boolean isLast(NDArray x) {
        return channelsLast && x.shape().rank() > CudnnSizes.CHANNELS;
    }

    private boolean isDense(NDArray x) {
        return isLast(x) ? x.layout().places(x.shape().channelsLastStrides()) : x.isContiguous();
    }

    private static boolean isAligned(NDArray x) {
        return x.dtype().bytes() != Short.BYTES || x.address() % ALIGNMENT == 0;
    }

    private NDArray empty(NDArray x) {
        Layout layout = isLast(x) ? new Layout(x.spec(), x.shape().channelsLastStrides()) : Layout.rowMajor(x.spec());
        return NDArray.empty(x.backend(), layout);
    }

    /** Copies between arrays of one shape, in whatever order they are; the caller counts the write. */
    private static void copy(NDArray from, NDArray to) {
        to.backend().run(COPY, new NDArray[] {from}, new NDArray[] {to});
    }

    /** The address of an input, or of a result behind them, on the device. */
    long address(int i) {
        return dense[i].address() & Long.MAX_VALUE;
    }

    /** An array without gaps. */
    NDArray array(int i) {
        return dense[i];
    }

    /** Has cuDNN give work on the arrays to the calling thread's queue; it has given none if this throws. */
    void submit(CudaBackend backend, Consumer<Cudnn> work) {
        CudaQueue queue = (CudaQueue) Context.current().queue(backend);
        queue.submitCudnn(work);
        for (NDArray x : dense) {
            queue.used(x.storage());
        }
        for (int i = inputs; i < dense.length; i++) {
            if (dense[i] != given[i]) {
                copy(dense[i], given[i]);
            }
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
