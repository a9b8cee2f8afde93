package io.kiln.cuda;

import io.kiln.backend.Context;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import java.util.Arrays;
import java.util.function.Consumer;

/** Arrays as cuDNN walks them: those that have gaps, or another order, are copied until this is closed. */
final class DenseArrays implements AutoCloseable {
    private final NDArray[] given;
    private final NDArray[] dense;

    DenseArrays(NDArray... given) {
        this.given = given;
        dense = new NDArray[given.length];
        Arrays.setAll(dense, i -> given[i].isContiguous() ? given[i] : Dispatch.withoutGradient(new Copy(), given[i]));
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
