package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Sign, element by element: -1, 0 or 1; NaN for NaN. Shapes: y as x. Dtype: as x. The gradient is 0, unless a
 * straight-through estimator is chosen (Bengio et al., 2013, "Estimating or Propagating Gradients Through Stochastic
 * Neurons"; clipped as in Courbariaux et al., 2016, "Binarized Neural Networks").
 *
 * @param straightThrough what the gradient does
 */
public record Sign(StraightThrough straightThrough) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.sign();
    }

    @Override
    public DType result(DType promoted) {
        return promoted;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return switch (straightThrough) {
            case NONE -> null;
            case IDENTITY -> dy;
            case CLIPPED ->
                Dispatch.one(new Masked(false), dy, Dispatch.one(new Abs(), x).le(1));
        };
    }
}
