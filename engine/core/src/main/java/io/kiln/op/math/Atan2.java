package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.pointwise.Expr;

/**
 * Angle of the point (b, a) in radians, element by element: \(y = \operatorname{atan2}(a, b)\). Shapes: a and b
 * broadcast to y. Dtype: the promoted one; float32 for integers. The gradient at (0, 0) is 0.
 */
public record Atan2() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.atan2(b);
    }

    @Override
    public DType result(DType promoted) {
        return promoted.isFloating() ? promoted : DType.FLOAT32;
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return slope(dy, b, a, b);
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return slope(dy, a, a, b).neg();
    }

    /** dy · operand / (a² + b²); by the hypotenuse, as squares over- and underflow. */
    private static NDArray slope(NDArray dy, NDArray operand, NDArray a, NDArray b) {
        NDArray radius = Hypot.divisor(Dispatch.one(new Hypot(), a, b));
        return dy.mul(operand.div(radius)).div(radius);
    }
}
