package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.internal.Broadcasting;
import io.kiln.pointwise.Expr;

/** A pointwise operator of two inputs, which broadcast. */
public interface BinaryPointwise extends Pointwise {
    /**
     * What is computed of one element.
     *
     * @param a the element of the first input
     * @param b the element of the second input
     * @return the element of the output
     */
    Expr expression(Expr a, Expr b);

    /**
     * The gradient with respect to the first input, before it is summed over broadcast axes.
     *
     * @param dy gradient with respect to the output
     * @param a the first input
     * @param b the second input
     * @param y the output
     * @return an array of the output's shape, or null if it is zero everywhere
     */
    NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y);

    /**
     * The gradient with respect to the second input, before it is summed over broadcast axes.
     *
     * @param dy gradient with respect to the output
     * @param a the first input
     * @param b the second input
     * @param y the output
     * @return an array of the output's shape, or null if it is zero everywhere
     */
    NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y);

    @Override
    default int arity() {
        return 2;
    }

    @Override
    default Expr expression(Expr... x) {
        return expression(x[0], x[1]);
    }

    @Override
    default DType result(DType promoted) {
        return promoted;
    }

    @Override
    default NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        NDArray a = c.input(0);
        NDArray b = c.input(1);
        NDArray y = c.output(0);
        return new NDArray[] {
            c.needs(0) ? Broadcasting.reduceTo(gradientA(dy, a, b, y), a.shape()) : null,
            c.needs(1) ? Broadcasting.reduceTo(gradientB(dy, a, b, y), b.shape()) : null
        };
    }
}
