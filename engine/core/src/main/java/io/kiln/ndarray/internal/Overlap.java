package io.kiln.ndarray.internal;

import io.kiln.ndarray.NDArray;
import java.util.Arrays;

/** Whether a program that writes outputs would overwrite an input that it has yet to read. */
public final class Overlap {
    private Overlap() {}

    /**
     * Whether an input shares bytes with an output in another arrangement; identical elements are harmless.
     *
     * @param input the input
     * @param outputs the outputs
     * @return whether it does
     */
    public static boolean isHarmful(NDArray input, NDArray... outputs) {
        for (NDArray y : outputs) {
            if (input.storage() == y.storage() && !isSame(input, y) && first(input) < end(y) && first(y) < end(input)) {
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
