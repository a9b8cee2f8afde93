package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Arc cosine, in radians, element by element: \(y = \arccos x\). Shapes: y as x. Dtype: as x; float32 for integers.
 */
public record Acos() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.acos();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Rsqrt(), Elementwise.sub(1, x).mul(x.add(1))))
                .neg();
    }
}
