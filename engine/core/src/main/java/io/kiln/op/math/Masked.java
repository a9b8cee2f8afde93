package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.pointwise.Expr;

/**
 * Keeps the elements selected by a mask: x where the mask differs from 0, else 0 (the other way round when inverted).
 * Unlike a product with 0 and 1 it also drops NaN and infinities. Shapes: x and mask broadcast to y. Dtype: the
 * promoted one.
 *
 * @param inverted whether x is kept where the mask is 0
 */
public record Masked(boolean inverted) implements BinaryPointwise {
    @Override
    public Expr expression(Expr x, Expr mask) {
        return inverted ? mask.select(Expr.constant(0), x) : mask.select(x, Expr.constant(0));
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray x, NDArray mask, NDArray y) {
        return Dispatch.one(new Masked(inverted), dy, mask);
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray x, NDArray mask, NDArray y) {
        return null;
    }
}
