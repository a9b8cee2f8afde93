package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Gelu;
import io.kiln.op.math.Exp;
import io.kiln.op.math.RsubScalar;
import io.kiln.op.math.Square;
import io.kiln.op.math.Tanh;
import io.kiln.pointwise.Expr;

/**
 * The gradient of {@link Gelu}: \(dy (\Phi(x) + x \varphi(x))\), or that of its approximation. Shapes: dy and x equal. Dtype:
 * the promoted one.
 *
 * @param approximate whether of the form with tanh
 */
public record GeluGradient(boolean approximate) implements BinaryPointwise {
    private static final double CUBIC = 0.044715;
    private static final double SLOPE = Math.sqrt(2 / Math.PI);
    private static final double END = 30;
    private static final double DENSITY = 1 / Math.sqrt(2 * Math.PI);

    @Override
    public Expr expression(Expr dy, Expr x) {
        if (approximate) {
            // The slope is 0 or 1 from there on, where squares of all others would overflow.
            Expr near = x.max(-END).min(END);
            Expr inner = near.mul(near).mul(3 * CUBIC).add(1).mul(2 * SLOPE);
            Expr tail = near.neg().tanhCdf().mul(inner).mul(near);
            return dy.mul(near.tanhCdf()).mul(tail.add(1));
        }
        Expr phi = x.mul(x).mul(-0.5).exp().mul(DENSITY);
        return dy.mul(phi.mul(x).add(x.normalCdf()));
    }

    @Override
    public NDArray gradientA(NDArray ddy, NDArray dy, NDArray x, NDArray out) {
        return Dispatch.one(this, ddy, x);
    }

    @Override
    public NDArray gradientB(NDArray ddy, NDArray dy, NDArray x, NDArray out) {
        return ddy.mul(dy).mul(approximate ? approximateCurvature(x) : curvature(x));
    }

    private static NDArray curvature(NDArray x) {
        NDArray square = Dispatch.one(new Square(), x);
        NDArray phi = Dispatch.one(new Exp(), square.mul(-0.5)).mul(DENSITY);
        return phi.mul(Dispatch.one(new RsubScalar(2), square));
    }

    private static NDArray approximateCurvature(NDArray x) {
        NDArray square = Dispatch.one(new Square(), x);
        NDArray t = Dispatch.one(new Tanh(), square.mul(CUBIC).add(1).mul(x).mul(SLOPE));
        NDArray inner = square.mul(3 * CUBIC).add(1).mul(SLOPE);
        NDArray bend = x.mul(3 * CUBIC * SLOPE).mul(x).sub(t.mul(x).mul(Dispatch.one(new Square(), inner)));
        return Dispatch.one(new TanhGradient(), inner.add(bend), t);
    }
}
