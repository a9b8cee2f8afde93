package io.kiln.op.table;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.CustomOp;

/**
 * A custom operator, as a user writes it: y = factor · x³.
 *
 * @param factor the factor
 */
public record Powers(double factor) implements CustomOp {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] forward(NDArray... x) {
        return new NDArray[] {x[0].mul(x[0]).mul(x[0]).mul(factor)};
    }

    @Override
    public NDArray[] backward(NDArray[] dy, NDArray[] x, NDArray[] y) {
        return new NDArray[] {dy[0].mul(x[0].mul(x[0])).mul(3 * factor)};
    }
}
