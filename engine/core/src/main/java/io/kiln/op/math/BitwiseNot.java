package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * All bits inverted, element by element: \(y = -1 - x\) for integers with a sign, 255 - x for uint8. Shapes: y as x.
 * Dtype: as x, an integer; {@link Not} is for bool. No gradient flows.
 */
public record BitwiseNot() implements UnaryPointwise {
    @Override
    public Spec[] infer(Spec... inputs) {
        BitwisePointwise.check(name(), inputs);
        if (inputs[0].dtype() == DType.BOOL) {
            throw new IllegalArgumentException("bitwiseNot: needs an integer dtype, got " + inputs[0] + "; use not");
        }
        return UnaryPointwise.super.infer(inputs);
    }

    @Override
    public DType result(DType promoted) {
        return promoted;
    }

    @Override
    public Expr expression(Expr x) {
        return x.neg().sub(1);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return null;
    }
}
