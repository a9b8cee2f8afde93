package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.Expr;

/** A pointwise operator of one input. */
public interface UnaryPointwise extends Pointwise {
    /**
     * What is computed of one element.
     *
     * @param x the element of the input
     * @return the element of the output
     */
    Expr expression(Expr x);

    /**
     * The gradient.
     *
     * @param dy gradient with respect to the output
     * @param x the input
     * @param y the output
     * @return gradient with respect to the input, or null if it is zero everywhere
     */
    NDArray gradient(NDArray dy, NDArray x, NDArray y);

    @Override
    default int arity() {
        return 1;
    }

    @Override
    default Expr expression(Expr... x) {
        return expression(x[0]);
    }

    @Override
    default DType result(DType promoted) {
        return promoted.isFloating() ? promoted : DType.FLOAT32;
    }

    @Override
    default NDArray[] gradient(GradientContext c) {
        return new NDArray[] {gradient(c.outputGradient(0), c.input(0), c.output(0))};
    }
}
