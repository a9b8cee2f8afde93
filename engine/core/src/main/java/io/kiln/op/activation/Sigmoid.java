package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.internal.SigmoidGradient;
import io.kiln.pointwise.Expr;

/**
 * Logistic function, element by element: \(y = 1 / (1 + e^{-x})\). Shapes: y as x. Dtype: as x; float32 for integers.
 */
public record Sigmoid() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.sigmoid();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return Dispatch.one(new SigmoidGradient(), dy, y);
    }
}
