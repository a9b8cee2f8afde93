package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Diagonals;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Where;
import java.util.Arrays;
import java.util.List;

/**
 * Running product along an axis: \(y_i = \prod_{j \le i} x_j\). Shapes: y as x. Dtype: as x, bool and uint8 multiply to
 * int64. The gradient is correct even where elements are 0: it then takes time proportional to the square of the axis,
 * since all products without one factor are formed.
 *
 * @param axis the axis; negative ones count from the end
 */
public record CumulativeProduct(int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        inputs[0].shape().axis(axis);
        return new Spec[] {new Spec(inputs[0].shape(), ReductionShape.accumulated(inputs[0].dtype()))};
    }

    /** dx_j = Σ_{i ≥ j} dy_i Π_{k ≤ i, k ≠ j} x_k: for each j a running product of x with 1 in place j. */
    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        int a = x.shape().axis(axis);
        long n = x.shape().dim(a);
        NDArray wide = x.expandDims(a);
        NDArray dy = c.outputGradient(0).expandDims(a);
        long[] d = new long[x.shape().rank() + 1];
        Arrays.fill(d, 1);
        d[a] = n;
        d[a + 1] = n;
        NDArray own = Diagonals.unit(x.factory(), n, DType.BOOL).reshape(Shape.of(d));
        NDArray without = Dispatch.one(new Where(), own, Creation.onesLike(wide), wide);
        NDArray products = Dispatch.one(new CumulativeProduct(a + 1), without);
        NDArray from = Diagonals.below(x.factory(), Shape.of(n, n), -1).reshape(Shape.of(d));
        NDArray g = Dispatch.one(new Masked(true), products.mul(dy), from);
        return new NDArray[] {Dispatch.one(new Sum(List.of((long) a + 1), false), g)};
    }
}
