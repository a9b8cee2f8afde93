package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.BinaryPointwise;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Where;
import io.kiln.pointwise.Expr;

/**
 * Rectifier with a learned slope: a where a &gt; 0, else b a (He et al., ICCV 2015). Inputs: a, the data, and b, the
 * slopes of negative elements. Shapes: a and b broadcast to y. Dtype: the promoted one.
 */
public record PReluOp() implements BinaryPointwise {
    @Override
    public Expr expression(Expr a, Expr b) {
        return a.gt(0).select(a, a.mul(b));
    }

    @Override
    public NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return dy.mul(Dispatch.one(new Where(), a.gt(0), Creation.onesLike(b), b));
    }

    @Override
    public NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return Dispatch.one(new Masked(true), dy.mul(a), a.gt(0));
    }
}
