package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import java.util.function.UnaryOperator;

/** A block without parameters from a function. The function is traced when the network is: it does not travel itself. */
public final class Lambda extends Block {
    private final UnaryOperator<NDArray> function;

    /**
     * A block from a function.
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
