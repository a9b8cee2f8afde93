package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Sign;
import io.kiln.op.math.StraightThrough;
import io.kiln.op.math.Where;
import java.util.List;

/**
 * Norm over axes: \(y = (\sum |x|^p)^{1/p}\); the number of elements other than 0 for p = 0, the largest magnitude for infinite p, the
 * smallest for p = −∞. Dtype: as x; float32 for integers. The gradient at 0 is 0.
 *
 * @param p any number
 * @param axes the axes to reduce, non-negative, ascending; none for all
 * @param keepDims whether the axes stay, with size 1
 */
public record Norm(double p, List<Long> axes, boolean keepDims) implements Operator {
    /** Checks p. */
    public Norm {
        if (Double.isNaN(p)) {
            throw new IllegalArgumentException("norm: p must be a number, got " + p);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {
            new Spec(ReductionShape.of(inputs[0].shape(), axes, keepDims), ReductionShape.floating(inputs[0].dtype()))
        };
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        DType type = ReductionShape.floating(inputs[0].dtype());
        NDArray x = inputs[0].cast(type.promote(DType.FLOAT32));
        return new NDArray[] {norm(x).cast(type)};
    }

    private NDArray norm(NDArray x) {
        if (p == 2) {
            return Dispatch.one(new Sum(axes, keepDims), x.square()).sqrt();
        }
        if (p == 0) {
            return Dispatch.one(new Sum(axes, keepDims), x.ne(0).cast(x.dtype()));
        }
        NDArray a = x.abs();
        if (Double.isInfinite(p)) {
            return Dispatch.one(p > 0 ? new Max(axes, keepDims) : new Min(axes, keepDims), a);
        }
        return p == 1
                ? Dispatch.one(new Sum(axes, keepDims), a)
                : Dispatch.one(new Sum(axes, keepDims), a.pow(p)).pow(1 / p);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray dy = ReductionShape.kept(c.outputGradient(0), x.shape(), axes);
        if (p == 1) {
            return new NDArray[] {dy.mul(Dispatch.one(new Sign(StraightThrough.NONE), x))};
        }
        if (p == 0) {
            return new NDArray[1];
        }
        NDArray y = ReductionShape.kept(c.output(0), x.shape(), axes);
        if (p != 2) {
            return new NDArray[] {general(x, y, dy)};
        }
        return new NDArray[] {Dispatch.one(new Masked(false), x.mul(dy).div(y), y.ne(0))};
    }

    private NDArray general(NDArray x, NDArray y, NDArray dy) {
        NDArray a = x.abs();
        NDArray sign = Dispatch.one(new Sign(StraightThrough.NONE), x);
        if (Double.isInfinite(p)) {
            NDArray picked = a.eq(y);
            NDArray count = Dispatch.one(new Sum(axes, true), picked.cast(x.dtype()));
            return Dispatch.one(new Masked(false), sign.mul(dy.div(count)), picked);
        }
        NDArray none = x.eq(0);
        NDArray one = Creation.onesLike(x);
        NDArray ratio = Dispatch.one(new Where(), none, one, a).div(Dispatch.one(new Where(), none, one, y));
        return sign.mul(dy).mul(ratio.pow(p - 1));
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Square and sum.
        return Math.multiplyExact(2, inputs[0].shape().size());
    }
}
