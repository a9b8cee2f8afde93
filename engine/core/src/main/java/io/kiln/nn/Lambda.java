package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import java.util.function.UnaryOperator;

/**
 * A block without parameters that applies a function. The function is traced with the network: it is not serialized
 * itself.
 */
public final class Lambda extends Block {
    private final UnaryOperator<NDArray> function;

    /**
     * Creates a block from a function.
     *
     * @param function written with operators
     */
    public Lambda(UnaryOperator<NDArray> function) {
        this.function = function;
    }

    @Override
    public NDArray forward(NDArray x) {
        return function.apply(x);
    }
}
