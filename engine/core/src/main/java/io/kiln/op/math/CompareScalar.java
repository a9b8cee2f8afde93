package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Compares every element with a number. Shapes: y as x. Dtype: bool. No gradient flows.
 *
 * @param comparison which comparison
 * @param c the number; a whole one when x holds integers
 */
public record CompareScalar(Comparison comparison, double c) implements UnaryPointwise {
    @Override
    public Spec[] infer(Spec... inputs) {
        if (inputs.length == 1 && !inputs[0].dtype().isFloating() && c != Math.rint(c)) {
            throw new IllegalArgumentException("compareScalar: x " + inputs[0]
                    + " holds integers, c must be whole, got " + c + "; cast x to a floating type");
        }
        return UnaryPointwise.super.infer(inputs);
    }

    @Override
    public Expr expression(Expr x) {
        return comparison.of(x, Expr.constant(c));
    }

    @Override
    public DType result(DType promoted) {
        return DType.BOOL;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return null;
    }
}
