package io.kiln.kernels;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import java.util.Arrays;

/** Inputs that a program would spoil while it writes its outputs. */
final class Overlap {
    private Overlap() {}

    /** The inputs, with a copy in place of each that shares bytes with an output in another arrangement. */
    static NDArray[] withoutHarm(NDArray[] inputs, NDArray[] outputs) {
        NDArray[] safe = inputs.clone();
        for (int i = 0; i < safe.length; i++) {
            if (isHarmful(safe[i], outputs)) {
                safe[i] = Dispatch.withoutGradient(new Copy(), safe[i]);
            }
        }
        return safe;
    }

    private static boolean isHarmful(NDArray x, NDArray... outputs) {
        for (NDArray y : outputs) {
            if (x.storage() == y.storage() && !isSame(x, y) && first(x) < end(y) && first(y) < end(x)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSame(NDArray x, NDArray y) {
        return x.address() == y.address()
                && x.dtype() == y.dtype()
                && x.shape().equals(y.shape())
                && Arrays.equals(x.strides(), y.strides());
    }

    private static long first(NDArray x) {
        long low = 0;
        for (int i = 0; i < x.shape().rank(); i++) {
            low += Math.min(0, (x.shape().dim(i) - 1) * x.strides()[i]);
        }
        return x.address() + low * x.dtype().bytes();
    }

    private static long end(NDArray x) {
        long high = 1;
        for (int i = 0; i < x.shape().rank(); i++) {
            high += Math.max(0, (x.shape().dim(i) - 1) * x.strides()[i]);
        }
        return x.address() + high * x.dtype().bytes();
    }
}
