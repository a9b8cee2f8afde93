package io.kiln.op.shape;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * A constant in the shape of an array, whose own elements do not matter, NaN included. Shapes: y as x. Dtype: as x. No
 * gradient flows.
 *
 * @param value the element
 */
public record FullLike(double value) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return Expr.constant(value);
    }

    @Override
    public DType result(DType promoted) {
        return promoted;
    }

    @Override
    public boolean followsInputs() {
        return false;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return null;
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
